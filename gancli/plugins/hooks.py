"""The one hook of gancli: a plugin adds things by names and import paths, which are imported when they are used."""

from typing import Protocol

import pluggy

GROUP = "gancli"
API_VERSION = 1
"""Increased when plugins written for the previous version would no longer work.

A plugin may state the version it is written for, `gancli_api = 1` beside its hook; one for another version is skipped.
"""
hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


class Add(Protocol):
    """Registers one thing: its kind, its name, `"package.module:Object"`, and a summary in one line."""

    def __call__(self, kind: str, name: str, target: str, summary: str = "") -> None: ...


@hookspec
def gancli_register(add: Add) -> None:
    """Call `add(kind, name, "package.module:Object", summary)` once for each thing the plugin offers."""
