"""Refusing the network for as long as something runs that has no business there."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")


class NetworkRefused(Exception):
    """Something tried to reach the network where that is not allowed."""


@contextmanager
def no_network() -> Iterator[list[str]]:
    """Raise NetworkRefused in whatever reaches for the network meanwhile, in any thread of this process.

    Gives the list of what was tried: also that which got over being refused.
    """
    _begin_to_listen()
    tried: list[str] = []
    _listening.append(tried)
    try:
        yield tried
    finally:
        _listening.pop()


_listening: list[list[str]] = []


@cache
def _begin_to_listen() -> None:
    # Python never lets go of an audit hook: one for the life of the process, idle unless somebody is offline.
    sys.addaudithook(_hear)


def _hear(event: str, args: tuple[Any, ...]) -> None:
    if _listening and event in NETWORK:
        _listening[-1].append(event)
        raise NetworkRefused(f"no network here ({event})")
