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

from gancli.base.errors import GanError, UsageError
from gancli.base.files import remove_stale, write_text
from gancli.base.text import clean
from gancli.runs import lock
from gancli.runs.lock import Lock

if TYPE_CHECKING:
    from gancli.runs.checkpoint import Checkpoint, Header

HOME = "runs"
LOCK = "lock"
SUFFIX = ".safetensors"
ASIDE = "aside"


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
            remove_stale(folder)
        for path in [*self.checkpoints(), *self.samples()]:
            if _step(path) > step:
                aside = path.parent / ASIDE
                aside.mkdir(exist_ok=True)
                path.replace(aside / path.name)

    def write_config(self, text: str) -> None:
        """Write down the settings; raises GanError."""
        write_text(self.config, text)

    def make(self, *, again: bool = False) -> None:
        """Make the folder; raises GanError rather than touch one that is there, unless it is to be begun `again`."""
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
    while (parent / f"{number:04d}-{label}").exists():
        number += 1
    run = Run(parent / f"{number:04d}-{label}")
    run.make()
    return run


def check_name(name: str) -> None:
    """Raise UsageError for what cannot be a folder of its own."""
    if not name or name in {".", ".."} or Path(name).name != name:
        raise UsageError(f"A run cannot be named '{clean(name)}'.", "A name is one folder, without slashes.")


def runs_in(parent: Path) -> Iterator[Run]:
    """The runs in a folder."""
    if parent.is_dir():
        yield from (Run(path.parent) for path in sorted(parent.glob("*/config.toml")))


def find_run(name: str | None, parent: Path | None = None) -> Run:
    """A run by folder or by its name in one of runs; the one trained last when None; raises GanError."""
    if name is None:
        return _newest()
    for path in (Path(name).expanduser(), (parent or home()) / name):
        if (path / "config.toml").is_file():
            return Run(path)
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
    """The run that a checkpoint lies in, if it does."""
    folder = checkpoint.resolve().parent.parent
    return Run(folder) if (folder / "config.toml").is_file() else None


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
    found = [run for run in runs_in(home()) if run.checkpoints()]
    if not found:
        raise GanError(f"There is no run with a checkpoint in {clean(home())}.", "Train one first: gan train")
    return max(found, key=lambda run: run.checkpoints()[-1].stat().st_mtime_ns)


def _step(path: Path) -> int:
    match = re.search(r"\d+", path.stem)
    return int(match[0]) if match else 0


def _number(path: Path) -> int:
    match = re.match(r"\d+", path.name)
    return int(match[0]) if match else 0
