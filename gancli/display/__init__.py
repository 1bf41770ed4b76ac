"""What shows a training: told of every tick, inside a `with`."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from gancli.ticks import Tick
    from gancli.trainer import Trainer


@dataclass(frozen=True)
class About:
    """What is trained, as a display names it; `tile` is the height and width of one image in a grid of samples."""

    arch: str
    loss: str
    data: str
    device: str
    probabilities: bool
    tile: tuple[int, int] | None = None


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


def make_display(kind: str, trainer: "Trainer") -> Display:
    """The display of a training; its keys save and finish it."""
    keys = {"s": lambda: trainer.ask("samples", "checkpoint"), "q": trainer.stop}
    return display_of(kind, about(trainer), keys, "s sample and save   q finish")


def display_of(kind: str, about: About, keys: Mapping[str, Callable[[], None]], hint: str) -> Display:
    """The display of that kind: auto, live, plain, json or none; live falls back to plain without a real terminal."""
    if kind == "none":
        return Display()
    if kind == "json":
        from gancli.display.json import JSON

        return JSON()
    if kind in {"auto", "live"} and moves_cursor():
        from gancli.display.keys import Keys
        from gancli.display.live import Live

        return Live(about, keys=Keys(keys, hint))
    from gancli.display.plain import Plain

    return Plain(about)


def about(trainer: "Trainer") -> About:
    """All that a display wants to know of a trainer."""
    from gancli.device import describe

    settings, spec = trainer.settings, trainer.data.spec
    return About(
        arch=settings.arch.name,
        loss=settings.loss.name,
        data=data_name(settings.data.name, settings.data.source),
        device=describe(trainer.device),
        probabilities=trainer.loss.probabilities,
        tile=(spec.height, spec.width),
    )


def data_name(dataset: str, source: str) -> str:
    """The short name of a source: a dataset's own, or the last part of its path."""
    place = source.removeprefix(f"{dataset}:")
    return place if place == dataset else Path(place).expanduser().resolve().name or place


def moves_cursor() -> bool:
    """Whether stderr is a real terminal that can draw over what it has drawn."""
    # Not Rich's own judgement: FORCE_COLOR makes it take a pipe for a terminal.
    terminal = os.environ.get("TERM", "" if os.name == "posix" else "windows")
    return sys.stderr.isatty() and terminal not in {"", "dumb", "unknown"}
