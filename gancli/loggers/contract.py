"""What a logger is: told of every tick, inside a `with`; and the guard that keeps its faults from a training."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from gancli.runs.run import Run
    from gancli.telemetry.ticks import Tick
    from gancli.training.trainer import Trainer


class Logger:
    """Writes ticks somewhere; a subclass defines `tick`, and `begin` and `close` where it needs them.

    Raise GanError from `__init__` where something has to be installed: that is told before the training begins.
    """

    def __init__(self, run: "Run") -> None:
        self.run = run

    def begin(self, trainer: "Trainer") -> None:
        """Take note of what is trained, before the first tick; called again before a later one where it has failed."""

    def tick(self, tick: "Tick") -> None:
        """Take note of one tick."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
