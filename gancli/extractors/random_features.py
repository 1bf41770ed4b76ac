"""Features of no training: the same random convolutions for everybody, to compare runs on any data."""

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gancli.data.images import Images
from gancli.extractors.contract import Extractor

if TYPE_CHECKING:
    from gancli.base.progress import Progress

WIDTHS = (16, 32, 64)
SEED = 20140610


class RandomConvolutions(nn.Module):
    """Three stages of fixed random 3x3 filters: the mean and the spread of every filter's answer, at last by quarters.

    uint8 (N, C, H, W), sides of 4 or more, to (N, 480). Random networks rank images almost as trained ones do where
    those know nothing of the domain (2002.09797).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        dice = torch.Generator().manual_seed(SEED)
        sizes = (channels, *WIDTHS)
        self.filters = nn.ParameterList(
            nn.Parameter(_filters(inside, outside, dice), requires_grad=False) for inside, outside in pairwise(sizes)
        )

    def forward(self, pixels: Tensor) -> Tensor:
        """Features of uint8 images."""
        x, pooled = pixels.float().div(127.5).sub(1), []
        for filters in self.filters:
            x = F.leaky_relu(F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), filters), 0.2)
            pooled += [x.mean((2, 3)), x.flatten(2).std(2, correction=0)]
            x = F.avg_pool2d(x, 2) if min(x.shape[2:]) > 1 else x
        return torch.cat([*pooled, _quarters(x)], 1)


def _quarters(x: Tensor) -> Tensor:
    """The means (N, 4 C) of the quarters of (N, C, H, W); of odd sides, the middle belongs to both halves."""
    # Adaptive pooling is the same, but Apple GPUs refuse it where a side is odd.
    height, width = x.shape[2:]
    rows = (x[:, :, : (height + 1) // 2], x[:, :, height // 2 :])
    quarters = [part for row in rows for part in (row[..., : (width + 1) // 2], row[..., width // 2 :])]
    return torch.stack([quarter.mean((2, 3)) for quarter in quarters], 2).flatten(1)


def _filters(inside: int, outside: int, dice: torch.Generator) -> Tensor:
    """Filters (outside, inside, 3, 3) that keep the size of what goes through (1502.01852)."""
    return torch.randn(outside, inside, 3, 3, generator=dice) * (2 / (9 * inside)) ** 0.5


class Random(Extractor):
    """Fixed random convolutions: any images, nothing to train, nothing to fetch."""

    def open(self, images: Images, device: torch.device, progress: "Progress") -> nn.Module:
        """The network for so many channels."""
        return RandomConvolutions(images.spec.channels).to(device)
