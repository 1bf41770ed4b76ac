"""The base of displays: a display is open inside a `with`, and shows every tick of a training."""

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

    A display whose reader has gone, as a closed pipe or terminal, prints nothing more and raises nothing.
    """

    def open(self) -> None:
        """Take the screen, or whatever the display needs."""

    def tick(self, tick: "Tick") -> None:
        """Show one tick."""

    def suspend(self) -> None:
        """Give the terminal back: the process is about to be stopped."""

    def resume(self) -> None:
        """Take the terminal again after a stop."""

    def close(self) -> None:
        """Give everything back, also after an error."""

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Show a text on a terminal while something takes a moment, and remove it afterwards."""
    on_terminal = moves_cursor()
    if on_terminal:
        print(text, end="\r", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        if on_terminal:
            print(" " * len(text), end="\r", file=sys.stderr, flush=True)


def moves_cursor() -> bool:
    """Whether stderr is a real terminal that can draw over what it has drawn."""
    # Not Rich's own judgement: FORCE_COLOR makes it take a pipe for a terminal.
    terminal = os.environ.get("TERM", "" if os.name == "posix" else "windows")
    return sys.stderr.isatty() and terminal not in {"", "dumb", "unknown"}
