"""Images averaged over areas, on every device: the adaptive pooling of Apple GPUs takes sizes that divide the sides."""

import torch
from torch import Tensor


def area_means(images: Tensor, height: int, width: int) -> Tensor:
    """The means (N, C, height, width) of the areas of images (N, C, H, W), those of `adaptive_avg_pool2d`."""
    rows, columns = (_areas(*sides, images.device) for sides in zip(images.shape[2:], (height, width), strict=True))
    return rows @ images @ columns.T


def _areas(length: int, count: int, device: torch.device) -> Tensor:
    """The matrix (count, length) that averages a side over areas.

    Area i reaches from floor(i length / count) to ceil((i + 1) length / count).
    """
    number = torch.arange(count, device=device)[:, None]
    first, end = number * length // count, -(-(number + 1) * length // count)
    place = torch.arange(length, device=device)
    inside = ((place >= first) & (place < end)).float()
    return inside / inside.sum(1, keepdim=True)
