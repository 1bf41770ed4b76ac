"""Training that is no longer finite: found without waiting for the device, and taken back to a checkpoint."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.utils import get_total_norm

from gancli.base.errors import DivergedError, GanError
from gancli.base.text import clean, plural
from gancli.compute import randomness
from gancli.telemetry.ticks import Event
from gancli.training import state

if TYPE_CHECKING:
    from gancli.training.trainer import Trainer

MOVES = ("loss_", "grad_")
"""Statistics of every move: sums on the device, in which one bad value stays until it is read at a tick."""


def in_statistics(means: Mapping[str, float]) -> str | None:
    """The first loss or gradient norm that is not finite, by name."""
    return next((name for name, mean in means.items() if name.startswith(MOVES) and not math.isfinite(mean)), None)


@torch.no_grad()
def in_tensors(tensors: Mapping[str, Tensor]) -> str | None:
    """The first tensor with something in it that is not finite, by name; one transfer where all are."""
    floats = {name: tensor for name, tensor in tensors.items() if tensor.is_floating_point() and tensor.numel()}
    if not floats or bool(get_total_norm(floats.values()).isfinite()):
        return None
    # What is finite may have a norm that is not.
    return next((name for name, tensor in floats.items() if not bool(tensor.isfinite().all())), None)


def go_back(trainer: "Trainer", what: str) -> Event:
    """Continue from the newest checkpoint, with new noise and the rate that `rollback_factor` leaves.

    Raises DivergedError where there is none, or it was done often enough.
    """
    step, count = trainer.step, trainer.rollbacks + 1
    path = _way_back(trainer) if count <= trainer.settings.rollbacks else None
    if path is None:
        raise DivergedError(_what_happened(trainer, what), _what_to_change(trainer))
    # The time is gone; all the rest is as it was.
    seconds = trainer.seconds
    state.restore(trainer, path)
    trainer.seconds, trainer.rollbacks = seconds, count
    # Its state, and not another: augmentations draw from it too.
    renewed = randomness.renewed(trainer.settings.seed, count, trainer.device)
    trainer.game.generator.set_state(renewed.get_state())
    left = plural(trainer.settings.rollbacks - count, "more time")
    text = f"{clean(what)} was no longer finite at step {step:,}: back to step {trainer.step:,} with new noise"
    return Event("rollback", path, text=f"{text}; {left} at most")


def _way_back(trainer: "Trainer") -> Path | None:
    if trainer.run is None or trainer.saver is None:
        return None
    trainer.saver.wait()
    try:
        return trainer.run.latest()
    except GanError:
        return None


def _what_happened(trainer: "Trainer", what: str) -> str:
    before = f", after {plural(trainer.rollbacks, 'return')} to a checkpoint" if trainer.rollbacks else ""
    return f"Training diverged at step {trainer.step:,}: {clean(what)} is no longer finite{before}."


def _what_to_change(trainer: "Trainer") -> str:
    rate = trainer.settings.optim.lr * trainer.settings.rollback_factor**trainer.rollbacks
    precise = ", --precision fp32" if trainer.dtype is not torch.float32 else ""
    steadier = " or a steadier loss (--loss wgan-gp)" if trainer.loss.name != "wgan-gp" else ""
    return f"Try a lower rate (--optim.lr {rate / 4:.2g}){precise}{steadier}."
