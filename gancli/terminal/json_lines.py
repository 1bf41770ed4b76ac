"""One JSON object a tick on stdout, for other programs."""

import json
import sys
from typing import TYPE_CHECKING

from gancli.telemetry.metrics_file import document
from gancli.terminal.display import Display

if TYPE_CHECKING:
    from gancli.telemetry.ticks import Tick


class JSON(Display):
    """Prints what metrics.jsonl holds, as it happens."""

    def __init__(self) -> None:
        self._heard = True

    def tick(self, tick: "Tick") -> None:
        """Print the tick on a line of its own."""
        if not self._heard:
            return
        try:
            print(json.dumps(document(tick)), file=sys.stdout, flush=True)
        except OSError:
            self._heard = False
