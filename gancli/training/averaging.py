"""An exponential moving average of networks."""

from collections.abc import Callable, Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


class Average:
    """An exponential moving average of networks: weights by half-life in images (1806.04498), buffers copied.

    Images are the real ones that the training has seen.
    """

    RAMP = 0.05  # the half-life is at most this share of the images seen, so that the first weights are forgotten

    def __init__(self, networks: Mapping[str, nn.Module], half_life: int) -> None:
        self.half_life, self.images = half_life, 0
        self.live = dict(networks)
        self.networks = _frozen_copies(networks)

    @torch.no_grad()
    def update(self, images: int) -> None:
        """Follow the networks to where they are after so many images."""
        half_life = min(self.half_life, images * self.RAMP)
        share = 1.0 - 0.5 ** ((images - self.images) / half_life) if half_life else 1.0
        self.images = images
        self._lerp(share)
        self.copy_buffers()

    @torch.no_grad()
    def copy_buffers(self) -> None:
        """Take the buffers as they are in the networks."""
        for name, module in self.live.items():
            for kept, buffer in zip(self.networks[name].buffers(), module.buffers(), strict=True):
                kept.copy_(buffer)

    def renew_statistics(self, generate: Callable[[], object]) -> None:
        """Have batch normalisation's statistics be those of what `generate` makes with the averaged weights.

        The copied ones belong to other weights: on photographs images are the worse for it. They hold until the next
        update.
        """
        norms = [norm for name in self.networks for norm in self._norms(name)]
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the mean of all batches
            norm.train()
        try:
            if norms:
                generate()
        finally:
            for norm, momentum in zip(norms, momenta, strict=True):
                norm.momentum = momentum
                norm.eval()

    def _norms(self, name: str) -> list[_BatchNorm]:
        """The averaged batch normalisations of a network, but for those whose statistics are held fast in training."""
        pairs = zip(self.networks[name].modules(), self.live[name].modules(), strict=True)
        return [
            norm for norm, live in pairs if isinstance(norm, _BatchNorm) and norm.track_running_stats and live.training
        ]

    def _lerp(self, share: float) -> None:
        """Take every parameter, also one that several networks share, once by a share of the way to where it is."""
        pairs: dict[Tensor, Tensor] = {
            parameter: mean
            for name, module in self.live.items()
            for parameter, mean in zip(module.parameters(), self.networks[name].parameters(), strict=True)
        }
        floats = [parameter for parameter in pairs if parameter.is_floating_point()]
        if floats:
            torch._foreach_lerp_([pairs[parameter] for parameter in floats], floats, share)
        for parameter, mean in pairs.items():
            if not parameter.is_floating_point():
                mean.copy_(parameter)


def _frozen_copies(networks: Mapping[str, nn.Module]) -> dict[str, nn.Module]:
    """Copies that share among each other what the networks share."""
    copies = deepcopy(dict(networks))
    return {name: module.eval().requires_grad_(False) for name, module in copies.items()}
