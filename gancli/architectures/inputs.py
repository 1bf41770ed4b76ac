"""What images are made of: latents, or images of the data."""

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
    """Gives the z of an architecture."""

    def draw(self, seed: int, numbers: Sequence[int], y: Tensor | None) -> Tensor:
        """z (N, ...) of the images with these numbers under a seed, of the classes y, on the CPU."""

    def pixels(self, seed: int, numbers: Sequence[int], y: Tensor | None) -> np.ndarray | None:
        """The same as uint8 images (N, C, H, W); None where they are no images."""

    def fresh(self, n: int, generator: torch.Generator, source: Source) -> Tensor:
        """The next n of a training, on its device."""


@dataclass(frozen=True)
class Latents:
    """Noise, as the architecture draws it."""

    arch: Architecture

    def draw(self, seed: int, numbers: Sequence[int], y: Tensor | None) -> Tensor:
        """A latent from each number's own random stream."""
        return latents.draw(self.arch.noise, seed, numbers)

    def pixels(self, seed: int, numbers: Sequence[int], y: Tensor | None) -> None:
        """None: nobody can look at them."""

    def fresh(self, n: int, generator: torch.Generator, source: Source) -> Tensor:
        """What the generator draws next."""
        return self.arch.noise(n, generator)


@dataclass(frozen=True)
class Pictures:
    """Images of the data, in an order of the seed's, for an architecture that turns them into others."""

    arch: Translator
    images: Images | None

    def draw(self, seed: int, numbers: Sequence[int], y: Tensor | None) -> Tensor:
        """Images (N, C, H, W) in [-1, 1], of the classes that the architecture makes those asked for of."""
        return torch.from_numpy(self.pixels(seed, numbers, y)).float().div_(127.5).sub_(1)

    def pixels(self, seed: int, numbers: Sequence[int], y: Tensor | None) -> np.ndarray:
        """The same as they are in the data; raises GanError where none are given, or none of a class."""
        images = self._given()
        count = len(images.classes)
        asked = [] if y is None else (y.argmax(1) if y.is_floating_point() else y).tolist()
        origins = [self.arch.origin(each, count) for each in asked] or [None] * len(numbers)
        queues = {origin: _queue(images, origin, seed) for origin in set(origins)}
        rows = [queues[origin][n % len(queues[origin])] for origin, n in zip(origins, numbers, strict=True)]
        return np.ascontiguousarray(images.pixels[np.array(rows)])

    def fresh(self, n: int, generator: torch.Generator, source: Source) -> Tensor:
        """The next images of the data."""
        return source.batch(n)[0]

    def _given(self) -> Images:
        if self.images is None:
            raise GanError(f"Architecture {self.arch.name} makes images of images, and none are given.")
        return self.images


def _queue(images: Images, origin: int | None, seed: int) -> np.ndarray:
    """The numbers of all images of a class, or of any, shuffled."""
    everyone = np.arange(len(images))
    members = everyone if origin is None or images.labels is None else np.flatnonzero(images.labels == origin)
    if not len(members):
        raise GanError(f"There is no image of class '{clean(images.classes[origin or 0])}' to begin with.")
    return np.random.default_rng(seed).permutation(members)


def inputs_of(arch: Architecture, images: Images | None = None) -> Inputs:
    """What an architecture makes images of, where the data's are these."""
    return Pictures(arch, images) if isinstance(arch, Translator) else Latents(arch)
