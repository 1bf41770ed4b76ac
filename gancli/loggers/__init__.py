"""What a logger is: told of every tick, inside a `with`."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from gancli.run import Run
    from gancli.trainer import Tick


class Logger:
    """Writes ticks somewhere; a subclass defines `tick`, and `close` where it holds something open."""

    def __init__(self, run: "Run") -> None:
        self.run = run

    def tick(self, tick: "Tick") -> None:
        """Take note of one tick."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what is open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
