"""Pictures of a run for a paper or a page: its curves, the samples over time, and a timelapse of them."""

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
from gancli.telemetry.labels import rows

STRIP = 8  # grids in a timeline
FRAME = 0.25  # seconds
COLOURS = {"cyan": "tab:cyan", "magenta": "tab:pink", "yellow": "tab:olive", "green": "tab:green"}


def plot(run: Run, folder: Path) -> list[Path]:
    """Write curves.png, timeline.png and timelapse.gif into a folder; raises GanError where there is nothing yet."""
    grids = [(path, pixels) for path in run.samples() if (pixels := load(path)) is not None]
    written = [_curves(run, folder / "curves.png")]
    if grids:
        written += [_timeline(grids, folder / "timeline.png"), folder / "timelapse.gif"]
        shape = grids[-1][1].shape
        pictures.save_animation(written[-1], [pixels for _, pixels in grids if pixels.shape == shape], FRAME)
    return written


def _curves(run: Run, path: Path) -> Path:
    """The scores, the losses, and everything else, over steps."""
    seen = [tick for tick in metrics_file.ticks(run.metrics) if tick.statistics]
    if not seen:
        raise GanError(f"Run {clean(run.name)} has measured nothing yet.", "Let it train for a few seconds.")
    subject = subject_of(run)
    names = dict.fromkeys(name for tick in seen for name in tick.statistics)
    found = rows(names, subject.probabilities)
    groups = [[r for r in found if r.score], [r for r in found if r.names[0].startswith("loss_")]]
    groups += [[row] for row in found if not row.score and not row.names[0].startswith("loss_")]
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(len(groups), 1, sharex=True, figsize=(9, 1.9 * len(groups)), squeeze=False)
    axes[0][0].set_title(_words(f"{run.name}: {subject.arch} with loss {subject.loss} on {subject.data}"), fontsize=10)
    for axis, group in zip(axes[:, 0], groups, strict=True):
        for row in group:
            for name in row.names:
                points = [(tick.step, tick.statistics[name]) for tick in seen if name in tick.statistics]
                axis.plot(*zip(*points, strict=True), linewidth=0.9, label=_label(row.label, name))
        axis.legend(fontsize=8, loc="upper left", frameon=False)
        axis.grid(alpha=0.3)
    axes[-1][0].set_xlabel("step")
    return _save(figure, path)


def _timeline(grids: list[tuple[Path, "np.ndarray"]], path: Path) -> Path:
    """Some of the grids side by side, evenly from the first to the last."""
    chosen = [grids[at] for at in sorted({round(n) for n in np.linspace(0, len(grids) - 1, STRIP)})]
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
    """Text that matplotlib takes for text: a dollar would begin a formula."""
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
