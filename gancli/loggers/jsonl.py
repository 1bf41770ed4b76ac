"""One JSON object a tick, a line each, in the run's metrics.jsonl."""

import json
from typing import TYPE_CHECKING, Any

from gancli.loggers import Logger

if TYPE_CHECKING:
    from gancli.run import Run
    from gancli.trainer import Tick


class JSONL(Logger):
    """Appends each tick as a whole line, so that a crash loses no more than the line under way."""

    def __init__(self, run: "Run") -> None:
        super().__init__(run)
        self._file = run.metrics.open("a", encoding="utf-8")

    def tick(self, tick: "Tick") -> None:
        """Append the tick."""
        self._file.write(json.dumps(document(tick)) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def document(tick: "Tick") -> dict[str, Any]:
    """A tick as JSON holds it: `step`, `images`, `seconds`, `rate` (images/s), the statistics, and events."""
    return {
        "step": tick.step,
        "images": tick.images,
        "seconds": round(tick.seconds, 3),
        "rate": round(tick.rate, 1),
        **{name: round(value, 6) for name, value in tick.statistics.items()},
        **({"events": [event.kind for event in tick.events]} if tick.events else {}),
    }
