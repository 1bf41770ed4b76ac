"""What shows a training: told of every tick, inside a `with`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from gancli.telemetry.ticks import Tick


class Display:
    """Shows nothing; a subclass defines `tick`, and `open` and `close` where it holds the screen.

    A training outlives whoever watches it: a display whose reader has gone falls silent, and raises nothing.
    """

    def open(self) -> None:
        """Take what the display needs."""

    def tick(self, tick: "Tick") -> None:
        """Show one tick."""

    def suspend(self) -> None:
        """Leave the terminal to others: the process is about to be stopped."""

    def resume(self) -> None:
        """Go on after that."""

    def close(self) -> None:
        """Give everything back, whatever happened."""

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Say on a terminal that something takes a moment; it is gone when that is over."""
    said = moves_cursor()
    if said:
        print(text, end="\r", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        if said:
            print(" " * len(text), end="\r", file=sys.stderr, flush=True)


def moves_cursor() -> bool:
    """Whether stderr is a real terminal that can draw over what it has drawn."""
    # Not Rich's own judgement: FORCE_COLOR makes it take a pipe for a terminal.
    terminal = os.environ.get("TERM", "" if os.name == "posix" else "windows")
    return sys.stderr.isatty() and terminal not in {"", "dumb", "unknown"}
