"""The networks of a game: built, checked against what the loss needs, and filled from a checkpoint."""

from torch import nn

from gancli.architectures.contract import Architecture, Networks
from gancli.base.errors import UsageError
from gancli.config.settings import Settings
from gancli.data.images import Images
from gancli.game.game import Game
from gancli.losses.contract import Loss
from gancli.training.probing import probe

R1 = "R1 (--optim.r1)"


def build(settings: Settings, data: Images, conditional: bool) -> Networks:
    """The networks of an architecture, checked against what the loss needs; raises UsageError on a mismatch."""
    arch, loss = Architecture.checked(settings.arch), Loss.checked(settings.loss)
    networks = arch.build(data.spec, conditional)
    needed = [name for names in loss.players.values() for name in names]
    if missing := [name for name in needed if name not in networks]:
        raise UsageError(
            f"Loss {loss.name} plays with {', '.join(needed)}; architecture {arch.name} has {', '.join(networks)}.",
            f"Choose an architecture that builds {', '.join(missing)}.",
        )
    if taken := [name for name in networks if hasattr(Game, name)]:
        raise UsageError(f"Architecture {arch.name} calls a network '{taken[0]}', which is a word of the game itself.")
    if "G" not in loss.players:
        raise UsageError(f"Loss {loss.name} has no player G.", "The networks of player G are those that generate.")
    for name, methods in loss.needs.items():
        if lacking := [method for method in methods if not hasattr(networks[name], method)]:
            raise UsageError(
                f"Loss {loss.name} calls {name}.{lacking[0]}, which architecture {arch.name} does not have.",
                f"Choose an architecture made for {loss.name}.",
            )
    for name, who in _penalised(settings.optim.r1, loss).items():
        if any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in networks[name].modules()):
            other = " Or give --optim.r1 0." if who == R1 else ""
            raise UsageError(
                f"{who} cannot live with batch normalisation in {name}: its penalty is on each image by itself.",
                f"Leave --arch.d-norm out, or give none, layer or spectral.{other}",
            )
    probe(arch, loss, networks, data, conditional)
    return networks


def _penalised(r1: float, loss: Loss) -> dict[str, str]:
    """The networks whose gradients at single images are penalised, and what does it."""
    by_r1 = dict.fromkeys(loss.players.get("D", ()), R1) if r1 else {}
    return by_r1 | dict.fromkeys(loss.no_batch_norm, f"Loss {loss.name}")
