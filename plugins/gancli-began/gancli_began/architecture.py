"""The networks of BEGAN: a generator, and an autoencoder whose decoder looks like it (1703.10717)."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from gancli import Architecture, Draw, Networks, Sampling, Spec, pyramid


class Range(Sampling):
    """What can be asked of uniform latents."""

    truncation: float = Field(1.0, gt=0, le=1, description="Range of the latents: less is more typical images.")

    def latents(self, arch: Any, numbers: Sequence[int], draw: Draw) -> Tensor:
        """Independent latents in ±truncation, each keeping its rank."""
        return draw(numbers) * self.truncation


class BEGAN(Architecture):
    """Convolutions and ELU without normalisation; D scores an image by minus its mean absolute reconstruction error.

    Latents are uniform in [-1, 1], as in the paper.
    """

    conditioning: ClassVar = "impossible"
    sampling: ClassVar = Range
    suggests: ClassVar = {"arch.latent": 64}

    width: int = Field(32, ge=1, le=4096, description="Channels next to the image; D's encoder adds as many a stage.")
    hidden: int = Field(64, gt=0, le=65536, description="Length of D's code, between its encoder and its decoder.")

    def build(self, spec: Spec, conditional: bool) -> Networks:
        """G and D; sides must be k·2^n, k in 4..7 for the shorter one."""
        autoencoder = Autoencoder(Encoder(self, spec), Decoder(self, spec, self.hidden))
        networks: Networks = {"G": Generator(Decoder(self, spec, self.latent)), "D": autoencoder}
        for network in networks.values():
            network.apply(first_weights)
        return networks

    def noise(self, n: int, generator: torch.Generator) -> Tensor:
        """n latents, uniform in [-1, 1], (n, latent)."""
        return torch.rand(n, self.latent, generator=generator, device=generator.device) * 2 - 1

    def mix(self, a: Tensor, b: Tensor, t: float) -> Tensor:
        """The straight way: uniform latents lie on no sphere."""
        return torch.lerp(a, b, t)


@torch.no_grad()
def first_weights(module: nn.Module) -> None:
    """Glorot's weights, no bias: with torch's own the signal fades in networks this deep without normalisation."""
    if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


def convolutions(inputs: int, outputs: int) -> list[nn.Module]:
    """Two 3x3 convolutions with ELU at one size."""
    return [nn.Conv2d(inputs, outputs, 3, 1, 1), nn.ELU(), nn.Conv2d(outputs, outputs, 3, 1, 1), nn.ELU()]


class Encoder(nn.Module):
    """Image to code: convolutions, and one of stride 2 between a stage and the next, which is `width` wider."""

    def __init__(self, options: BEGAN, spec: Spec) -> None:
        super().__init__()
        n, (height, width) = pyramid(spec, options.name)
        layers: list[nn.Module] = [nn.Conv2d(spec.channels, options.width, 3, 1, 1), nn.ELU()]
        for stage in range(1, n + 1):
            channels = options.width * stage
            layers += convolutions(channels, channels)
            layers += [nn.Conv2d(channels, channels + options.width, 3, 2, 1), nn.ELU()]
        channels = options.width * (n + 1)
        layers += [*convolutions(channels, channels), nn.Flatten()]
        self.layers = nn.Sequential(*layers, nn.Linear(channels * height * width, options.hidden))

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, C, H, W) to codes (N, hidden)."""
        codes: Tensor = self.layers(x)
        return codes


class Decoder(nn.Module):
    """Vector to image: convolutions of one width, and the nearest pixel's copy to double the size."""

    def __init__(self, options: BEGAN, spec: Spec, inputs: int) -> None:
        super().__init__()
        n, self.start = pyramid(spec, options.name)
        self.first = nn.Linear(inputs, options.width * self.start[0] * self.start[1])
        layers = convolutions(options.width, options.width)
        for _ in range(n):
            layers += [nn.Upsample(scale_factor=2), *convolutions(options.width, options.width)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(options.width, spec.channels, 3, 1, 1))

    def forward(self, vectors: Tensor) -> Tensor:
        """Vectors (N, inputs) to images (N, C, H, W), of any range."""
        images: Tensor = self.layers(self.first(vectors).unflatten(1, (-1, *self.start)))
        return images


class Generator(nn.Module):
    """z to image."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, z: Tensor, y: Tensor | None) -> Tensor:
        """Latents (N, latent) to images (N, C, H, W) in [-1, 1]."""
        images: Tensor = self.decoder(z)
        return images.tanh()


class Autoencoder(nn.Module):
    """Image to raw score: minus its mean absolute reconstruction error, so that higher is more real."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def reconstruct(self, x: Tensor) -> Tensor:
        """Images (N, C, H, W) through the code and back."""
        images: Tensor = self.decoder(self.encoder(x))
        return images

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Images (N, C, H, W) to scores (N,), none above zero."""
        return -(x - self.reconstruct(x)).abs().flatten(1).mean(1)
