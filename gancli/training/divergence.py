"""Training that is no longer finite: noticed without waiting for the device, and taken back to a checkpoint."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.utils import get_total_norm

from gancli.base.errors import DivergedError, GanError
from gancli.base.text import clean, plural
from gancli.runs.checkpoint import Checkpoint
from gancli.runs.saver import Saver
from gancli.telemetry.ticks import Event, Kind
from gancli.training.state import TrainingState

MOVES = ("loss_", "grad_")
"""Statistics of every move: sums on the device, in which one bad value stays until it is read at a tick."""


def in_statistics(means: Mapping[str, float]) -> str | None:
    """The first loss or gradient norm that is not finite, by name."""
    return next((name for name, mean in means.items() if name.startswith(MOVES) and not math.isfinite(mean)), None)


@torch.no_grad()
def in_tensors(tensors: Mapping[str, Tensor]) -> str | None:
    """The first tensor with something in it that is not finite, by name; one transfer where all are."""
    floats = {name: wide for name, tensor in tensors.items() if (wide := _wide(tensor)) is not None and wide.numel()}
    if not floats or bool(get_total_norm(floats.values()).isfinite()):
        return None
    # What is finite may have a norm that is not.
    return next((name for name, tensor in floats.items() if not bool(tensor.isfinite().all())), None)


def _wide(tensor: Tensor) -> Tensor | None:
    """The numbers of a tensor in a type that norms are taken of; None where all of its numbers are finite."""
    if tensor.is_complex():
        return torch.view_as_real(tensor)
    if not tensor.is_floating_point():
        return None
    return tensor.float() if tensor.element_size() == 1 else tensor


def go_back(state: TrainingState, saver: Saver | None, name: str) -> Event:
    """Continue from the newest checkpoint, with new noise and the rate that `rollback_factor` leaves.

    name: what is not finite. Raises DivergedError where there is no checkpoint, or it was done often enough.
    """
    step, seconds, count = state.step, state.seconds, state.rollbacks + 1
    checkpoint = _newest(saver) if count <= state.settings.rollbacks else None
    if checkpoint is None:
        raise DivergedError(_what_happened(state, name), _what_to_change(state))
    with checkpoint:
        state.restore(checkpoint)
    # The time is gone; all the rest is as it was.
    state.seconds, state.rollbacks = seconds, count
    state.renew_noise()
    left = plural(state.settings.rollbacks - count, "more time")
    text = f"{clean(name)} was no longer finite at step {step:,}: back to step {state.step:,} with new noise"
    return Event(Kind.ROLLBACK, checkpoint.path, text=f"{text}; {left} at most")


def _newest(saver: Saver | None) -> Checkpoint | None:
    """The newest whole checkpoint, open, once what is being written is on the disk; None where there is none."""
    if saver is None:
        return None
    saver.wait()
    try:
        return saver.run.open_latest()
    except GanError:
        return None


def _what_happened(state: TrainingState, name: str) -> str:
    before = f", after {plural(state.rollbacks, 'return')} to a checkpoint" if state.rollbacks else ""
    return f"Training diverged at step {state.step:,}: {clean(name)} is no longer finite{before}."


def _what_to_change(state: TrainingState) -> str:
    rate = state.settings.optim.lr * state.settings.rollback_factor**state.rollbacks
    precise = ", --precision fp32" if state.dtype is not torch.float32 else ""
    steadier = " or a steadier loss (--loss wgan-gp)" if state.loss.name != "wgan-gp" else ""
    return f"Try a lower rate (--optim.lr {rate / 4:.2g}){precise}{steadier}."
