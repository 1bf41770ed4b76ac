"""Draws the dashboard of a run as the SVG pictures in docs/: `python benchmarks/screens.py RUN`."""

import io
import sys
from pathlib import Path

import numpy as np
from rich.console import Console

from gancli.reports.follow import Follower
from gancli.reports.overview import subject_of
from gancli.runs.finding import find_run
from gancli.runs.run import Run
from gancli.terminal import blocks
from gancli.terminal.blocks import fit
from gancli.terminal.dashboard import Dashboard, Record

SIZES = {"wide": (120, 34), "normal": (80, 24), "minimal": (60, 16)}
DOCS = Path(__file__).parents[1] / "docs"


def few_shades(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """As `fit`, in four shades a colour: neighbours of the same colours share an element, and the file stays small."""
    return (fit(pixels, width, height) // 64 * 85).astype(np.uint8)


def screen(run: Run, size: tuple[int, int]) -> str:
    """The last picture of a run's dashboard at that size, as SVG."""
    record = Record()
    for tick in Follower(run).new():
        record.add(tick)
    options = {"force_terminal": True, "color_system": "truecolor", "record": True}
    console = Console(file=io.StringIO(), width=size[0], height=size[1], _environ={}, **options)  # type: ignore[arg-type]
    dashboard = Dashboard(subject_of(run), record)
    dashboard.hint = "s sample and save   q finish"
    console.print(dashboard)
    return console.export_svg(title=f"gan train   {size[0]}x{size[1]}")


def main() -> None:
    """Write the three pictures."""
    blocks.fit = few_shades
    run = find_run(sys.argv[1])
    for name, size in SIZES.items():
        (DOCS / f"dashboard-{name}.svg").write_text(screen(run, size), encoding="utf-8")


if __name__ == "__main__":
    main()
