"""The loggers of a run, and the guard that keeps their faults from a training."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gancli.base.errors import GanError
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
        self._trainer: Trainer | None = None  # until the logger has begun

    def begin(self, trainer: "Trainer") -> None:
        """Have it take note of what is trained, before a later tick if it fails now."""
        self._trainer = trainer
        self._begin()

    def tick(self, tick: "Tick") -> None:
        """Have it take note of a tick, unless it has failed just before."""
        if self._retry.failing and not self._retry.due:
            return
        if self._begin() and self._attempt(self.logger.tick, tick) and self._retry.failing:
            self._retry.succeeded()
            _warn(f"Logger {self.name} writes again.")

    def close(self) -> None:
        """Have it let go of what is open."""
        self._attempt(self.logger.close)

    def _begin(self) -> bool:
        """Whether the logger has begun, now or before."""
        if self._trainer is not None and self._attempt(self.logger.begin, self._trainer):
            self._trainer = None
        return self._trainer is None

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

    if trainer.run is None:
        raise GanError("Loggers write into the folder of a run, and this training has none.")
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
