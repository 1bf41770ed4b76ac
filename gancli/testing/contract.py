"""Checks: a check is one rule on one registered thing, and raises Broken where the rule does not hold."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gancli.plugins.registry import Entry, registry

SECTIONS = {"arch": "architecture", "loss": "loss", "data": "dataset"}


class Broken(AssertionError):
    """A contract does not hold; the message says what, where, and what to do."""


@dataclass(frozen=True)
class Check:
    """One rule on one thing; calling it raises Broken, or what the plugin raises, where the rule does not hold."""

    title: str
    rule: Callable[[], None] = field(repr=False)

    def __call__(self) -> None:
        self.rule()

    def __str__(self) -> str:
        return self.title


@dataclass(frozen=True)
class Case:
    """What is checked: an entry, all entries of its package, settings for them, and a source for its dataset."""

    entry: Entry
    own: tuple[Entry, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None

    def partners(self, kind: str) -> list[Entry]:
        """Return the built-in entries of a kind, and those of the same package."""
        return [e for e in registry().listing(kind) if e.package == "gancli" or e in self.own]

    def settings_for(self, *entries: Entry) -> dict[str, Any]:
        """Return the settings for these entries, without those of a section whose entry is not of the same package."""
        own = {entry.kind for entry in entries if entry == self.entry or entry in self.own}
        kinds = {key: SECTIONS.get(key.partition(".")[0]) for key in self.settings}
        return {key: value for key, value in self.settings.items() if kinds[key] is None or kinds[key] in own}


Rules = Iterator[tuple[str, Callable[[], None]]]
