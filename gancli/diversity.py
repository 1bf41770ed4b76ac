"""How generated images differ from each other and from those trained on, measured against how real ones differ."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from gancli.data.base import Images
from gancli.verdicts import FEW

SIDE = 16  # pixels: enough to tell pictures apart, and few enough to compare thousands
SAMPLE = 256  # of many images
BATCH = 64


class Yardstick:
    """Distances between real images, as the unit of `diversity` (of a batch) and `novelty` (against few images)."""

    def __init__(self, data: Images, device: torch.device) -> None:
        count = len(data)
        self.few = count <= FEW
        numbers = np.arange(count) if self.few else np.random.default_rng(0).permutation(count)[:SAMPLE]
        pixels = torch.from_numpy(np.ascontiguousarray(data.pixels[np.sort(numbers)]))
        self._real = _flat(pixels.to(device).float() / 127.5 - 1)
        apart = _apart(self._real)
        self._apart = apart.mean() if apart.numel() else torch.zeros((), device=device)
        nearest = _without_self(torch.cdist(self._real, self._real)).amin(1)
        self._nearest = nearest[nearest > 0].mean() if bool((nearest > 0).any()) else None
        self.usable = bool(self._apart > 0)

    @torch.no_grad()
    def measure(self, made: Tensor) -> dict[str, Tensor]:
        """The statistics, on the device, of generated images (N, C, H, W) in [-1, 1]."""
        if not self.usable or len(made) < 2:
            return {}
        flat = _flat(made[:BATCH].float())
        found = {"diversity": _apart(flat).mean() / self._apart}
        if self.few and self._nearest is not None:
            found["novelty"] = torch.cdist(flat, self._real).amin(1).mean() / self._nearest
        return found


def _flat(images: Tensor) -> Tensor:
    height, width = images.shape[2:]
    return adaptive_avg_pool2d(images, (min(height, SIDE), min(width, SIDE))).flatten(1)


def _apart(flat: Tensor) -> Tensor:
    return torch.pdist(flat)


def _without_self(distances: Tensor) -> Tensor:
    return distances + torch.diag(torch.full((len(distances),), torch.inf, device=distances.device))
