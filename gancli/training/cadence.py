"""When things are due in a training, and the seconds that it takes."""

import time
from collections.abc import Mapping

from gancli.config.settings import Every
from gancli.telemetry.ticks import Kind


class Cadences:
    """How often each kind is due, in steps, seconds or shares of the training, from where a run begins or resumes.

    What is due by its share comes so rarely that what it costs, in seconds, is no more than that share of the time.
    """

    def __init__(self, cadences: Mapping[Kind, Every], step: int, seconds: float) -> None:
        self._cadences = dict(cadences)
        self._last = dict.fromkeys(cadences, (step, seconds))

    def due(self, step: int, seconds: float, costs: Mapping[Kind, float] | None = None) -> set[Kind]:
        """The kinds whose time has come; for these the next round begins. costs: seconds that one of a kind takes."""
        spent = costs or {}
        kinds = {
            kind
            for kind, every in self._cadences.items()
            if _is_due(every, self._last[kind], step, seconds, spent.get(kind, 0.0))
        }
        self._last.update(dict.fromkeys(kinds, (step, seconds)))
        return kinds


class Stopwatch:
    """Seconds of training: those from one reading to the next, but for what is skipped."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    def lap(self) -> float:
        """The seconds since the last reading."""
        before, self._since = self._since, time.perf_counter()
        return self._since - before

    def skip(self) -> None:
        """Leave out the time since the last reading: somebody else worked, or the process was stopped."""
        self._since = time.perf_counter()


def _is_due(every: Every, last: tuple[int, float], step: int, seconds: float, cost: float) -> bool:
    steps, passed = step - last[0], seconds - last[1]
    by_steps = bool(every.steps) and steps >= every.steps
    by_time = bool(every.seconds) and passed >= every.seconds
    return by_steps or by_time or (bool(every.share) and passed * every.share >= cost)
