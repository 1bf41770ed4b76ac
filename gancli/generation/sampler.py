"""Makes images with the networks of a generator."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from gancli.architectures.contract import Architecture
from gancli.architectures.inputs import Inputs
from gancli.architectures.sampling import Sampling
from gancli.base.errors import GanError
from gancli.compute.memory import BatchSize, out_of_memory
from gancli.data.fields import size_text
from gancli.data.images import Spec
from gancli.generation import pictures

BATCH = 64
"""Images made at a time. Always as many, and the last batch is filled up: on one machine an image does not depend on
how many are asked for. Where memory runs out batches are halved, and the last bits of an image may be others than in
those of full size: kernels add up in another order. All images of one call are of batches of one size.
"""


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
    batch: BatchSize = field(default_factory=lambda: BatchSize(BATCH), kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.batch.size = min(self.batch.size, _largest(self.spec))

    def latents(self, seed: int, numbers: Sequence[int], y: Tensor | None = None) -> Tensor:
        """The latents, or images, that the images with these numbers under a seed are made of; y are their classes."""
        return self.sampling.latents(self.arch, numbers, lambda drawn: self.inputs.draw(seed, drawn, y))

    def __call__(self, z: Tensor, y: Tensor | None) -> np.ndarray:
        """uint8 images (N, C, H, W) of latents and classes; raises GanError where memory has no room for one."""
        try:
            batches = self.batch.compute(lambda size: self._batches(z, y, size))
        except Exception as error:
            if not out_of_memory(error):
                raise
            raise self._too_large() from error
        return np.concatenate(batches)

    def _batches(self, z: Tensor, y: Tensor | None, size: int) -> list[np.ndarray]:
        starts = range(0, len(z), size)
        return [self._batch(z[i : i + size], None if y is None else y[i : i + size], size) for i in starts]

    @torch.no_grad()
    def _batch(self, z: Tensor, y: Tensor | None, size: int) -> np.ndarray:
        count = len(z)
        fill = torch.arange(size) % count
        classes = None if y is None else y[fill].to(self.device)
        made = self.arch.generate(self.networks, z[fill].to(self.device), classes, self.sampling)
        return pictures.to_uint8(made)[:count]

    def _too_large(self) -> GanError:
        _, height, width = self.spec.shape
        return GanError(
            f"Out of memory on {self.device}: there is no room to make one image of {size_text((height, width))}.",
            "Free some of it, or take another --device; a new training may have a smaller --size or narrower networks.",
        )


def _largest(spec: Spec) -> int:
    """Images made at a time: fewer of very large ones."""
    return max(1, min(BATCH, BATCH * 512 * 512 // (spec.height * spec.width)))
