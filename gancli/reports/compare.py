"""Runs side by side."""

from collections.abc import Sequence
from typing import Any

from gancli.config.config import flatten
from gancli.reports.overview import overview_of
from gancli.runs.run import Run


def compare_runs(found: Sequence[Run]) -> dict[str, list[Any]]:
    """A value for each run by label: the settings in which they differ, how far each is, and its last statistics."""
    settings = [flatten(run.settings) for run in found]
    keys = dict.fromkeys(key for each in settings for key in each)
    table: dict[str, list[Any]] = {}
    for key in keys:
        values = [each.get(key) for each in settings]
        if any(value != values[0] for value in values):
            table[key] = values
    seen = [overview_of(run) for run in found]
    table["state"] = [each.state for each in seen]
    for label in ("step", "images", "seconds", "rate"):
        table[label] = [getattr(each.last, label, None) for each in seen]
    for name in dict.fromkeys(name for each in seen if each.last for name in each.last.statistics):
        table[name] = [each.last.statistics.get(name) if each.last else None for each in seen]
    table["verdict"] = [each.verdict.name if each.verdict else None for each in seen]
    if any(each.best for each in seen):
        table["best"] = [str(each.best) if each.best else None for each in seen]
    return table
