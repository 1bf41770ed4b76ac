"""The contracts of plugins as tests: `checks("gancli-mygan")` are those of an installed package, or of a folder.

@pytest.mark.parametrize("check", checks(Path(__file__).parents[1]), ids=str)
def test_it_keeps_the_contracts(check):
    check()
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
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


def checks(
    what: str | Path, settings: Mapping[str, Any] | None = None, source: str | Path | None = None
) -> list[Check]:
    """The checks of a package: its name, or a folder with a pyproject.toml; raises GanError where there is none.

    `settings` hold for its own networks, losses and data (`{"arch.width": 4}`); `source` is read by its
    dataset.
    """
    from gancli.testing.packages import plugins_of

    plugins = plugins_of(what)
    own = tuple(entry for entry in registry().entries if entry.package == plugins[0].package)
    found = [
        Check(f"package {plugin.package}: {title}", rule) for plugin in plugins for title, rule in _package(plugin)
    ]
    for entry in own:
        case = Case(entry, own, settings or {}, None if source is None else str(source))
        found += check_entry(case)
    return found


def check_entry(case: Case) -> list[Check]:
    """The checks of one registered thing."""
    return [Check(f"{case.entry.kind} {case.entry.name}: {title}", rule) for title, rule in _rules(case)]


Rules = Iterator[tuple[str, Callable[[], None]]]


def _package(plugin: Any) -> Rules:
    from gancli.testing.packages import rules

    return rules(plugin)


def _rules(case: Case) -> Rules:
    from gancli.testing import architectures, datasets, losses, others

    yield from others.rules(case)
    makers: dict[str, Callable[[Case], Rules]] = {
        "architecture": architectures.rules,
        "loss": losses.rules,
        "dataset": datasets.rules,
    }
    if case.entry.kind in makers:
        yield from makers[case.entry.kind](case)
