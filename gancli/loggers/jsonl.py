"""One JSON object a tick, a line each, in the run's metrics.jsonl."""

import json
import math
from typing import TYPE_CHECKING

from gancli.base.files import replacing
from gancli.loggers.contract import Logger
from gancli.telemetry import metrics_file
from gancli.telemetry.metrics_file import document

if TYPE_CHECKING:
    from gancli.runs.run import Run
    from gancli.telemetry.ticks import Tick
    from gancli.training.trainer import Trainer

__all__ = ["JSONL", "document"]


class JSONL(Logger):
    """Appends each tick as a whole line, so that a crash loses no more than the line under way.

    A run that is resumed, or rolled back, goes on at its checkpoint: lines beyond that are dropped. A long run's older
    lines are thinned.
    """

    def __init__(self, run: "Run") -> None:
        super().__init__(run)
        self._count, self._step, self._start = 0, -1, math.inf
        self._about: dict[str, object] = {}
        run.metrics.touch()

    def begin(self, trainer: "Trainer") -> None:
        """Write what is trained, before the ticks."""
        self._about, self._start = {"about": trainer.subject.document()}, trainer.step

    def tick(self, tick: "Tick") -> None:
        """Append the tick."""
        if self._step < 0 or tick.step <= self._step:  # it begins, or has gone back to a checkpoint
            last = min(self._start, tick.step - 1)
            self._count = self._rewrite([line for line in metrics_file.read(self.run.metrics) if line["step"] <= last])
            self._start = math.inf
        elif self._count >= 2 * metrics_file.WHOLE:
            self._count = self._rewrite(metrics_file.thinned(metrics_file.read(self.run.metrics)))
        self._step = -1  # until the line is there: after half a line, as on a full disk, the file is written anew
        with self.run.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(document(tick), allow_nan=False) + "\n")
        self._count, self._step = self._count + 1, tick.step

    def _rewrite(self, lines: list[dict[str, object]]) -> int:
        with replacing(self.run.metrics) as temporary:
            temporary.write_text("".join(json.dumps(line) + "\n" for line in [self._about, *lines]), encoding="utf-8")
        return len(lines)
