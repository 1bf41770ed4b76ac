"""Pictures of a run for a paper or a page: its curves, the samples over time, and a timelapse of them."""

from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from gancli.base.errors import GanError
from gancli.base.files import replacing
from gancli.base.text import clean
from gancli.generation import pictures
from gancli.generation.pictures import load
from gancli.reports.overview import subject_of
from gancli.runs.run import Run
from gancli.telemetry import metrics_file
from gancli.telemetry.labels import LOSS, Row, rows
from gancli.telemetry.ticks import Tick

STRIP = 8  # grids in a timeline
FRAME = 0.25  # seconds
COLOURS = {"cyan": "tab:cyan", "magenta": "tab:pink", "yellow": "tab:olive", "green": "tab:green"}


def plot(run: Run, folder: Path) -> list[Path]:
    """Write curves.png, and timeline.png and timelapse.gif if there are samples, into a folder; return their paths.

    Raises GanError where nothing was measured yet, or matplotlib is not installed.
    """
    grids = [(path, pixels) for path in run.samples() if (pixels := load(path)) is not None]
    written = [_curves(run, folder / "curves.png")]
    if grids:
        written += [_timeline(grids, folder / "timeline.png"), folder / "timelapse.gif"]
        shape = grids[-1][1].shape
        pictures.save_animation(written[-1], [pixels for _, pixels in grids if pixels.shape == shape], FRAME)
    return written


def _curves(run: Run, path: Path) -> Path:
    """Draw the scores, the losses, and each other statistic, over steps; return the path."""
    ticks = [tick for tick in metrics_file.ticks(run.metrics) if tick.statistics]
    if not ticks:
        raise GanError(f"Run {clean(run.name)} has measured nothing yet.", "Let it train for a few seconds.")
    subject = subject_of(run)
    names = dict.fromkeys(chain.from_iterable(tick.statistics for tick in ticks))
    groups = _groups(rows(names, subject.probabilities))
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(len(groups), 1, sharex=True, figsize=(9, 1.9 * len(groups)), squeeze=False)
    axes[0][0].set_title(_words(f"{run.name}: {subject.arch} with loss {subject.loss} on {subject.data}"), fontsize=10)
    for axis, group in zip(axes[:, 0], groups, strict=True):
        for row in group:
            _draw(axis, row, ticks)
        axis.legend(fontsize=8, loc="upper left", frameon=False)
        axis.grid(alpha=0.3)
    axes[-1][0].set_xlabel("step")
    return _save(figure, path)


def _groups(table: list[Row]) -> list[list[Row]]:
    """The rows that share a plot: the scores, the losses, and each other row alone."""
    losses = [row for row in table if row.names[0].startswith(LOSS)]
    scores = [row for row in table if row.score]
    return [scores, losses, *([row] for row in table if row not in scores and row not in losses)]


def _draw(axis: Any, row: Row, ticks: list[Tick]) -> None:
    """Draw a curve for each statistic of the row."""
    for name in row.names:
        points = [(tick.step, tick.statistics[name]) for tick in ticks if name in tick.statistics]
        axis.plot(*zip(*points, strict=True), linewidth=0.9, label=_label(row.label, name))


def _timeline(grids: list[tuple[Path, "np.ndarray"]], path: Path) -> Path:
    """Draw STRIP of the grids at most side by side, evenly from the first to the last; return the path."""
    numbers = sorted({round(place) for place in np.linspace(0, len(grids) - 1, STRIP)})
    chosen = [grids[number] for number in numbers]
    figure, axes = _pyplot().subplots(1, len(chosen), figsize=(2.2 * len(chosen), 2.5), squeeze=False)
    for axis, (file, pixels) in zip(axes[0], chosen, strict=True):
        axis.imshow(pictures.picture(pixels), cmap="gray", vmin=0, vmax=255)
        axis.set_title(f"step {int(file.stem.rpartition('-')[2]):,}", fontsize=9)
        axis.set_axis_off()
    return _save(figure, path)


def _label(label: str, name: str) -> str:
    after = {"fake": " before", "fake_after": " after"}.get(name, "") if "/" in label else ""
    return _words(label.partition(" before / after")[0] + after)


def _words(text: str) -> str:
    """The text escaped for matplotlib, for which a dollar begins a formula."""
    return clean(text).replace("$", r"\$")


def _save(figure: Any, path: Path) -> Path:
    figure.tight_layout()
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=130, format="png")
    _pyplot().close(figure)
    return path


def _pyplot() -> Any:
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError as error:
        raise GanError("Plots need the package matplotlib.", "Install it: pip install 'gancli[plot]'") from error
    return pyplot
