"""The pictures of a training: samples from the same latents every time, real images, and both side by side."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gancli import images
from gancli.data.base import Images
from gancli.generator import Sampler

COUNT = 64


@dataclass(frozen=True)
class Gallery:
    """Draws grids (H, W, C) of uint8 pixels."""

    sampler: Sampler
    data: Images
    seed: int

    def samples(self, count: int = COUNT) -> np.ndarray:
        """Generated images, of the same latents at every call."""
        made = self.sampler(self.sampler.latents(self.seed, range(count)), self._classes(count))
        return images.grid(made, self._columns())

    def real(self, count: int = COUNT) -> np.ndarray:
        """Real images, of the same classes as the samples where there are classes."""
        order = np.random.default_rng(self.seed).permutation(len(self.data))
        classes = self._classes(count)
        if classes is None or self.data.labels is None:
            chosen = np.resize(order, count)
        else:
            chosen = _one_of_each(self.data.labels, order, classes.tolist())
        return images.grid(self.data.pixels[chosen], self._columns())

    def comparison(self) -> np.ndarray:
        """Real images on the left, generated ones on the right."""
        return images.side_by_side(self.real(), self.samples())

    def _columns(self) -> int:
        """A column a class where there are few."""
        classes = len(self.data.classes)
        return classes if self.sampler.conditional and classes <= 16 else 8

    def _classes(self, count: int) -> Tensor | None:
        classes = len(self.data.classes)
        return torch.arange(count) % classes if self.sampler.conditional else None


def _one_of_each(labels: np.ndarray, order: np.ndarray, wanted: list[int]) -> np.ndarray:
    """For each wanted class the next image of it, in that order; any image where a class has none."""
    queues = {label: order[labels[order] == label] for label in set(wanted)}
    used = dict.fromkeys(queues, 0)
    chosen = []
    for label in wanted:
        queue = queues[label] if len(queues[label]) else order
        chosen.append(queue[used[label] % len(queue)])
        used[label] += 1
    return np.array(chosen)
