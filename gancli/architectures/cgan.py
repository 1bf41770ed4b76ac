"""The conditional GAN of 2014: fully connected networks that get the class (1411.1784)."""

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from gancli.architectures.contract import Networks
from gancli.architectures.layers import ClassVectors
from gancli.architectures.mlp import FullyConnected
from gancli.base.moved import keep_old_names
from gancli.data.images import Spec


class CGAN(FullyConnected):
    """Fully connected networks that get the class: G joins hidden units of z and y, D has a projection of the class.

    In the paper D concatenates image and class, and in G the class has five times the units of the latent. Here both
    have as many, as G otherwise tends to one image a class; the projection (1802.05637) makes G follow the class.
    """

    suggests: ClassVar = {"optim.lr": 4e-4, "optim.betas": (0.5, 0.999)}
    conditioning: ClassVar = "required"

    z_units: int = Field(200, ge=1, le=16384, description="Hidden units of the latent in G.")
    y_units: int = Field(200, ge=1, le=16384, description="Hidden units of the class in G.")
    units: int = Field(1200, ge=1, le=16384, description="Joined hidden units in G.")

    def build(self, spec: Spec, conditional: bool) -> Networks:
        """G and D for any size; always conditional."""
        return {"G": CGANGenerator(self, spec), "D": self.discriminator(spec, len(spec.classes))}


class CGANGenerator(nn.Module):
    """Latent and class to image: one hidden layer for each, one for both together, tanh at the end."""

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
        """Latents (N, latent) and classes, (N,) or (N, classes), to images (N, C, H, W) in [-1, 1]."""
        z = self.from_z(z)
        joined = torch.cat([z, self.from_y(y).to(z.dtype)], 1)
        images: Tensor = self.image(self.hidden(joined))
        return images.view(-1, *self.shape)


keep_old_names(globals())
