"""The conditional GAN of 2014: fully connected networks that are told the class (1411.1784)."""

import torch
from typing import ClassVar

from pydantic import Field
from torch import Tensor, nn

from gancli.architectures import Architecture, Networks
from gancli.architectures.layers import ClassVectors
from gancli.data.base import Spec


class CGAN(Architecture):
    """Latent and class, image and class, are each mapped to hidden units of their own and then joined."""

    conditioning: ClassVar = "required"
    mixes_classes: ClassVar = True

    z_units: int = Field(200, ge=1, le=16384, description="Hidden units of the latent in G.")
    y_units: int = Field(1000, ge=1, le=16384, description="Hidden units of the class in G.")
    units: int = Field(1200, ge=1, le=16384, description="Joined hidden units in G.")
    d_width: int = Field(512, ge=2, le=16384, description="Hidden units of the image in D; the joined layer has half.")
    d_dropout: float = Field(0.0, ge=0, lt=1, description="Share of D's units dropped while training.")

    def build(self, spec: Spec, conditional: bool) -> Networks:
        """G and D for any size; always conditional."""
        return {"G": Generator(self, spec), "D": Discriminator(self, spec)}


class Generator(nn.Module):
    """z and class to image, joined after one hidden layer each."""

    def __init__(self, options: CGAN, spec: Spec) -> None:
        super().__init__()
        self.shape = spec.shape
        self.from_z = nn.Linear(options.latent, options.z_units)
        self.from_y = ClassVectors(len(spec.classes), options.y_units)
        joined = options.z_units + options.y_units
        self.hidden = nn.Sequential(nn.BatchNorm1d(joined), nn.ReLU(inplace=True), nn.Linear(joined, options.units))
        pixels = spec.channels * spec.height * spec.width
        self.image = nn.Sequential(
            nn.BatchNorm1d(options.units), nn.ReLU(inplace=True), nn.Linear(options.units, pixels), nn.Tanh()
        )

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Latents (N, latent) and classes to images (N, C, H, W) in [-1, 1]."""
        z = self.from_z(z)
        joined = torch.cat([z, self.from_y(y).to(z.dtype)], 1)
        images: Tensor = self.image(self.hidden(joined))
        return images.unflatten(1, self.shape)


class Discriminator(nn.Module):
    """Image and class to raw score, joined after one hidden layer each."""

    def __init__(self, options: CGAN, spec: Spec) -> None:
        super().__init__()
        width = options.d_width
        self.from_x = nn.Linear(spec.channels * spec.height * spec.width, width)
        self.from_y = ClassVectors(len(spec.classes), width)
        self.hidden = nn.Sequential(
            nn.LeakyReLU(0.2, inplace=True),
            nn.Dropout(options.d_dropout),
            nn.Linear(2 * width, width // 2),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Dropout(options.d_dropout),
            nn.Linear(width // 2, 1),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Images (N, C, H, W) and classes to scores (N,)."""
        x = self.from_x(x.flatten(1))
        joined = torch.cat([x, self.from_y(y).to(x.dtype)], 1)
        scores: Tensor = self.hidden(joined)
        return scores.squeeze(1)
