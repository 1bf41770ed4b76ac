"""The one hook of gancli: a plugin says what it adds, as names and strings; nothing is imported until it is used."""

from typing import Protocol

import pluggy

GROUP = "gancli"
API_VERSION = 1
"""Raised when a plugin written for the version before would no longer work.

A plugin may say which it is written for, `gancli_api = 1` beside its hook; one for another version is skipped.
"""
hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


class Add(Protocol):
    """Registers one thing: its kind, its name, `"package.module:Object"`, and a summary in one line."""

    def __call__(self, kind: str, name: str, target: str, summary: str = "") -> None: ...


@hookspec
def gancli_register(add: Add) -> None:
    """Call `add(kind, name, "package.module:Object", summary)` once for each thing the plugin offers."""
