"""When things are due, what time it takes, and how the process computes meanwhile."""

import time
from collections.abc import Mapping

from gancli.config.settings import Every


class Pace:
    """Cadences by name, in steps, seconds or shares of the training, from where a run begins or resumes.

    What is due by its share comes so rarely that what it costs, in seconds, is no more than that share of the time.
    """

    def __init__(self, cadences: Mapping[str, Every], step: int, seconds: float) -> None:
        self._cadences = dict(cadences)
        self._last = dict.fromkeys(cadences, (step, seconds))

    def due(self, step: int, seconds: float, costs: Mapping[str, float] | None = None) -> set[str]:
        """The names whose time has come; for these the next round begins."""
        dear = costs or {}
        names = {
            name
            for name, every in self._cadences.items()
            if _come(every, self._last[name], step, seconds, dear.get(name, 0.0))
        }
        self._last.update(dict.fromkeys(names, (step, seconds)))
        return names


class Stopwatch:
    """Seconds of training: those from one reading to the next, but for what is skipped."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    def lap(self) -> float:
        """The seconds since the last reading."""
        before, self._since = self._since, time.perf_counter()
        return self._since - before

    def skip(self) -> None:
        """Leave out what has gone since the last reading: somebody else's time, or the process was stopped."""
        self._since = time.perf_counter()


def _come(every: Every, last: tuple[int, float], step: int, seconds: float, cost: float) -> bool:
    steps, passed = step - last[0], seconds - last[1]
    by_steps = bool(every.steps) and steps >= every.steps
    by_time = bool(every.seconds) and passed >= every.seconds
    return by_steps or by_time or (bool(every.share) and passed * every.share >= cost)
