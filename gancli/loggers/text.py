"""Events and verdicts in words, in the run's log.txt."""

import time
from typing import TYPE_CHECKING

from gancli.base.text import clean
from gancli.loggers.contract import Logger
from gancli.telemetry.labels import event_text

if TYPE_CHECKING:
    from gancli.runs.run import Run
    from gancli.telemetry.ticks import Tick
    from gancli.training.trainer import Trainer


class Text(Logger):
    """Writes a line at the beginning, at each event and new verdict, and at the end."""

    def __init__(self, run: "Run") -> None:
        super().__init__(run)
        self._file = run.log.open("a", encoding="utf-8")
        self._verdict, self._step = "", 0

    def begin(self, trainer: "Trainer") -> None:
        """Write what is trained."""
        settings = trainer.settings
        self._step = trainer.step
        begun = f"goes on at step {trainer.step:,}" if trainer.step else "begins"
        self.say(f"{begun}: {settings.arch.name} with loss {settings.loss.name} on {settings.data.source}")

    def tick(self, tick: "Tick") -> None:
        """Write the events, and the verdict if it is new."""
        self._step = tick.step
        for event in tick.events:
            self.say(f"step {tick.step:,}: {event_text(event)}")
        if tick.verdict and tick.verdict.name != self._verdict:
            self._verdict = tick.verdict.name
            advice = f" Try {tick.verdict.advice}" if tick.verdict.advice else ""
            self.say(f"step {tick.step:,}: {tick.verdict.name}. {tick.verdict.why}{advice}")

    def close(self) -> None:
        """Write the last step, and close the file."""
        self.say(f"ends at step {self._step:,}")
        self._file.close()

    def say(self, text: str) -> None:
        """Write a line, with the time of day."""
        self._file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {clean(text)}\n")
        self._file.flush()
