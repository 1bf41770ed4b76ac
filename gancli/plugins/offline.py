"""Refusing the network while code runs that must not use it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")


class NetworkRefused(Exception):
    """Code tried to use the network where that is not allowed."""


@contextmanager
def no_network() -> Iterator[list[str]]:
    """Raise NetworkRefused in code that uses the network before the context ends, in any thread of this process.

    Yields the list of attempts, as names of audit events; attempts whose error was caught are listed too.
    """
    _install_audit_hook()
    attempts: list[str] = []
    _attempts_of_contexts.append(attempts)
    try:
        yield attempts
    finally:
        _attempts_of_contexts.pop()


_attempts_of_contexts: list[list[str]] = []


@cache
def _install_audit_hook() -> None:
    # Python never removes an audit hook: one for the life of the process, idle unless a context is open.
    sys.addaudithook(_refuse_network)


def _refuse_network(event: str, args: tuple[Any, ...]) -> None:
    if _attempts_of_contexts and event in NETWORK:
        _attempts_of_contexts[-1].append(event)
        raise NetworkRefused(f"no network here ({event})")
