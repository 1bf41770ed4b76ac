"""One aligned line every few seconds on stderr: for logs, pipes and terminals that only print."""

import sys
from typing import TYPE_CHECKING

from gancli.base.text import clean
from gancli.base.units import clock_text
from gancli.telemetry.labels import event_text, phrases
from gancli.telemetry.subject import Subject
from gancli.terminal.display import Display

if TYPE_CHECKING:
    from gancli.telemetry.ticks import Tick

INTERVAL = 5.0  # seconds of training between lines


class Plain(Display):
    """Prints the first tick, the last, every one with events or a new alarm, and one at least every 5 s in between."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._printed = -INTERVAL
        self._held: Tick | None = None
        self._judged = ""

    def open(self) -> None:
        """Print what is trained, and on which device."""
        subject = self.subject
        say(clean(f"Training {subject.arch} with loss {subject.loss} on {subject.data}, {subject.device}"))

    def tick(self, tick: "Tick") -> None:
        """Print the tick if it is due, or keep it in case it is the last."""
        news = tick.events or (tick.verdict and tick.verdict.alarm and tick.verdict.name != self._judged)
        if not news and tick.seconds - self._printed < INTERVAL:
            self._held = tick
            return
        self._print(tick)

    def close(self) -> None:
        """Print the last tick."""
        if self._held is not None:
            self._print(self._held)

    def _print(self, tick: "Tick") -> None:
        self._printed, self._held = tick.seconds, None
        say(line(tick, self.subject.probabilities))
        verdict = tick.verdict
        if verdict and verdict.name != self._judged:
            advice = f" Try {verdict.advice}" if verdict.advice else ""
            say(clean(f"{verdict.name}: {verdict.why}{advice}"))
            self._judged = verdict.name


def line(tick: "Tick", probabilities: bool) -> str:
    """Return a tick on one line; the lines of one run have aligned columns."""
    parts = [f"step {tick.step:>8,}", f"{clock_text(tick.seconds):>8}"]
    if tick.progress is not None:
        parts += [f"{tick.progress:4.0%}", f"ETA {clock_text(tick.remaining):>8}"]
    parts += [f"{tick.rate:>7,.0f} images/s", *phrases(tick.statistics, probabilities)]
    if tick.events:
        parts.append(", ".join(event_text(event) for event in tick.events))
    return "  ".join(parts)


def say(text: str) -> None:
    """Print a line on stderr, in ASCII if its encoding lacks a character; does nothing once its reader has gone."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        # The reader has gone; the training goes on.
        return
    except UnicodeEncodeError:
        print(text.encode("ascii", "replace").decode(), file=sys.stderr, flush=True)
