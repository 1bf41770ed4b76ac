"""What a check is: one rule on one thing, and how it says that the rule does not hold."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gancli.plugins.registry import Entry, registry

SECTIONS = {"arch": "architecture", "loss": "loss", "data": "dataset"}


class Broken(AssertionError):
    """A contract that does not hold: what, where, and what to do."""


@dataclass(frozen=True)
class Check:
    """One rule on one thing; calling it raises Broken, or whatever the plugin raises, where it does not hold."""

    title: str
    rule: Callable[[], None] = field(repr=False)

    def __call__(self) -> None:
        self.rule()

    def __str__(self) -> str:
        return self.title


@dataclass(frozen=True)
class Case:
    """What is checked: an entry, the other entries that come with it, and settings for them."""

    entry: Entry
    own: tuple[Entry, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None

    def partners(self, kind: str) -> list[Entry]:
        """The built-in things of a kind, and those of the same package."""
        return [e for e in registry().listing(kind) if e.package == "gancli" or e in self.own]

    def given(self, *things: Entry) -> dict[str, Any]:
        """The settings for these things: those for networks, a loss or data only where one of them is our own."""
        own = {thing.kind for thing in things if thing == self.entry or thing in self.own}
        kinds = {key: SECTIONS.get(key.partition(".")[0]) for key in self.settings}
        return {key: value for key, value in self.settings.items() if kinds[key] is None or kinds[key] in own}


Rules = Iterator[tuple[str, Callable[[], None]]]
