"""Which run `gan train` trains: a new one, or an existing one that continues from its newest whole checkpoint."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gancli.base.errors import GanError, UsageError
from gancli.base.text import clean
from gancli.config import toml
from gancli.config.config import Config, Resolved, flatten
from gancli.config.layers import LENGTHS, defaults_of
from gancli.config.parts import PARTS
from gancli.plugins.registry import require
from gancli.runs import finding
from gancli.runs.lock import Lock
from gancli.runs.run import Run

if TYPE_CHECKING:
    from gancli.data.images import Images
    from gancli.runs.checkpoint import Checkpoint, Header
    from gancli.training.state import TrainingState
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
"""Settings that may change when a run is resumed without changing its weights by a bit.

The place of the images is among them: whether they are the same images is checked by their pixels.
"""


@dataclass(frozen=True)
class Resumed:
    """A run to continue, and the checkpoint to continue from: `asked`, or the newest for None."""

    run: Run
    asked: Path | None = None

    def header(self) -> "Header | None":
        """Return the header of the checkpoint to continue from, even if its tensors are damaged; None without one."""
        from gancli.runs.checkpoint import read_header

        with suppress(GanError):
            return read_header(self.asked) if self.asked else self.run.header()
        return None

    def open(self) -> "Checkpoint | None":
        """Open the checkpoint to continue from; returns None if the run was stopped before its first one."""
        from gancli.runs.checkpoint import Checkpoint

        if self.asked:
            return Checkpoint(self.asked)
        return self.run.open_latest() if self.run.checkpoints() else None


def parent_of(words: Mapping[str, Any]) -> Path:
    """Return the folder that holds the folders of runs: --out, or the usual one."""
    return Path(words["out"]) if words.get("out") else finding.home()


def resumed_run(words: Mapping[str, Any]) -> Resumed | None:
    """Return the run that --resume names, by itself or by a checkpoint in it; with `auto` the one of --name, if any.

    Raises GanError where it cannot be continued.
    """
    name = words.get("resume")
    if name == AUTO:
        return _named(parent_of(words), words.get("name"))
    if not name:
        return None
    if words.get("name"):
        raise UsageError("--resume says which run goes on, and --name what a new one is called.", "Give one of them.")
    path = Path(name).expanduser()
    if not path.is_file():
        stopped = finding.find_run(name, parent_of(words))
        if not stopped.checkpoints():
            raise _nothing_to_continue(stopped)
        return Resumed(stopped)
    home = finding.run_of(path)
    if home is None:
        hint = f"Begin one with its settings: gan train --config {clean(path)}"
        raise UsageError(f"{clean(path)} lies in no run that could go on.", hint)
    return Resumed(home, path)


def _named(parent: Path, name: str | None) -> Resumed | None:
    if not name:
        raise UsageError("--resume auto needs the --name of the run to begin or continue.")
    finding.check_name(name)
    named = Run(parent / name)
    if not named.path.exists():
        return None
    foreign = {path.name for path in named.path.iterdir()} - {"samples", "checkpoints", "lock"}
    if foreign and not named.is_there:
        raise UsageError(f"{clean(named.path)} is there, and is no run.", "Choose another --name.")
    return Resumed(named)


def resumed_layers(resumed: Resumed | None) -> list[Config]:
    """Return the settings of the run to continue as a layer; no layer if it has no checkpoint."""
    # The tensors of the file are checked once the run is locked.
    header = resumed.header() if resumed else None
    if header is None:
        return []
    require(header.packages, "architecture", "loss")
    return [Config.nested("resumed run", header.settings)]


@contextmanager
def opened(
    resolved: Resolved, images: "Images", words: Mapping[str, Any], resumed: Resumed | None, label: str
) -> "Iterator[tuple[Trainer, Run, Lock]]":
    """Give the trainer of a new run or of one at its checkpoint, that run, and its lock, which is held meanwhile.

    Raises GanError where the networks cannot be trained or the run cannot be continued.
    """
    from gancli.training.state import TrainingState
    from gancli.training.trainer import Trainer

    settings = resolved.settings
    if resumed is None:
        # Before there is a folder: what cannot be trained leaves none behind.
        state = TrainingState.begin(settings, images)
        held = finding.new_run(parent_of(words), label, words["name"])
    else:
        held = resumed.run
        held.make(again=True)
    with held.lock() as lock:
        if resumed is not None:
            state = _continued(resolved, images, resumed, auto=words["resume"] == AUTO)
        trainer = Trainer(settings, images, held, state)
        held.tidy(trainer.step)
        if not trainer.step or held.settings != settings.document():
            held.write_config(toml.to_toml(resolved))
        yield trainer, held, lock


def _continued(resolved: Resolved, images: "Images", resumed: Resumed, *, auto: bool) -> "TrainingState":
    """Return the state at the run's checkpoint, and print a note on whatever changes the result.

    Raises UsageError where the run is finished, or cannot continue with these settings or images.
    """
    from gancli.training.length import Length
    from gancli.training.state import TrainingState

    checkpoint, name = resumed.open(), resumed.run.name
    if checkpoint is None and not auto:
        raise _nothing_to_continue(resumed.run)
    if checkpoint is None:
        return TrainingState.begin(resolved.settings, images)
    with checkpoint:
        header = checkpoint.header
        _check(resolved, images, header, name)
        state = TrainingState.begin(resolved.settings, images)
        state.restore(checkpoint)
    for difference in _differences(resolved, images, header, state):
        click.echo(f"Note: {difference}: the run will differ from one that never stopped.", err=True)
    if (Length(resolved.settings, len(images)).share(*state.place) or 0) >= 1 and not auto:
        raise UsageError(
            f"Run {clean(name)} is finished at step {state.step:,}.", "Give it a longer --steps or --time."
        )
    return state


def _nothing_to_continue(chosen: Run) -> GanError:
    return GanError(f"Run {clean(chosen.name)} has no checkpoint to continue from.", "Train anew: gan train")


def _check(resolved: Resolved, images: "Images", header: "Header", name: str) -> None:
    """Raise UsageError where the networks of the checkpoint are not those of these settings and images."""
    from gancli.architectures.contract import Architecture

    changed = _changed(resolved, header)
    if fixed := [key for key in changed if key.startswith("arch.")]:
        key = "arch.name" if "arch.name" in fixed else fixed[0]
        was, now = changed[key]
        raise UsageError(
            f"Run {clean(name)} was trained with {key} = {clean(was)}, not {clean(now)}.",
            "Leave that out, or start a new run.",
        )
    arch, asked = Architecture.checked(resolved.settings.arch), resolved.settings.conditional
    if arch.is_conditional(asked, len(images.classes)) is not header.conditional:
        conditioning = "with its classes" if header.conditional else "without classes"
        raise UsageError(
            f"Run {clean(name)} was trained {conditioning}.", "Leave --conditional out, or start a new run."
        )
    if images.spec != header.spec:
        raise UsageError(f"The images are not of the size, channels and classes that {clean(name)} was trained on.")


def _changed(resolved: Resolved, header: "Header") -> dict[str, tuple[Any, Any]]:
    """Return the settings that differ from those in the checkpoint, by dotted name, as (before, now)."""
    now = flatten(resolved.settings.document())
    was = flatten(header.settings)
    default_values = defaults_of({name: type(getattr(resolved.settings, name)) for name in PARTS})
    # What the checkpoint lacks was unset, or is newer than it: then it was as its default is.
    new = {key for key in now.keys() - was.keys() if default_values.get(key) is not None}
    both = {key: (was.get(key, "unset"), now.get(key, "unset")) for key in (was | now).keys() - new}
    return {key: (before, after) for key, (before, after) in both.items() if before != after}


def _differences(resolved: Resolved, images: "Images", header: "Header", state: "TrainingState") -> Iterator[str]:
    """Give each reason, in words, why a resumed run may differ from one that never stopped, by a bit or more."""
    from gancli.training.state import machine

    changed = _changed(resolved, header)
    for key in sorted(set(changed) - HARMLESS):
        was, now = changed[key]
        yield f"{key} was {clean(was)} and is {clean(now)}"
    if state.device.type == "cuda" and not resolved.settings.deterministic:
        yield "CUDA adds in no fixed order without --deterministic"
    if not images.is_known_as(header.data.fingerprint):
        yield "the images are not those it was trained on"
    here = machine(state.device)
    if header.machine not in {"", here}:
        yield f"it ran on {clean(header.machine)} and runs on {clean(here)}"
