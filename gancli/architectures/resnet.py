"""Residual networks, at any size of k·2^n (1704.00028, 1802.05957)."""

from itertools import pairwise
from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import interpolate

from gancli.architectures.contract import Architecture, Networks
from gancli.architectures.layers import ConditionalBatchNorm, Projection, norm2d, pyramid, spectral
from gancli.base.moved import keep_old_names
from gancli.data.images import Spec

WIDEST = 16  # channels of the smallest size, at most, as a multiple of the width


class ResNet(Architecture):
    """Residual blocks whose channels double as the size halves, up to 16 times the width; given classes, G has
    conditional batch normalisation (1707.00683) and D a projection (1802.05637)."""

    # The papers' rate is 2e-4; with an averaged generator a higher one learns more in the same time.
    suggests: ClassVar = {"optim.lr": 1e-3, "optim.betas": (0.0, 0.9), "arch.latent": 128}
    mixes_classes: ClassVar = True

    width: int = Field(64, ge=1, le=4096, description="Channels next to the image, in G and in D.")
    d_norm: Literal["batch", "layer", "instance", "spectral", "none"] = Field(
        "spectral", description="Normalisation in D."
    )

    def build(self, spec: Spec, conditional: bool) -> Networks:
        """G and D; sides must be k·2^n, k in 4..7 for the shorter one."""
        n, start = pyramid(spec, self.name)
        widths = [self.width * min(2**i, WIDEST) for i in range(n + 1)]
        classes = len(spec.classes) if conditional else 0
        networks: Networks = {
            "G": ResNetGenerator(self.latent, start, widths[::-1], spec.channels, classes),
            "D": ResNetDiscriminator(spec.channels, widths[:-1], self.d_norm, classes),
        }
        for network in networks.values():
            network.apply(_first_weights)
        if self.d_norm == "spectral":
            spectral(networks["D"])
        return networks


def _first_weights(module: nn.Module) -> None:
    """Initialise weights after Glorot, and biases with 0, as in both papers."""
    if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
        nn.init.xavier_uniform_(module.weight, 2**0.5 if isinstance(module, nn.Conv2d) else 1.0)
        nn.init.zeros_(module.bias)


class Norm(nn.Module):
    """Batch normalisation (conditional if there are classes), and ReLU."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.norm = ConditionalBatchNorm(features, classes) if classes else nn.BatchNorm2d(features)

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """(N, features, H, W) to the same shape, none below zero."""
        normal: Tensor = self.norm(x) if y is None else self.norm(x, y)
        return normal.relu()


class ResidualUp(nn.Module):
    """A residual block that doubles the size: two 3x3 convolutions, and a 1x1 convolution as the skip connection."""

    def __init__(self, inputs: int, outputs: int, classes: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([Norm(inputs, classes), Norm(outputs, classes)])
        self.convs = nn.ModuleList(nn.Conv2d(channels, outputs, 3, 1, 1) for channels in (inputs, outputs))
        self.skip = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, 2H, 2W)."""
        residual = self.convs[0](interpolate(self.norms[0](x, y), scale_factor=2))
        residual = self.convs[1](self.norms[1](residual, y))
        return residual + interpolate(self.skip(x), scale_factor=2)


class ResidualDown(nn.Module):
    """A residual block that halves the size: two 3x3 convolutions, and a 1x1 convolution as the skip connection.

    of_images: no normalisation and ReLU before the first convolution. halves: whether the size is halved at all.
    """

    def __init__(self, inputs: int, outputs: int, norm: str, *, of_images: bool = False, halves: bool = True) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(2) if halves else nn.Identity()
        before = [] if of_images else [norm2d(norm, inputs), nn.ReLU()]
        middle = [nn.Conv2d(inputs, outputs, 3, 1, 1), norm2d(norm, outputs), nn.ReLU()]
        self.way = nn.Sequential(*before, *middle, nn.Conv2d(outputs, outputs, 3, 1, 1))
        self.skip = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H/2, W/2)."""
        half: Tensor = self.pool(self.way(x)) + self.skip(self.pool(x))
        return half


class ResNetGenerator(nn.Module):
    """Latent to image: a linear layer to the smallest size, then one `ResidualUp` a stage, tanh at the end."""

    def __init__(self, latent: int, start: tuple[int, int], widths: list[int], channels: int, classes: int) -> None:
        super().__init__()
        self.start = start
        self.first = nn.Linear(latent, widths[0] * start[0] * start[1])
        self.stages = nn.ModuleList(ResidualUp(inputs, outputs, classes) for inputs, outputs in pairwise(widths))
        self.norm = Norm(widths[-1], 0)
        self.last = nn.Conv2d(widths[-1], channels, 3, 1, 1)

    def forward(self, z: Tensor, y: Tensor | None) -> Tensor:
        """Latents (N, latent) to images (N, C, H, W) in [-1, 1]."""
        x = self.first(z).unflatten(1, (-1, *self.start))
        for stage in self.stages:
            x = stage(x, y)
        image: Tensor = self.last(self.norm(x, None))
        return image.tanh()


class ResNetDiscriminator(nn.Module):
    """Image to raw score: one `ResidualDown` a stage, a last block, and a linear layer on its summed features."""

    def __init__(self, channels: int, widths: list[int], norm: str, classes: int) -> None:
        super().__init__()
        kind = "none" if norm == "spectral" else norm
        stages = [ResidualDown(inputs, outputs, kind) for inputs, outputs in pairwise(widths)]
        self.features = nn.Sequential(
            ResidualDown(channels, widths[0], kind, of_images=True),
            *stages,
            ResidualDown(widths[-1], widths[-1], kind, halves=False),
            norm2d(kind, widths[-1]),
            nn.ReLU(),
        )
        self.score = nn.Linear(widths[-1], 1)
        self.projection = Projection(widths[-1], classes) if classes else None

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Images (N, C, H, W) to scores (N,)."""
        features: Tensor = self.features(x).sum((2, 3))
        score: Tensor = self.score(features).squeeze(1)
        return score if self.projection is None or y is None else score + self.projection(features, y)


keep_old_names(globals())
