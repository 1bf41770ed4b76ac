"""Whether networks keep the contract, seen by running them once before anything is trained."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from gancli.architectures.contract import Architecture, Networks
from gancli.architectures.inputs import inputs_of
from gancli.base.errors import GanError
from gancli.data.images import Images
from gancli.losses.contract import Loss

COUNT = 2


def probe(arch: Architecture, loss: Loss, networks: Networks, data: Images, conditional: bool) -> None:
    """Raise GanError where generated images, scores or states are not what the contracts say; nothing is changed."""
    for name, network in networks.items():
        if strange := [key for key, value in network.state_dict().items() if not isinstance(value, Tensor)]:
            raise _broken(arch, f"keeps {name}.{strange[0]}, which is no tensor", "Checkpoints hold tensors: a buffer.")
    y = torch.zeros(COUNT, dtype=torch.int64) if conditional else None
    with _looking_only(networks):
        z = inputs_of(arch, data).draw(0, range(COUNT), y)
        generators = {name: networks[name] for names in loss.generating.values() for name in names}
        images = arch.generate(generators, z, y, arch.sampling())
        _check(arch, "generates images", images, (COUNT, *data.spec.shape))
        for names in loss.judging.values():
            for name in names:
                _check(arch, f"gives scores of {name}", networks[name](images, y), (COUNT,))


def _check(arch: Architecture, does: str, result: object, shape: tuple[int, ...]) -> None:
    if not isinstance(result, Tensor):
        raise _broken(arch, f"{does} that are no tensor but {type(result).__name__}", f"Return one of shape {shape}.")
    if result.shape != shape:
        raise _broken(arch, f"{does} of shape {tuple(result.shape)}", f"The contract is {shape}.")


def _broken(arch: Architecture, fault: str, hint: str) -> GanError:
    return GanError(f"Architecture {arch.name} ({type(arch).__module__}) {fault}.", hint)


@contextmanager
def _looking_only(networks: Networks) -> Iterator[None]:
    """No gradients, no statistics of a batch, and every random stream as it was."""
    training: dict[nn.Module, bool] = {
        module: module.training for network in networks.values() for module in network.modules()
    }
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        for network in networks.values():
            network.eval()
        try:
            yield
        finally:
            for module, was in training.items():
                module.training = was
