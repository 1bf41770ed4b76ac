"""Trainings of a few steps on small artificial images."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from gancli.base.errors import GanError, UsageError
from gancli.config.config import Config
from gancli.config.layers import resolve
from gancli.data.images import Images
from gancli.plugins.registry import Entry
from gancli.runs.run import Run
from gancli.testing.contract import Broken
from gancli.testing.watch import watched
from gancli.training.trainer import Trainer

Size = tuple[int, int]
SMALL: tuple[Size, ...] = ((16, 16), (32, 32), (64, 64))


def pictures(size: Size = SMALL[0], channels: int = 1) -> Images:
    """Return 23 random images of two classes, 9 of A and 14 of B, which are darker."""
    labels = np.array([0] * 9 + [1] * 14)
    pixels = np.random.default_rng(0).integers(0, 256, (len(labels), channels, *size), dtype=np.uint8)
    return Images(pixels // (1 + labels[:, None, None, None].astype(np.uint8)), labels, ("A", "B"))


def trainer(
    arch: Entry,
    loss: Entry,
    values: Mapping[str, Any],
    *,
    steps: int = 2,
    conditional: bool = False,
    data: Images | None = None,
    folder: Path | None = None,
) -> Trainer:
    """Return a trainer of an architecture and a loss; raises GanError where one refuses the other."""
    names = {"arch.name": f"{arch.package}/{arch.name}", "loss.name": f"{loss.package}/{loss.name}"}
    fixed = {"steps": steps, "batch_size": 4, "device": "cpu", "conditional": conditional}
    settings = resolve([Config("check", {**names, **fixed, **values})]).settings
    run = None if folder is None else Run(folder)
    if run is not None and not run.path.exists():
        run.make()
    return Trainer(settings, data or pictures(), run)


def play(training: Trainer) -> Trainer:
    """Train to the end; raises Broken where a step reads a tensor on the host or a gradient is not finite."""
    with watched(training):
        list(training)
    for name, player in training.players.items():
        for key, parameter in player.parameters.items():
            if parameter.grad is not None and not parameter.grad.isfinite().all():
                raise Broken(f"The gradient of {key}, moved by {name}, is not finite. Look for sqrt, log or norm at 0.")
    return training


def accepted(arch: Entry, loss: Entry, values: Mapping[str, Any], **more: Any) -> Trainer | None:
    """Return a trainer of a pair, on the smallest images that it takes; None where one refuses the other."""
    for data in [more.pop("data")] if "data" in more else map(pictures, SMALL):
        try:
            return trainer(arch, loss, values, data=data, **more)
        except UsageError:
            continue
    return None


def resumes(training: Callable[..., Trainer]) -> None:
    """Raise Broken unless two steps, a save and two more steps give bit for bit what four steps give.

    training: called as `training(steps=, folder=)`, returns a trainer.
    """
    with folder() as parent:
        # A trainer seeds torch when it is made: each is made only when it is to train.
        straight = training(steps=4, folder=parent / "a")
        list(straight)
        list(training(steps=2, folder=parent / "b"))
        second = training(steps=4, folder=parent / "b")
        second.resume(Run(parent / "b").latest())
        list(second)
    whole, parts = straight.tensors(), second.tensors()
    if whole.keys() != parts.keys():
        raise Broken(f"A resumed run lacks {sorted(whole.keys() ^ parts.keys())[0]}. Keep state in game.state.")
    for name, tensor in whole.items():
        if not torch.equal(tensor, parts[name]):
            raise Broken(
                f"A resumed run differs in {name}. Keep state in game.state or in buffers, and draw all "
                "random numbers from torch or game.noise."
            )


@contextmanager
def folder() -> Iterator[Path]:
    """Give a temporary folder, which is deleted at the end of the `with`."""
    with TemporaryDirectory() as name:
        yield Path(name)


def refusal(arch: Entry, loss: Entry, values: Mapping[str, Any]) -> GanError | None:
    """Return the error with which an architecture and a loss refuse each other; None where they do not."""
    try:
        trainer(arch, loss, values)
    except GanError as error:
        return error
    return None
