"""A run: the folder with everything that one training left behind."""

import re
import warnings
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

LOCK = "lock"
SUFFIX = ".safetensors"
ASIDE = "aside"
PARTS = ("arch", "loss", "data")
"""Tables that the settings of every run have."""


class DamageWarning(UserWarning):
    """A file of a run is damaged, and another is used instead."""


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
        """The settings in config.toml as nested dicts; empty where they cannot be read."""
        try:
            return tomli.loads(self.config.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    @property
    def is_there(self) -> bool:
        """Whether this folder is a run: its config.toml has a run's tables, or it holds checkpoints."""
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
        """A context that keeps other processes from training here; raises GanError where one already does."""
        return lock.locked(self.path / LOCK)

    def samples(self) -> list[Path]:
        """All grids of samples, oldest first."""
        return sorted((self.path / "samples").glob("step-*.png"), key=_step)

    def thin_samples(self, most: int) -> None:
        """Delete grids of samples until `most` are left, the closest in steps first, never the first or newest."""
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
        """The link to the checkpoint with the best evaluation, which is never pruned."""
        return self.path / "checkpoints" / f"best{SUFFIX}"

    def checkpoints(self) -> list[Path]:
        """All checkpoints, oldest first."""
        return sorted((self.path / "checkpoints").glob(f"step-*{SUFFIX}"), key=_step)

    def last_saved(self) -> int:
        """When its newest checkpoint was written, in nanoseconds; 0 where there is none."""
        return max(map(files.changed, self.checkpoints()), default=0)

    def latest(self) -> Path:
        """The path of the newest undamaged checkpoint; warns and raises as `open_latest` does."""
        with self.open_latest() as checkpoint:
            return checkpoint.path

    def open_latest(self) -> "Checkpoint":
        """Open the newest undamaged checkpoint, all of whose bytes are checked.

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
        """The header of the newest checkpoint that has a readable one, tensors unchecked; raises GanError."""
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
        """Delete all checkpoints but the newest `keep`, at least two, and the best one."""
        best = self.best.resolve().name
        for path in self.checkpoints()[: -max(keep, 2)]:
            if path.name != best:
                with suppress(OSError):
                    path.unlink()

    def tidy(self, step: int) -> None:
        """Delete what a killed process left, and move checkpoints and samples of later steps into a folder `aside`.

        step: where the run goes on. Later files are damaged or abandoned. Only the holder of the lock may call this.
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
        """Make the folder; raises UsageError where it exists, unless `again`, and GanError where it cannot be made."""
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


def _opened_whole(path: Path) -> "Checkpoint":
    from gancli.runs.checkpoint import Checkpoint

    checkpoint = Checkpoint(path)
    try:
        checkpoint.verify()
    except BaseException:
        checkpoint.close()
        raise
    return checkpoint


def _step(path: Path) -> int:
    match = re.search(r"\d+", path.stem)
    return int(match[0]) if match else 0
