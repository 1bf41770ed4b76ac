"""Processes of their own that prepare images."""

import time
from collections.abc import Callable

SCRIPT = """
import sys, time
from pathlib import Path
from gancli.config.layers import rebuild
from gancli.config.sources import find_dataset
from gancli.data import prepare
from gancli.terminal.progress import Line
slow = float(sys.argv[2])
if slow:
    first = prepare.Preparation.prepare
    def later(self, picture):
        time.sleep(slow)
        return first(self, picture)
    prepare.Preparation.prepare = later
if len(sys.argv) > 3:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
if __name__ == "__main__":
    source = sys.argv[1]
    data = {"name": find_dataset(source).name, "source": source, "size": 32, "workers": 0}
    images = rebuild("data", {"data": data}).load(Line())
    print(images.fingerprint, type(images.pixels).__name__, *images.notes)
"""


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something that happens soon."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
