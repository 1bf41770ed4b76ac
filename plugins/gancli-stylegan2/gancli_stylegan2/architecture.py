"""StyleGAN2: what its networks are, and how they generate (1912.04958)."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from gancli import Architecture, Networks, Spec
from gancli_stylegan2.discriminator import Discriminator
from gancli_stylegan2.generator import Generator
from gancli_stylegan2.sampling import Styles


class StyleGAN2(Architecture):
    """z is mapped to a style that modulates every convolution of G; each layer has noise of its own.

    What the noise is made of, the grain, is part of the latent: an image is decided by its latent alone.
    """

    mixes_classes: ClassVar = True
    sampling: ClassVar = Styles
    suggests: ClassVar = {"arch.latent": 64, "optim.lr": 4e-3, "optim.betas": (0.0, 0.99)}

    width: int = Field(16, ge=1, le=4096, description="Channels next to the image, in G and in D.")
    widest: int = Field(512, ge=1, le=4096, description="Most channels: they double as the size halves.")
    style: int = Field(64, ge=1, le=4096, description="Length of the style w.")
    depth: int = Field(4, ge=1, le=16, description="Layers of the mapping network; the paper has 8.")
    mapping_rate: float = Field(
        0.1, gt=0, le=1, description="Rate of the mapping network, of that of all else; the paper has 0.01."
    )
    grain: int = Field(16, ge=1, le=1024, description="Numbers that the noise of an image is mixed of.")
    mixing: float = Field(0.9, ge=0, le=1, description="Share of images in training made of two styles.")

    def build(self, spec: Spec, conditional: bool) -> Networks:
        """G and D; sides must be k·2^n, k in 4..7 for the shorter one."""
        classes = len(spec.classes) if conditional else 0
        return {"G": Generator(self, spec, classes), "D": Discriminator(self, spec, classes)}

    def channels(self, stage: int) -> int:
        """The channels where the size was halved so often."""
        return min(self.width * 2**stage, self.widest)

    def noise(self, n: int, generator: torch.Generator) -> Tensor:
        """n latents from N(0, 1), (n, latent + grain)."""
        return torch.randn(n, self.latent + self.grain, generator=generator, device=generator.device)

    def generate(self, networks: Mapping[str, nn.Module], z: Tensor, y: Tensor | None, sampling: Styles) -> Tensor:
        """Images (N, C, H, W) in [-1, 1] of latents, behind which another style's may stand."""
        generator = networks["G"]
        assert isinstance(generator, Generator)
        own = self.latent + self.grain
        styles = sampling.styles(generator, z[:, :own], y, z[:, own:])
        return generator.draw(styles, z[:, :own] if sampling.noise else torch.zeros_like(z[:, :own])).clamp(-1, 1)
