"""Which run `gan train` trains: a new one, or one that is there, continued from its newest whole checkpoint."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gancli.base.errors import GanError, UsageError
from gancli.base.text import clean
from gancli.config import parts, toml
from gancli.config.config import Config, Resolved, flatten
from gancli.config.layers import LENGTHS, defaults
from gancli.plugins.registry import require
from gancli.runs import run
from gancli.runs.lock import Lock
from gancli.runs.run import Run

if TYPE_CHECKING:
    from gancli.data.images import Images
    from gancli.runs.checkpoint import Header
    from gancli.training.trainer import Trainer

AUTO = "auto"
HARMLESS = LENGTHS | {
    "checkpoint_every",
    "sample_every",
    "eval_every",
    "log_every",
    "keep",
    "keep_samples",
    "log",
    "rollbacks",
    "data.source",
    "data.root",
    "data.workers",
    "data.cache_limit",
    "data.download",
    "conditional",
}
"""Settings that may change when a run is resumed, and leave its weights the same, bit for bit.

Where the images lie is among them: whether they are the same ones is seen in the images.
"""


@dataclass(frozen=True)
class Return:
    """A run to continue, and the checkpoint that was asked for, None for the newest."""

    run: Run
    asked: Path | None = None

    @property
    def checkpoint(self) -> Path | None:
        """Where it goes on; None where a run was stopped before its first checkpoint."""
        return self.asked or (self.run.latest() if self.run.checkpoints() else None)


def parent_of(given: Mapping[str, Any]) -> Path:
    """The folder of the run's folder."""
    return Path(given["out"]) if given.get("out") else run.home()


def meant(given: Mapping[str, Any]) -> Return | None:
    """What --resume means: a run, a checkpoint in one, or with `auto` the run named by --name if it is there."""
    name = given.get("resume")
    if name == AUTO:
        return _named(parent_of(given), given.get("name"))
    if not name:
        return None
    if given.get("name"):
        raise UsageError("--resume says which run goes on, and --name what a new one is called.", "Give one of them.")
    path = Path(name).expanduser()
    if not path.is_file():
        found = run.find_run(name, parent_of(given))
        if not found.checkpoints():
            raise _nothing_to_continue(found)
        return Return(found)
    home = run.run_of(path)
    if home is None:
        hint = f"Begin one with its settings: gan train --config {clean(path)}"
        raise UsageError(f"{clean(path)} lies in no run that could go on.", hint)
    return Return(home, path)


def _named(parent: Path, name: str | None) -> Return | None:
    if not name:
        raise UsageError("--resume auto needs the --name of the run to begin or continue.")
    run.check_name(name)
    found = Run(parent / name)
    if not found.path.exists():
        return None
    foreign = {path.name for path in found.path.iterdir()} - {"samples", "checkpoints", "lock"}
    if foreign and not found.is_there:
        raise UsageError(f"{clean(found.path)} is there, and is no run.", "Choose another --name.")
    return Return(found)


def resumed_layer(given: Mapping[str, Any]) -> list[Config]:
    """The settings of the run that --resume means, as a layer; none where there is no checkpoint."""
    from gancli.runs.checkpoint import read_header

    back = meant(given)
    for path in reversed([back.asked] if back and back.asked else back.run.checkpoints() if back else []):
        # Whether the rest of the file is whole is looked at when the run is held.
        with suppress(GanError):
            header = read_header(path)
            break
    else:
        return []
    require(header.packages, "architecture", "loss")
    return [Config.nested("resumed run", header.settings)]


@contextmanager
def opened(
    resolved: Resolved, images: "Images", given: Mapping[str, Any], label: str
) -> "Iterator[tuple[Trainer, Lock]]":
    """A trainer whose run is held: begun anew, or where its checkpoint is; raises GanError where it cannot be had."""
    from gancli.training.trainer import Trainer

    back = meant(given)
    if back is None:
        trainer = Trainer(resolved.settings, images)
        made = run.new_run(parent_of(given), label, given["name"])
    else:
        made = back.run
        made.make(again=True)
    with made.lock() as lock:
        if back is not None:
            trainer = _continued(resolved, images, back, auto=given["resume"] == AUTO)
        trainer.run = made
        made.tidy(trainer.step)
        if not trainer.step or made.settings != resolved.settings.document():
            made.write_config(toml.to_toml(resolved))
        yield trainer, lock


def _continued(resolved: Resolved, images: "Images", back: Return, *, auto: bool) -> "Trainer":
    """A trainer where the run stands; says what is not as it was, and raises UsageError where that is too much."""
    from gancli.runs.checkpoint import read_header
    from gancli.training.trainer import Trainer

    path, name = back.checkpoint, back.run.name
    if path is None and not auto:
        raise _nothing_to_continue(back.run)
    if path is None:
        return Trainer(resolved.settings, images)
    header = read_header(path)
    _check(resolved, images, header, name)
    trainer = Trainer(resolved.settings, images)
    trainer.resume(path)
    for difference in _differences(resolved, images, header, trainer):
        click.echo(f"Note: {difference}: the run will differ from one that never stopped.", err=True)
    if (trainer.progress or 0) >= 1 and not auto:
        raise UsageError(
            f"Run {clean(name)} is finished at step {trainer.step:,}.", "Give it a longer --steps or --time."
        )
    return trainer


def _nothing_to_continue(chosen: Run) -> GanError:
    return GanError(f"Run {clean(chosen.name)} has no checkpoint to continue from.", "Train anew: gan train")


def _check(resolved: Resolved, images: "Images", header: "Header", name: str) -> None:
    from gancli.architectures.contract import Architecture

    changed = _changed(resolved, header)
    if fixed := [key for key in changed if key.startswith("arch.")]:
        key = "arch.name" if "arch.name" in fixed else fixed[0]
        was, now = changed[key]
        raise UsageError(
            f"Run {clean(name)} was trained with {key} = {clean(was)}, not {clean(now)}.",
            "Leave that out, or start a new run.",
        )
    arch, asked = resolved.settings.arch, resolved.settings.conditional
    assert isinstance(arch, Architecture)
    if arch.is_conditional(asked, len(images.classes)) is not header.conditional:
        told = "with its classes" if header.conditional else "without classes"
        raise UsageError(f"Run {clean(name)} was trained {told}.", "Leave --conditional out, or start a new run.")
    if images.spec != header.spec:
        raise UsageError(f"The images are not of the size, channels and classes that {clean(name)} was trained on.")


def _changed(resolved: Resolved, header: "Header") -> dict[str, tuple[Any, Any]]:
    """The settings that the checkpoint has otherwise: what they were, and what they are."""
    now = flatten(resolved.settings.document())
    was = flatten(header.settings)
    known = defaults({slot.part: type(getattr(resolved.settings, slot.part)) for slot in parts.PARTS})
    # What the checkpoint lacks was unset, or is newer than it: then it was as its default is.
    new = {key for key in now.keys() - was.keys() if known.get(key) is not None}
    both = {key: (was.get(key, "unset"), now.get(key, "unset")) for key in (was | now).keys() - new}
    return {key: (before, after) for key, (before, after) in both.items() if before != after}


def _differences(resolved: Resolved, images: "Images", header: "Header", trainer: "Trainer") -> Iterator[str]:
    """All that keeps a resumed run from being, bit for bit, the run that never stopped."""
    from gancli.training.state import machine

    changed = _changed(resolved, header)
    for key in sorted(set(changed) - HARMLESS):
        was, now = changed[key]
        yield f"{key} was {clean(was)} and is {clean(now)}"
    if not images.is_known_as(header.data.fingerprint):
        yield "the images are not those it was trained on"
    here = machine(trainer.device)
    if header.machine not in {"", here}:
        yield f"it ran on {clean(header.machine)} and runs on {clean(here)}"
