"""The contract of architectures that translate images of the data into other images."""

from typing import ClassVar

import torch
from torch import Tensor

from gancli.architectures import latents
from gancli.architectures.contract import Architecture
from gancli.architectures.sampling import Sampling
from gancli.base.errors import GanError


class Translator(Architecture):
    """Translates images: z are images of the data, (N, C, H, W) in [-1, 1], instead of latents.

    Where there are classes, y are those to translate into, and `origin` returns those to translate from.
    """

    sampling: ClassVar[type[Sampling]] = Sampling
    latent: ClassVar[int] = 0  # type: ignore[misc]  # it has none, and so no option

    def origin(self, target: int, classes: int) -> int | None:
        """The class of images that are translated into class `target`, of so many classes; None for any class."""
        return None

    def noise(self, n: int, generator: torch.Generator) -> Tensor:
        """Raise GanError: `game.noise` returns images of the data instead of latents."""
        raise GanError(f"Architecture {self.name} makes images of images, not of noise.")

    def mix(self, a: Tensor, b: Tensor, t: float) -> Tensor:
        """Images (N, C, H, W) at share t in [0, 1] of a cross-fade from a to b."""
        return latents.lerp(a, b, t)
