"""An exponential moving average of networks."""

from collections.abc import Mapping
from copy import deepcopy

import torch
from torch import nn


class Average:
    """An exponential moving average of networks: weights by half-life in images, buffers copied (1806.04498)."""

    RAMP = 0.05  # the half-life is at most this share of the images seen, so that the first weights are forgotten

    def __init__(self, networks: Mapping[str, nn.Module], half_life: int) -> None:
        self.half_life, self.images = half_life, 0
        self.live = dict(networks)
        self.networks: dict[str, nn.Module] = {name: _frozen_copy(module) for name, module in networks.items()}

    @torch.no_grad()
    def update(self, images: int) -> None:
        """Follow the networks to where they are after so many images."""
        half_life = min(self.half_life, images * self.RAMP)
        share = 1.0 - 0.5 ** ((images - self.images) / half_life) if half_life else 1.0
        self.images = images
        for name, module in self.live.items():
            mean = self.networks[name]
            torch._foreach_lerp_(list(mean.parameters()), list(module.parameters()), share)
            for kept, buffer in zip(mean.buffers(), module.buffers(), strict=True):
                kept.copy_(buffer)


def _frozen_copy(module: nn.Module) -> nn.Module:
    return deepcopy(module).eval().requires_grad_(False)
