"""The inputs z of a generator: latents, or images of the data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from gancli.architectures import latents
from gancli.architectures.contract import Architecture
from gancli.architectures.translator import Translator
from gancli.base.errors import GanError
from gancli.base.text import clean
from gancli.data.images import Images
from gancli.data.stream import Source


class Inputs(Protocol):
    """The source of the inputs z of an architecture."""

    def draw(self, seed: int, numbers: Sequence[int], y: Tensor | None) -> Tensor:
        """z (N, ...) for the images with these numbers under a seed, of classes y, on the CPU."""

    def pixels(self, seed: int, numbers: Sequence[int], y: Tensor | None) -> np.ndarray | None:
        """The same z as uint8 images (N, C, H, W); None where z are not images."""

    def fresh(self, n: int, generator: torch.Generator, source: Source) -> Tensor:
        """The next n z (n, ...) of a training, on its device."""


@dataclass(frozen=True)
class Latents:
    """Latents, as the architecture draws them."""

    arch: Architecture

    def draw(self, seed: int, numbers: Sequence[int], y: Tensor | None) -> Tensor:
        """Latents (N, ...), each from the random stream of its number, on the CPU."""
        return latents.draw(self.arch.noise, seed, numbers)

    def pixels(self, seed: int, numbers: Sequence[int], y: Tensor | None) -> None:
        """None: latents are not images."""

    def fresh(self, n: int, generator: torch.Generator, source: Source) -> Tensor:
        """The next n latents (n, ...) of a random stream, on its device."""
        return self.arch.noise(n, generator)


@dataclass(frozen=True)
class Pictures:
    """Images of the data, in an order that the seed gives, for an architecture that translates images."""

    arch: Translator
    images: Images | None

    def draw(self, seed: int, numbers: Sequence[int], y: Tensor | None) -> Tensor:
        """Images (N, C, H, W) in [-1, 1] to translate into images of classes y, on the CPU."""
        return torch.from_numpy(self.pixels(seed, numbers, y)).float().div_(127.5).sub_(1)

    def pixels(self, seed: int, numbers: Sequence[int], y: Tensor | None) -> np.ndarray:
        """The same as uint8 (N, C, H, W); raises GanError where there are no images, or none of a class."""
        images = self._required_images()
        count = len(images.classes)
        targets = [] if y is None else (y.argmax(1) if y.is_floating_point() else y).tolist()
        origins = [self.arch.origin(target, count) for target in targets] or [None] * len(numbers)
        queues = {origin: _queue(images, origin, seed) for origin in set(origins)}
        rows = [queues[origin][n % len(queues[origin])] for origin, n in zip(origins, numbers, strict=True)]
        return np.ascontiguousarray(images.pixels[np.array(rows)])

    def fresh(self, n: int, generator: torch.Generator, source: Source) -> Tensor:
        """The next n images of the data, (n, C, H, W) in [-1, 1], on the device."""
        return source.batch(n)[0]

    def _required_images(self) -> Images:
        if self.images is None:
            raise GanError(f"Architecture {self.arch.name} makes images of images, and none are given.")
        return self.images


def _queue(images: Images, origin: int | None, seed: int) -> np.ndarray:
    """The numbers of all images of class `origin`, or of any class if it is None, shuffled; raises GanError."""
    numbers = np.arange(len(images))
    members = numbers if origin is None or images.labels is None else np.flatnonzero(images.labels == origin)
    if not len(members):
        raise GanError(f"There is no image of class '{clean(images.classes[origin or 0])}' to begin with.")
    return np.random.default_rng(seed).permutation(members)


def inputs_of(arch: Architecture, images: Images | None = None) -> Inputs:
    """The inputs of an architecture; `images` are those of the data, which a Translator needs."""
    return Pictures(arch, images) if isinstance(arch, Translator) else Latents(arch)
