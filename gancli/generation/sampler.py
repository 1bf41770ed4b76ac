"""Makes images with the networks of a generator."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from gancli.architectures.contract import Architecture
from gancli.architectures.inputs import Inputs
from gancli.architectures.sampling import Sampling
from gancli.data.images import Spec
from gancli.generation import pictures

# Always the same, and the last batch is filled up: on one machine an image does not depend on how many are asked for.
BATCH = 64


@dataclass(frozen=True)
class Sampler:
    """Makes images of latents and classes: the networks of player G, with their architecture, image spec and device.

    `sampling` is what is asked of them, of the architecture's class; `inputs` are what they make images of.
    """

    arch: Architecture
    networks: dict[str, nn.Module]
    spec: Spec
    conditional: bool
    device: torch.device
    sampling: Sampling
    inputs: Inputs

    def latents(self, seed: int, numbers: Sequence[int], y: Tensor | None = None) -> Tensor:
        """The latents, or images, that the images with these numbers under a seed are made of; y are their classes."""
        return self.sampling.latents(self.arch, numbers, lambda drawn: self.inputs.draw(seed, drawn, y))

    def __call__(self, z: Tensor, y: Tensor | None) -> np.ndarray:
        """uint8 images (N, C, H, W) of latents and classes."""
        size = _batch_size(self.spec)
        starts = range(0, len(z), size)
        made = [self._batch(z[i : i + size], None if y is None else y[i : i + size], size) for i in starts]
        return np.concatenate(made)

    @torch.no_grad()
    def _batch(self, z: Tensor, y: Tensor | None, size: int) -> np.ndarray:
        count = len(z)
        fill = torch.arange(size) % count
        classes = None if y is None else y[fill].to(self.device)
        made = self.arch.generate(self.networks, z[fill].to(self.device), classes, self.sampling)
        return pictures.to_uint8(made)[:count]


def _batch_size(spec: Spec) -> int:
    """Images made at a time: fewer of very large ones."""
    return max(1, min(BATCH, BATCH * 512 * 512 // (spec.height * spec.width)))
