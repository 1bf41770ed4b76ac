"""The discriminator of StyleGAN2: residual, and told how much the images of a batch differ (1912.04958)."""

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from gancli import ClassVectors, Spec, pyramid
from gancli_stylegan2.layers import EPSILON, Convolution, Linear, activate

if TYPE_CHECKING:
    from gancli_stylegan2.architecture import StyleGAN2


class Discriminator(nn.Module):
    """Image to raw score; given classes, by a projection on the last features (1802.05637)."""

    def __init__(self, options: "StyleGAN2", spec: Spec, classes: int) -> None:
        super().__init__()
        n, (height, width) = pyramid(spec, options.name)
        widths = [options.channels(stage) for stage in range(n + 1)]
        self.first = Convolution(spec.channels, widths[0], 1)
        self.halvings = nn.Sequential(*(Halving(a, b) for a, b in pairwise(widths)))
        self.last = Convolution(widths[-1] + 1, widths[-1], 3)
        self.features = Linear(widths[-1] * height * width, widths[-1])
        self.score = Linear(widths[-1], 1)
        self.classes = ClassVectors(classes, widths[-1]) if classes else None

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Images (N, C, H, W) to scores (N,)."""
        x = self.halvings(activate(self.first(x)))
        x = activate(self.last(torch.cat([x, spread(x)], 1)))
        features = activate(self.features(x.flatten(1)))
        score: Tensor = self.score(features).squeeze(1)
        if self.classes is None or y is None:
            return score
        return score + (features * self.classes(y)).sum(1) / math.sqrt(features.shape[1])


class Halving(nn.Module):
    """Two convolutions to half the size, and a way around them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = Convolution(inputs, inputs, 3), Convolution(inputs, outputs, 3, halve=True)
        self.around = Convolution(inputs, outputs, 1, halve=True)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H/2, W/2)."""
        through: Tensor = activate(self.second(activate(self.first(x))))
        return (through + self.around(x)) / math.sqrt(2)


def spread(x: Tensor) -> Tensor:
    """The mean deviation of features within the batch, as one more channel (N, 1, H, W) (1710.10196)."""
    deviation = (x.var(0, correction=0) + EPSILON).sqrt().mean()
    return deviation.expand(len(x), 1, *x.shape[2:])
