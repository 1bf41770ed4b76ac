"""The loggers of a run, and the guard that keeps their faults from a training."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gancli.base.retry import PAUSE, Retry
from gancli.base.text import clean
from gancli.loggers.contract import Logger

if TYPE_CHECKING:
    from gancli.telemetry.ticks import Tick
    from gancli.training.trainer import Trainer


ALWAYS = ("jsonl", "text")


class LoggerWarning(UserWarning):
    """A logger has failed, or writes again."""


class Guarded:
    """A logger that can fail: it says so once, is tried again at a later tick, and never stops a run."""

    def __init__(self, name: str, logger: Logger, pause: float = PAUSE) -> None:
        self.name, self.logger = clean(name), logger
        self._retry = Retry(pause)

    def begin(self, trainer: "Trainer") -> None:
        """Have it take note of what is trained."""
        self._attempt(self.logger.begin, trainer)

    def tick(self, tick: "Tick") -> None:
        """Have it take note of a tick, unless it has failed just before."""
        if self._retry.failing and not self._retry.due:
            return
        if self._attempt(self.logger.tick, tick) and self._retry.failing:
            self._retry.succeeded()
            _warn(f"Logger {self.name} writes again.")

    def close(self) -> None:
        """Have it let go of what is open."""
        self._attempt(self.logger.close)

    def _attempt(self, method: Callable[..., Any], *words: Any) -> bool:
        """Whether it could be done; what could not is told the first time."""
        try:
            method(*words)
        except Exception as error:
            if not self._retry.failing:
                fault = clean(f"{type(error).__name__}: {error}")
                _warn(f"Logger {self.name} has failed ({fault}). Training goes on, and it is tried again.")
            self._retry.failed()
            return False
        return True


def _warn(text: str) -> None:
    warnings.warn(text, LoggerWarning, stacklevel=4)


@contextmanager
def open_loggers(names: Sequence[str], trainer: "Trainer") -> "Iterator[Callable[[Tick], None]]":
    """The loggers of a run, those it always has and those named, as one function to call with every tick."""
    from gancli.plugins.registry import registry

    assert trainer.run is not None
    wanted = dict.fromkeys([*ALWAYS, *names])
    guarded = [Guarded(name, registry().find("logger", name).load()(trainer.run)) for name in wanted]

    def tell(tick: "Tick") -> None:
        for each in guarded:
            each.tick(tick)

    try:
        for each in guarded:
            each.begin(trainer)
        yield tell
    finally:
        for each in guarded:
            each.close()
