"""The loggers of a run, guarded so that their faults stop no training."""

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
    """A logger that may fail: the first failure is a LoggerWarning, later ticks try again, and training goes on."""

    def __init__(self, name: str, logger: Logger, pause: float = PAUSE) -> None:
        self.name, self.logger = clean(name), logger
        self._retry = Retry(pause)
        self._trainer: Trainer | None = None  # until the logger has begun

    def begin(self, trainer: "Trainer") -> None:
        """Have the logger write what is trained, now or, if that fails, before a later tick."""
        self._trainer = trainer
        self._begin()

    def tick(self, tick: "Tick") -> None:
        """Have the logger write a tick, unless it failed a short time ago."""
        if self._retry.failing and not self._retry.due:
            return
        if self._begin() and self._attempt(self.logger.tick, tick) and self._retry.failing:
            self._retry.succeeded()
            _warn(f"Logger {self.name} writes again.")

    def close(self) -> None:
        """Have the logger close what is open."""
        self._attempt(self.logger.close)

    def _begin(self) -> bool:
        """Begin the logger if it has not begun yet; return whether it has begun."""
        if self._trainer is not None and self._attempt(self.logger.begin, self._trainer):
            self._trainer = None
        return self._trainer is None

    def _attempt(self, method: Callable[..., Any], *arguments: Any) -> bool:
        """Call the method and return whether it succeeded; warns of the first failure."""
        try:
            method(*arguments)
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
    """Give a function to call with every tick, which passes it to the loggers every run has and to those named.

    Raises GanError where there is no run, or a logger needs a package that is not installed.
    """
    from gancli.plugins.registry import registry

    if trainer.run is None:
        raise GanError("Loggers write into the folder of a run, and this training has none.")
    wanted = dict.fromkeys([*ALWAYS, *names])
    guarded = [Guarded(name, registry().find("logger", name).load()(trainer.run)) for name in wanted]

    def log(tick: "Tick") -> None:
        for logger in guarded:
            logger.tick(tick)

    try:
        for logger in guarded:
            logger.begin(trainer)
        yield log
    finally:
        for logger in guarded:
            logger.close()
