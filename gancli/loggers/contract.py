"""The contract of loggers: a logger is open inside a `with`, and writes every tick of a training."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from gancli.runs.run import Run
    from gancli.telemetry.ticks import Tick
    from gancli.training.trainer import Trainer


class Logger:
    """Writes ticks somewhere; a subclass defines `tick`, and `begin` and `close` where it needs them.

    Raise GanError from `__init__` where something has to be installed: it is reported before the training begins.
    """

    def __init__(self, run: "Run") -> None:
        self.run = run

    def begin(self, trainer: "Trainer") -> None:
        """Write what is trained, before the first tick; if that fails it is called again before a later tick."""

    def tick(self, tick: "Tick") -> None:
        """Write one tick."""
        raise NotImplementedError

    def close(self) -> None:
        """Close what is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
