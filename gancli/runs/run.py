"""A run: the folder with everything that one training left behind."""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli

from gancli.base import files
from gancli.base.errors import GanError, UsageError
from gancli.base.text import clean
from gancli.runs import lock
from gancli.runs.lock import Lock

if TYPE_CHECKING:
    from gancli.runs.checkpoint import Checkpoint, Header

HOME = "runs"
LOCK = "lock"
SUFFIX = ".safetensors"
ASIDE = "aside"
PARTS = ("arch", "loss", "data")
"""Tables that the settings of every run have."""


class DamageWarning(UserWarning):
    """A file of a run is not what was written; another is taken in its place."""


@dataclass(frozen=True)
class Run:
    """A run folder and the names of what is in it."""

    path: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def config(self) -> Path:
        """The settings, which alone reproduce the run."""
        return self.path / "config.toml"

    @property
    def settings(self) -> dict[str, Any]:
        """What is in it; empty where it cannot be read."""
        try:
            return tomli.loads(self.config.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    @property
    def is_there(self) -> bool:
        """Whether the folder is a run's: others have a config.toml too, without such settings or checkpoints."""
        if not self.config.is_file():
            return False
        settings = self.settings
        return all(isinstance(settings.get(part), dict) for part in PARTS) or bool(self.checkpoints())

    @property
    def metrics(self) -> Path:
        """One JSON object a tick."""
        return self.path / "metrics.jsonl"

    @property
    def evaluations(self) -> Path:
        """One JSON object an evaluation."""
        return self.path / "evaluations.jsonl"

    @property
    def comparison(self) -> Path:
        """Real images beside generated ones, made at the end."""
        return self.path / "real-and-generated.png"

    @property
    def real(self) -> Path:
        """A grid of real images."""
        return self.path / "real.png"

    @property
    def log(self) -> Path:
        """What happened, in words."""
        return self.path / "log.txt"

    @property
    def state(self) -> str:
        """`training`, `finished`, `stopped`, `crashed`, `diverged` or `failed`."""
        return lock.state(self.path / LOCK)

    def lock(self) -> AbstractContextManager[Lock]:
        """Keep others from training here meanwhile; raises GanError where another process does."""
        return lock.locked(self.path / LOCK)

    def samples(self) -> list[Path]:
        """All grids of samples, oldest first."""
        return sorted((self.path / "samples").glob("step-*.png"), key=_step)

    def thin_samples(self, most: int) -> None:
        """Delete grids where they lie closest, never the first or the newest, until so many are left."""
        kept = self.samples()
        while len(kept) > max(most, 2):
            gaps = [_step(after) - _step(before) for before, after in zip(kept, kept[2:], strict=False)]
            with suppress(OSError):
                kept.pop(1 + gaps.index(min(gaps))).unlink()

    def sample(self, step: int) -> Path:
        """The grid of samples of a step."""
        return self.path / "samples" / f"step-{step:08d}.png"

    def checkpoint(self, step: int) -> Path:
        """The checkpoint of a step."""
        return self.path / "checkpoints" / f"step-{step:08d}{SUFFIX}"

    @property
    def best(self) -> Path:
        """A link to the checkpoint that an evaluation liked best; it is kept, however old."""
        return self.path / "checkpoints" / f"best{SUFFIX}"

    def checkpoints(self) -> list[Path]:
        """All checkpoints, oldest first."""
        return sorted((self.path / "checkpoints").glob(f"step-*{SUFFIX}"), key=_step)

    def last_saved(self) -> int:
        """When its newest checkpoint was written, in nanoseconds; 0 where there is none."""
        return max(map(files.changed, self.checkpoints()), default=0)

    def latest(self) -> Path:
        """The newest whole checkpoint, as `open_latest` finds it."""
        with self.open_latest() as checkpoint:
            return checkpoint.path

    def open_latest(self) -> "Checkpoint":
        """The newest whole checkpoint, all of whose bytes are checked, open.

        Warns of each damaged one; raises GanError where there is none.
        """
        paths = self.checkpoints()
        for path in reversed(paths):
            try:
                return _opened_whole(path)
            except GanError as error:
                warnings.warn(f"{error.message} The checkpoint before it is taken.", DamageWarning, stacklevel=2)
        if paths:
            raise GanError(f"No checkpoint of run {clean(self.name)} is whole.", "Train anew: gan train")
        raise GanError(f"Run {clean(self.name)} has no checkpoint yet.", "Let it train until its first one.")

    def header(self) -> "Header":
        """The header of the newest checkpoint that has one, whose tensors nobody reads; raises GanError without."""
        from gancli.runs.checkpoint import read_header

        for path in reversed(self.checkpoints()):
            with suppress(GanError):
                return read_header(path)
        raise GanError(
            f"Run {clean(self.name)} has no checkpoint that can be read.", "Let it train until its first one."
        )

    def mark_best(self, path: Path) -> None:
        """Link `best` to one of the checkpoints; raises OSError where a file system has no links."""
        temporary = self.best.with_name(f".{self.best.name}.tmp")
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(path.name)
        temporary.replace(self.best)

    def prune(self, keep: int) -> None:
        """Delete all checkpoints but the newest, `keep` of them and two at least, and the best."""
        best = self.best.resolve().name
        for path in self.checkpoints()[: -max(keep, 2)]:
            if path.name != best:
                with suppress(OSError):
                    path.unlink()

    def tidy(self, step: int) -> None:
        """Clear what a killed process left, and put what is of beyond the step where the run goes on aside.

        It is damaged, or of a way that was left; only who holds the lock may.
        """
        for folder in (self.path, self.path / "samples", self.path / "checkpoints"):
            files.remove_stale(folder)
        for path in [*self.checkpoints(), *self.samples()]:
            if _step(path) > step:
                aside = path.parent / ASIDE
                aside.mkdir(exist_ok=True)
                path.replace(aside / path.name)

    def write_config(self, text: str) -> None:
        """Write down the settings; raises GanError."""
        files.write_text(self.config, text)

    def make(self, *, again: bool = False) -> None:
        """Make the folder; raises UsageError where one is there, unless it is to be begun `again`, and GanError."""
        try:
            self.path.mkdir(parents=True, exist_ok=again)
            (self.path / "samples").mkdir(exist_ok=again)
            (self.path / "checkpoints").mkdir(exist_ok=again)
        except FileExistsError:
            raise UsageError(
                f"There is a run {clean(self.path)} already.", "Choose another --name, or --resume it."
            ) from None
        except OSError as error:
            raise GanError(f"No run folder can be made at {clean(self.path)}: {error.strerror}.") from error

    def delete(self) -> None:
        """Delete the folder; raises GanError where somebody trains in it, or it cannot be deleted."""
        with self.lock():
            try:
                files.delete_folder(self.path)
            except OSError as error:
                raise GanError(f"{clean(self.path)} cannot be deleted: {error.strerror}.") from error


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
    """Raise UsageError for what cannot be a folder of its own."""
    if not name or name in {".", ".."} or Path(name).name != name:
        raise UsageError(f"A run cannot be named '{clean(name)}'.", "A name is one folder, without slashes.")


def runs_in(parent: Path) -> Iterator[Run]:
    """The runs in a folder."""
    for path in sorted(parent.glob("*/config.toml")) if parent.is_dir() else ():
        run = Run(path.parent)
        if run.is_there and files.drafted(run.path) is None:
            yield run


def find_run(name: str | None, parent: Path | None = None) -> Run:
    """A run by folder or by its name in one of runs; the one trained last when None; raises GanError."""
    if name is None:
        return _newest()
    for path in (Path(name).expanduser(), (parent or home()) / name):
        if Run(path).is_there:
            return Run(_by_name(path))
    known = [run.name for run in runs_in(parent or home())]
    hint = f"There are: {', '.join(map(clean, known[-5:]))}." if known else "Train one first: gan train"
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
    """The run that a checkpoint lies in, or that which a link to it leads to, if it does."""
    for path in (checkpoint.absolute(), checkpoint.resolve()):
        run = Run(_by_name(path.parent.parent))
        if run.is_there:
            return run
    return None


def _by_name(folder: Path) -> Path:
    """The same folder by a path that ends with its name: `.` and `..` do not."""
    return folder if folder.name not in {"", ".."} else folder.resolve()


def _file(name: str | None) -> Path | None:
    path = Path(name).expanduser() if name is not None else None
    return path if path is not None and path.is_file() else None


def _opened_whole(path: Path) -> "Checkpoint":
    from gancli.runs.checkpoint import Checkpoint

    checkpoint = Checkpoint(path)
    try:
        checkpoint.verify()
    except BaseException:
        checkpoint.close()
        raise
    return checkpoint


def _newest() -> Run:
    times = {run: run.last_saved() for run in runs_in(home())}
    newest = max(times, key=lambda run: times[run], default=None)
    if newest is None or not times[newest]:
        raise GanError(f"There is no run with a checkpoint in {clean(home())}.", "Train one first: gan train")
    return newest


def _step(path: Path) -> int:
    match = re.search(r"\d+", path.stem)
    return int(match[0]) if match else 0


def _number(path: Path) -> int:
    match = re.match(r"\d+", path.name)
    return int(match[0]) if match else 0
