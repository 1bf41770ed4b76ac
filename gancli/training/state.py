"""What a run continues from: everything that decides its next step, out of a trainer and back into it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy
import torch
from torch import Tensor

from gancli.base.errors import GanError
from gancli.base.text import clean
from gancli.compute import randomness
from gancli.compute.device import describe
from gancli.config.layers import LENGTHS
from gancli.generation.weights import load_state
from gancli.plugins.registry import registry
from gancli.runs import checkpoint
from gancli.runs.checkpoint import Header, Position, Schedule
from gancli.training.players import state_tensors

if TYPE_CHECKING:
    from gancli.training.trainer import Trainer


def tensors(trainer: "Trainer") -> dict[str, Tensor]:
    """Every tensor, by its name in a checkpoint; they are the trainer's own, not copies."""
    found = state_tensors("", trainer.networks) | state_tensors("", trainer.average.networks, "_ema")
    for name, player in trainer.players.items():
        found |= {f"optim.{name}/{key}": tensor for key, tensor in player.tensors().items()}
    found |= {f"state.{name}": tensor for name, tensor in trainer.game.states.items()}
    streams = randomness.capture(trainer.device, trainer.game.generator)
    return found | {f"rng.{name}": tensor for name, tensor in streams.items()}


def header(trainer: "Trainer") -> Header:
    """The rest, and what it takes to rebuild the networks."""
    return Header(
        settings=trainer.settings.document(),
        spec=trainer.data.spec,
        conditional=trainer.conditional,
        step=trainer.step,
        images_seen=trainer.game.images,
        seconds=trainer.seconds,
        data=Position(
            positions=trainer.source.positions(), fingerprint=trainer.data.fingerprint, count=len(trainer.data)
        ),
        optim=Schedule(horizon=trainer.horizon, rollbacks=trainer.rollbacks),
        packages=_packages(trainer),
        torch=torch.__version__,
        machine=machine(trainer.device),
        metrics=trainer.metrics,
    )


def restore(trainer: "Trainer", path: Path) -> Header:
    """Continue from a checkpoint, bit for bit on the same machine; raises GanError where it does not fit."""
    header = checkpoint.read_header(path)
    found = checkpoint.load(path, header)
    for name, module in trainer.networks.items():
        load_state(module, checkpoint.part(found, f"{name}."), path)
    for name, module in trainer.average.networks.items():
        load_state(module, checkpoint.part(found, f"{name}_ema."), path)
    try:
        _continue(trainer, header, found)
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError, OverflowError) as error:
        fault = clean(f"{type(error).__name__}: {error}")[:120]
        raise GanError(f"{clean(path)} holds nothing that a run can continue from ({fault}).") from error
    return header


def _continue(trainer: "Trainer", header: Header, found: dict[str, Tensor]) -> None:
    if header.settings["optim"]["algorithm"] == trainer.settings.optim.algorithm:
        for name, player in trainer.players.items():
            player.restore(checkpoint.part(found, f"optim.{name}/"))
    trainer.game.states = {k: v.to(trainer.device) for k, v in checkpoint.part(found, "state.").items()}
    trainer.step, trainer.seconds = header.step, header.seconds
    trainer.game.images = trainer.average.images = header.images_seen
    trainer.source.seek(header.data.positions)
    trainer.horizon = header.optim.horizon if _is_as_long(trainer, header) else trainer.settings.optim.horizon
    trainer.rollbacks = header.optim.rollbacks
    trainer.metrics = dict(header.metrics)
    randomness.restore(checkpoint.part(found, "rng."), trainer.device, trainer.game.generator)


def machine(device: torch.device) -> str:
    """What the bits of a result depend on besides the settings."""
    return f"{describe(device)}, torch {torch.__version__}, numpy {numpy.__version__}"


def _packages(trainer: "Trainer") -> dict[str, str]:
    parts: dict[str, Any] = {"architecture": trainer.arch, "loss": trainer.loss, "dataset": trainer.settings.data}
    entries = [registry().find(kind, part.name) for kind, part in parts.items()]
    return {f"{entry.kind} {entry.name}": f"{entry.package} {entry.version}" for entry in entries}


def _is_as_long(trainer: "Trainer", header: Header) -> bool:
    was, now = header.settings, trainer.settings.document()
    if was["optim"].get("horizon") != now["optim"].get("horizon"):
        return False
    return all(was.get(key) == now.get(key) for key in LENGTHS)
