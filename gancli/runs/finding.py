"""Runs and checkpoints as a user names them, and where new ones go."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gancli.base import files
from gancli.base.errors import GanError, UsageError
from gancli.base.text import clean
from gancli.runs.run import Run

if TYPE_CHECKING:
    from gancli.runs.checkpoint import Checkpoint, Header


HOME = "runs"


def home() -> Path:
    """The folder of all runs: `runs`, or what GAN_RUNS says."""
    return Path(os.environ.get("GAN_RUNS", HOME))


def new_run(parent: Path, label: str, name: str | None) -> Run:
    """Make the folder of a new run: the name asked for, or the next number and a label."""
    if name is not None:
        check_name(name)
        run = Run(parent / name)
        run.make()
        return run
    # A name has at most 255 bytes, and a letter up to four.
    label = re.sub(r"[^\w.-]+", "-", label)[:60].strip("-.")
    number = 1 + max((_number(run.path) for run in runs_in(parent)), default=0)
    while True:
        run = Run(parent / f"{number:04d}-{label}")
        try:
            run.make()
        except UsageError:  # another that begins at the same moment has this number
            number += 1
        else:
            return run


def check_name(name: str) -> None:
    """Raise UsageError for a name that is no single folder name."""
    if not name or name in {".", ".."} or Path(name).name != name:
        raise UsageError(f"A run cannot be named '{clean(name)}'.", "A name is one folder, without slashes.")


def runs_in(parent: Path) -> Iterator[Run]:
    """The runs in a folder."""
    for path in sorted(parent.glob("*/config.toml")) if parent.is_dir() else ():
        run = Run(path.parent)
        if run.is_there and files.drafted(run.path) is None:
            yield run


def find_run(name: str | None, parent: Path | None = None) -> Run:
    """The run with this folder, or this name in `parent`; for None the one saved last. Raises GanError."""
    if name is None:
        return _newest()
    for path in (Path(name).expanduser(), (parent or home()) / name):
        if Run(path).is_there:
            return Run(_by_name(path))
    names = [run.name for run in runs_in(parent or home())]
    hint = f"There are: {', '.join(map(clean, names[-5:]))}." if names else "Train one first: gan train"
    raise GanError(f"There is no run or checkpoint '{clean(name)}'.", hint)


def find_checkpoint(name: str | None) -> Path:
    """The checkpoint file that RUN|CKPT means: a file, or the newest whole one of a run; raises GanError."""
    path = _file(name)
    return path or find_run(name).latest()


def open_checkpoint(name: str | None) -> "Checkpoint":
    """The checkpoint that RUN|CKPT means, open: a file, or the newest whole one of a run; raises GanError."""
    from gancli.runs.checkpoint import Checkpoint

    path = _file(name)
    return Checkpoint(path) if path else find_run(name).open_latest()


def find_header(name: str | None) -> "Header":
    """The header of the checkpoint that RUN|CKPT means, without reading its tensors; raises GanError."""
    from gancli.runs.checkpoint import read_header

    path = _file(name)
    return read_header(path) if path else find_run(name).header()


def run_of(checkpoint: Path) -> Run | None:
    """The run whose folder a checkpoint, or the target of a link to it, lies in; None where there is none."""
    for path in (checkpoint.absolute(), checkpoint.resolve()):
        run = Run(_by_name(path.parent.parent))
        if run.is_there:
            return run
    return None


def _by_name(folder: Path) -> Path:
    """The folder with its own name as the last part of the path, which `.` and `..` do not have."""
    return folder if folder.name not in {"", ".."} else folder.resolve()


def _file(name: str | None) -> Path | None:
    path = Path(name).expanduser() if name is not None else None
    return path if path is not None and path.is_file() else None


def _newest() -> Run:
    times = {run: run.last_saved() for run in runs_in(home())}
    newest = max(times, key=lambda run: times[run], default=None)
    if newest is None or not times[newest]:
        raise GanError(f"There is no run with a checkpoint in {clean(home())}.", "Train one first: gan train")
    return newest


def _number(path: Path) -> int:
    match = re.match(r"\d+", path.name)
    return int(match[0]) if match else 0
