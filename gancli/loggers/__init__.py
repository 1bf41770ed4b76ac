"""What a logger is: told of every tick, inside a `with`; and the guard that keeps its faults from a training."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from gancli.text import clean

if TYPE_CHECKING:
    from gancli.run import Run
    from gancli.ticks import Tick
    from gancli.trainer import Trainer

ALWAYS = ("jsonl", "text")


class Logger:
    """Writes ticks somewhere; a subclass defines `tick`, and `begin` and `close` where it needs them.

    Raise GanError from `__init__` where something has to be installed: that is told before the training begins.
    """

    def __init__(self, run: "Run") -> None:
        self.run = run

    def begin(self, trainer: "Trainer") -> None:
        """Take note of what is trained, once, before the first tick."""

    def tick(self, tick: "Tick") -> None:
        """Take note of one tick."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class LoggerWarning(UserWarning):
    """A logger has failed, and hears no more of the run."""


class Guarded:
    """A logger that can fail: it warns once, and never stops a run."""

    def __init__(self, name: str, logger: Logger) -> None:
        self.name, self.logger = name, logger
        self._works = True

    def call(self, method: Callable[..., Any], *words: Any) -> None:
        """Call one of its methods, unless it has failed."""
        if not self._works:
            return
        try:
            method(*words)
        except Exception as error:
            self._works = False
            fault = clean(f"{type(error).__name__}: {error}")
            text = f"Logger {clean(self.name)} has failed and is left out from here ({fault})."
            warnings.warn(text, LoggerWarning, stacklevel=2)


@contextmanager
def open_loggers(names: Sequence[str], trainer: "Trainer") -> "Iterator[Callable[[Tick], None]]":
    """The loggers of a run, those it always has and those named, as one function to call with every tick."""
    from gancli.plugins import registry

    assert trainer.run is not None
    wanted = dict.fromkeys([*ALWAYS, *names])
    guarded = [Guarded(name, registry().find("logger", name).load()(trainer.run)) for name in wanted]

    def tell(tick: "Tick") -> None:
        for each in guarded:
            each.call(each.logger.tick, tick)

    try:
        for each in guarded:
            each.call(each.logger.begin, trainer)
        yield tell
    finally:
        for each in guarded:
            each.call(each.logger.close)
