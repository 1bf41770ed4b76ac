"""The checks of a package or of one registered thing, collected from the rules of each kind."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gancli.plugins.registry import registry
from gancli.testing.contract import Case, Check, Rules


def checks(
    package: str | Path, settings: Mapping[str, Any] | None = None, source: str | Path | None = None
) -> list[Check]:
    """Return the checks of a package, by name or as a folder with a pyproject.toml; raises GanError without a plugin.

    settings: for its own networks, losses and data (`{"arch.width": 4}`); source: what its dataset reads.
    """
    from gancli.testing.packages import plugins_of

    plugins = plugins_of(package)
    own = tuple(entry for entry in registry().entries if entry.package == plugins[0].package)
    collected: list[Check] = []
    for plugin in plugins:
        collected += [Check(f"package {plugin.package}: {title}", rule) for title, rule in _package(plugin)]
    for entry in own:
        case = Case(entry, own, settings or {}, None if source is None else str(source))
        collected += check_entry(case)
    return collected


def check_entry(case: Case) -> list[Check]:
    """Return the checks of one registered thing."""
    return [Check(f"{case.entry.kind} {case.entry.name}: {title}", rule) for title, rule in _rules(case)]


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
