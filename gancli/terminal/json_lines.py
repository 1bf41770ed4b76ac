"""One JSON object a tick on stdout, for other programs."""

import json
import sys
from typing import TYPE_CHECKING

from gancli.telemetry.metrics_file import document
from gancli.terminal.display import Display

if TYPE_CHECKING:
    from gancli.telemetry.ticks import Tick


class JSON(Display):
    """Prints every tick as metrics.jsonl holds it."""

    def __init__(self) -> None:
        self._has_reader = True

    def tick(self, tick: "Tick") -> None:
        """Print the tick on a line of its own."""
        if not self._has_reader:
            return
        try:
            print(json.dumps(document(tick)), file=sys.stdout, flush=True)
        except OSError:
            self._has_reader = False
