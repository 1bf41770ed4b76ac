"""Runs side by side."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from gancli.config.config import flatten
from gancli.reports.overview import overview_of
from gancli.runs.run import Run


def compare_runs(runs: Sequence[Run]) -> dict[str, list[Any]]:
    """Return by label a value for each run: the settings in which they differ, how far each is, its last statistics.

    The value is None where a run has none.
    """
    settings = [flatten(run.settings) for run in runs]
    table: dict[str, list[Any]] = {}
    for key in dict.fromkeys(chain(*settings)):
        values = [of_run.get(key) for of_run in settings]
        if any(value != values[0] for value in values):
            table[key] = values
    overviews = [overview_of(run) for run in runs]
    table["state"] = [overview.state for overview in overviews]
    for label in ("step", "images", "seconds", "rate"):
        table[label] = [getattr(overview.last, label, None) for overview in overviews]
    statistics = [overview.last.statistics if overview.last else {} for overview in overviews]
    for name in dict.fromkeys(chain(*statistics)):
        table[name] = [of_run.get(name) for of_run in statistics]
    table["verdict"] = [overview.verdict.name if overview.verdict else None for overview in overviews]
    if any(overview.best for overview in overviews):
        table["best"] = [str(overview.best) if overview.best else None for overview in overviews]
    return table
