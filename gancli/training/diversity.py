"""How generated images differ from each other and from those trained on, measured against how real ones differ."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from gancli.data.images import Images
from gancli.telemetry.subject import FEW

SIDE = 16  # pixels: enough to tell pictures apart, and few enough to compare thousands
SAMPLE = 256  # of many images
BATCH = 64


class Yardstick:
    """Distances between real images, as the unit of `diversity` (of a batch) and `novelty` (against few images)."""

    def __init__(self, data: Images, device: torch.device) -> None:
        count = len(data)
        few = count <= FEW
        numbers = np.arange(count) if few else np.random.default_rng(0).permutation(count)[:SAMPLE]
        pixels = torch.from_numpy(np.ascontiguousarray(data.pixels[np.sort(numbers)]))
        real = _flat(pixels.to(device).float() / 127.5 - 1)
        self._apart = torch.pdist(real).mean() if count > 1 else torch.zeros((), device=device)
        self._known, self._new = torch.unique(real, dim=0) if few else real[:0], torch.ones((), device=device)
        if len(self._known) > 2:
            self._new = _novelty(_without_self(torch.cdist(self._known, self._known)))
        self.usable = bool(self._apart > 0)

    @torch.no_grad()
    def measure(self, made: Tensor) -> dict[str, Tensor]:
        """The statistics, on the device, of generated images (N, C, H, W) in [-1, 1]."""
        if not self.usable or len(made) < 2:
            return {}
        flat = _flat(made[:BATCH].float())
        found = {"diversity": torch.pdist(flat).mean() / self._apart}
        if len(self._known) > 2:
            found["novelty"] = _novelty(torch.cdist(flat, self._known)) / self._new
        return found


def _flat(images: Tensor) -> Tensor:
    height, width = images.shape[2:]
    return adaptive_avg_pool2d(images, (min(height, SIDE), min(width, SIDE))).flatten(1)


def _novelty(distances: Tensor) -> Tensor:
    """The distance to the nearest column over that to the second nearest, as a mean: 0 of copies (2310.02664)."""
    nearest = distances.topk(2, dim=1, largest=False).values
    return (nearest[:, 0] / nearest[:, 1]).mean()


def _without_self(distances: Tensor) -> Tensor:
    return distances + torch.diag(torch.full((len(distances),), torch.inf, device=distances.device))
