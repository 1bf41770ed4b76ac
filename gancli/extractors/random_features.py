"""Features without training: the same random convolutions everywhere, to compare runs on any images."""

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
    """Three stages of fixed random 3x3 filters, from uint8 (N, C, H, W) with sides of 4 or more to (N, 480).

    The features are the mean and the standard deviation of every filter's output, and the means of the quarters of the
    last stage. Random networks rank images almost as trained ones do where those were trained on another domain
    (2002.09797).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(SEED)
        sizes = (channels, *WIDTHS)
        self.filters = nn.ParameterList(
            nn.Parameter(_filters(inside, outside, generator), requires_grad=False)
            for inside, outside in pairwise(sizes)
        )

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the features (N, 480) of uint8 images (N, C, H, W)."""
        x, pooled = pixels.float().div(127.5).sub(1), []
        for filters in self.filters:
            x = F.leaky_relu(F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), filters), 0.2)
            pooled += [x.mean((2, 3)), x.flatten(2).std(2, correction=0)]
            x = F.avg_pool2d(x, 2) if min(x.shape[2:]) > 1 else x
        return torch.cat([*pooled, _quarters(x)], 1)


def _quarters(x: Tensor) -> Tensor:
    """The means (N, 4 C) of the quarters of (N, C, H, W); of odd sides, the middle belongs to both halves."""
    # Adaptive pooling is the same, but Apple GPUs refuse it where a side is odd.
    top, bottom = _halves(x, 2)
    quarters = (*_halves(top, 3), *_halves(bottom, 3))
    return torch.stack([quarter.mean((2, 3)) for quarter in quarters], 2).flatten(1)


def _halves(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """The two halves along a dimension; both hold the middle of an odd one."""
    size = x.shape[dim]
    half = (size + 1) // 2
    return x.narrow(dim, 0, half), x.narrow(dim, size // 2, half)


def _filters(inside: int, outside: int, generator: torch.Generator) -> Tensor:
    """Random filters (outside, inside, 3, 3) whose outputs are about as large as their inputs (1502.01852)."""
    return torch.randn(outside, inside, 3, 3, generator=generator) * (2 / (9 * inside)) ** 0.5


class Random(Extractor):
    """Fixed random convolutions, for any images, with nothing to train or to download."""

    def open(self, images: Images, device: torch.device, progress: "Progress") -> nn.Module:
        """Return the network for the channels of the images."""
        return RandomConvolutions(images.spec.channels).to(device)
