"""One JSON object a tick, a line each, in the run's metrics.jsonl."""

import json
import math
from typing import TYPE_CHECKING, Any

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
    """Appends each tick as a whole line, so that a crash loses no more than the line that is being written.

    Lines beyond the checkpoint from which a run is resumed, or to which it is rolled back, are dropped. The newest
    `whole` lines of a long run stay as they are, and the older ones are thinned.
    """

    def __init__(self, run: "Run", whole: int = metrics_file.WHOLE) -> None:
        super().__init__(run)
        self._whole = whole
        self._about: dict[str, object] = {}
        self._start = math.inf
        self._lines = self._newest = 0
        self._in_order = False  # whether the file holds whole lines only, and none beyond the checkpoint
        run.metrics.touch()

    def begin(self, trainer: "Trainer") -> None:
        """Keep what is trained for the first line, and the step from which the run begins or continues."""
        self._about, self._start = {"about": trainer.subject.document()}, trainer.step

    def tick(self, tick: "Tick") -> None:
        """Append the tick."""
        line = document(tick)
        if not self._in_order or tick.step <= self._newest:
            line = self._with_measured(line, tick)
            self._drop_from(tick.step)
        elif self._lines >= 2 * self._whole:
            self._rewrite(metrics_file.thinned(metrics_file.read(self.run.metrics), self._whole))
        self._append(line)

    def _with_measured(self, line: dict[str, Any], tick: "Tick") -> dict[str, Any]:
        """The line; that of a return to a checkpoint, which measures nothing, is merged into that of its step."""
        if tick.statistics:
            return line
        lines = metrics_file.read(self.run.metrics)
        before = next((old for old in lines if old["step"] == tick.step <= self._start), {})
        events = [*before.get("events", ()), *line.get("events", ())]
        rate = {"rate": before["rate"]} if "rate" in before else {}
        return before | line | rate | ({"events": events} if events else {})

    def _drop_from(self, step: int) -> None:
        """Drop the lines from a step on, and those beyond the step from which the run continues."""
        last = min(self._start, step - 1)
        self._rewrite([line for line in metrics_file.read(self.run.metrics) if line["step"] <= last])
        self._start = math.inf

    def _append(self, line: dict[str, Any]) -> None:
        self._in_order = False  # until the whole line is there: a full disk takes half of it
        with self.run.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, allow_nan=False) + "\n")
        self._in_order, self._newest = True, line["step"]
        self._lines += 1

    def _rewrite(self, lines: list[dict[str, object]]) -> None:
        text = "".join(json.dumps(line) + "\n" for line in [self._about, *lines])
        with replacing(self.run.metrics) as temporary:
            temporary.write_text(text, encoding="utf-8")
        self._lines = len(lines)
