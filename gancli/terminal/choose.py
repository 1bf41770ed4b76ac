"""The choice of the display of a training."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gancli.telemetry.subject import Subject
from gancli.telemetry.ticks import Kind
from gancli.terminal.display import Display, moves_cursor

if TYPE_CHECKING:
    from gancli.training.trainer import Trainer


def make_display(kind: str, trainer: "Trainer") -> Display:
    """Return the display of a training, whose keys save and finish it."""
    keys = {"s": lambda: trainer.ask(Kind.SAMPLES, Kind.CHECKPOINT), "q": trainer.stop}
    return display_of(kind, trainer.subject, keys, "s sample and save   q finish")


def display_of(kind: str, subject: Subject, keys: Mapping[str, Callable[[], None]], hint: str) -> Display:
    """Return the display of a kind: auto, live, plain, json or none; without a real terminal live becomes plain.

    keys: what each key does; hint: the line that explains them.
    """
    if kind == "none":
        return Display()
    if kind == "json":
        from gancli.terminal.json_lines import JSON

        return JSON()
    if kind in {"auto", "live"} and moves_cursor():
        from gancli.terminal.keys import Keys
        from gancli.terminal.live import Live

        return Live(subject, keys=Keys(keys, hint))
    from gancli.terminal.plain import Plain

    return Plain(subject)
