"""The networks of a game: built, checked against what the loss needs, and put on the device."""

from collections.abc import Mapping

import torch
from torch import nn

from gancli.architectures.contract import Architecture, Networks
from gancli.base.errors import UsageError
from gancli.config.settings import Settings
from gancli.data.images import Images
from gancli.losses.contract import Loss
from gancli.training.probing import probe

R1 = "R1 (--optim.r1)"
TAKEN = frozenset({"optim", "rng", "state"})
"""What else in a checkpoint has names such as `state.k`."""


def build_networks(settings: Settings, data: Images, conditional: bool) -> Networks:
    """The networks of an architecture, checked against what the loss needs; raises UsageError on a mismatch."""
    arch, loss = Architecture.checked(settings.arch), Loss.checked(settings.loss)
    networks = arch.build(data.spec, conditional)
    _check_names(arch, loss, networks)
    _check_players(settings, loss, networks)
    _check_needs(arch, loss, networks)
    _check_norms(settings.optim.r1, loss, networks)
    probe(arch, loss, networks, data, conditional)
    return networks


def put_on(networks: Mapping[str, nn.Module], device: torch.device) -> None:
    """Move networks to a device; weights of planes (4-D) get the channels last, which convolutions are faster with."""
    for module in networks.values():
        module.to(device)
        for tensor in (*module.parameters(), *module.buffers()):
            if tensor.dim() == 4:
                tensor.data = tensor.data.to(memory_format=torch.channels_last)


def _check_names(arch: Architecture, loss: Loss, networks: Networks) -> None:
    needed = [name for names in loss.players.values() for name in names]
    if missing := [name for name in needed if name not in networks]:
        raise UsageError(
            f"Loss {loss.name} plays with {', '.join(needed)}; architecture {arch.name} has {', '.join(networks)}.",
            f"Choose an architecture that builds {', '.join(missing)}.",
        )
    if taken := [name for name in networks if name in TAKEN or name.endswith("_ema") or "." in name or "/" in name]:
        raise UsageError(
            f"Architecture {arch.name} calls a network '{taken[0]}', which has another meaning in a checkpoint.",
            "Give the network another name.",
        )


def _check_players(settings: Settings, loss: Loss, networks: Networks) -> None:
    if missing := [name for name in loss.generates if name not in loss.players]:
        raise UsageError(
            f"Loss {loss.name} has no player {missing[0]}.",
            "The networks of the players in `generates`, by default G, are those that generate.",
        )
    for player, names in loss.players.items():
        if not any(parameter.requires_grad for name in names for parameter in networks[name].parameters()):
            raise UsageError(
                f"Player {player} of loss {loss.name} has nothing to learn: no parameter of {', '.join(names)} "
                "requires a gradient.",
                "Leave the player out, or train something of its networks.",
            )
    judged = {"--augment": settings.augment, "--optim.r1": settings.optim.r1, "--optim.d-lr": settings.optim.d_lr}
    for option, value in judged.items():
        if value and not loss.judging:
            raise UsageError(
                f"{option} is for networks that judge images, and loss {loss.name} has no player that does.",
                f"Leave {option} out, give 0 where it is suggested, or declare the player in the loss's `judges`.",
            )


def _check_needs(arch: Architecture, loss: Loss, networks: Networks) -> None:
    for name, methods in loss.needs.items():
        if lacking := [method for method in methods if not hasattr(networks[name], method)]:
            raise UsageError(
                f"Loss {loss.name} calls {name}.{lacking[0]}, which architecture {arch.name} does not have.",
                f"Choose an architecture made for {loss.name}.",
            )


def _check_norms(r1: float, loss: Loss, networks: Networks) -> None:
    for name, penalty in _penalised(r1, loss).items():
        if any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in networks[name].modules()):
            other = " Or give --optim.r1 0." if penalty == R1 else ""
            raise UsageError(
                f"{penalty} cannot live with batch normalisation in {name}: its penalty is on each image by itself.",
                f"Leave --arch.d-norm out, or give none, layer or spectral.{other}",
            )


def _penalised(r1: float, loss: Loss) -> dict[str, str]:
    """The networks whose gradients at single images are penalised, and what does it."""
    by_r1 = {name: R1 for names in loss.judging.values() for name in names} if r1 else {}
    return by_r1 | dict.fromkeys(loss.no_batch_norm, f"Loss {loss.name}")
