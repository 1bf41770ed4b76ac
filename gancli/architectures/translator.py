"""Architectures that make images of images."""

from typing import ClassVar

import torch
from torch import Tensor

from gancli.architectures import latents
from gancli.architectures.contract import Architecture
from gancli.architectures.sampling import Sampling
from gancli.base.errors import GanError


class Translator(Architecture):
    """Makes images of images: z are images of the data, (N, C, H, W) in [-1, 1], where others are given latents.

    Where there are classes, y are those that are asked for, and `origin` says which z are of.
    """

    sampling: ClassVar[type[Sampling]] = Sampling
    latent: ClassVar[int] = 0  # type: ignore[misc]  # it has none, and so no option

    def origin(self, asked: int, classes: int) -> int | None:
        """The class of the images that those of class `asked` are made of; None is any."""
        return None

    def noise(self, n: int, generator: torch.Generator) -> Tensor:
        """None: raises GanError, as `game.noise` gives images of the data instead."""
        raise GanError(f"Architecture {self.name} makes images of images, not of noise.")

    def mix(self, a: Tensor, b: Tensor, t: float) -> Tensor:
        """One image faded into the other."""
        return latents.lerp(a, b, t)
