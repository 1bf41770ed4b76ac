"""The GAN of 2014: two fully connected networks (1406.2661)."""

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from gancli.architectures import Architecture, Networks
from gancli.architectures.layers import ClassVectors
from gancli.data.base import Spec


class MLP(Architecture):
    """Fully connected networks of any image size; a class is a learned vector beside z and beside the image."""

    mixes_classes: ClassVar = True

    width: int = Field(256, ge=1, le=16384, description="Units of G's first layer; each of the next two doubles it.")
    d_width: int = Field(512, ge=2, le=16384, description="Units of D's first layer; the second has half.")
    d_dropout: float = Field(0.0, ge=0, lt=1, description="Share of D's units dropped while training.")

    def build(self, spec: Spec, conditional: bool) -> Networks:
        """G and D for any size."""
        classes = len(spec.classes) if conditional else 0
        return {"G": Generator(self, spec, classes), "D": Discriminator(self, spec, classes)}


class Joined(nn.Module):
    """A vector with the vector of its class beside it, or as it is where there are no classes."""

    def __init__(self, inputs: int, classes: int, features: int = 50) -> None:
        super().__init__()
        self.vectors = ClassVectors(classes, features) if classes else None
        self.size = inputs + (features if classes else 0)

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """(N, inputs) to (N, size)."""
        return x if self.vectors is None or y is None else torch.cat([x, self.vectors(y).to(x.dtype)], 1)


class Generator(nn.Module):
    """z to image through three hidden layers with batch normalisation."""

    def __init__(self, options: MLP, spec: Spec, classes: int) -> None:
        super().__init__()
        self.shape = spec.shape
        self.joined = Joined(options.latent, classes)
        widths = [self.joined.size, options.width, 2 * options.width, 4 * options.width]
        layers: list[nn.Module] = []
        for inputs, outputs in zip(widths, widths[1:], strict=False):
            layers += [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], spec.channels * spec.height * spec.width), nn.Tanh())

    def forward(self, z: Tensor, y: Tensor | None) -> Tensor:
        """Latents (N, latent) to images (N, C, H, W) in [-1, 1]."""
        images: Tensor = self.layers(self.joined(z, y))
        return images.unflatten(1, self.shape)


class Discriminator(nn.Module):
    """Image to raw score through two hidden layers."""

    def __init__(self, options: MLP, spec: Spec, classes: int) -> None:
        super().__init__()
        self.joined = Joined(spec.channels * spec.height * spec.width, classes)
        widths = [self.joined.size, options.d_width, options.d_width // 2]
        layers: list[nn.Module] = []
        for inputs, outputs in zip(widths, widths[1:], strict=False):
            layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(0.2, inplace=True), nn.Dropout(options.d_dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], 1))

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Images (N, C, H, W) to scores (N,)."""
        scores: Tensor = self.layers(self.joined(x.flatten(1), y))
        return scores.squeeze(1)
