"""How generated images differ from each other and from those trained on, measured against how real ones differ."""

import numpy as np
import torch
from torch import Tensor

from gancli.compute.areas import area_means
from gancli.data.images import Images, Pixels
from gancli.telemetry.subject import FEW

SIDE = 16  # pixels: enough to tell pictures apart, and few enough to compare thousands
SAMPLE = 256  # of many images
BATCH = 64


class Yardstick:
    """Distances between real images, as the unit of `diversity` (of a batch) and `novelty` (against few images)."""

    def __init__(self, data: Images, device: torch.device) -> None:
        count = len(data)
        few = count <= FEW
        numbers = np.arange(count) if few else np.sort(np.random.default_rng(0).permutation(count)[:SAMPLE])
        real = _averaged_down(data.pixels, numbers, device)
        self._apart = _mean_distance(real) if count > 1 else torch.zeros((), device=device)
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
        statistics = {"diversity": _mean_distance(flat) / self._apart}
        if len(self._known) > 2:
            statistics["novelty"] = _novelty(torch.cdist(flat, self._known)) / self._new
        return statistics


def _averaged_down(pixels: Pixels, numbers: np.ndarray, device: torch.device) -> Tensor:
    """Images of these numbers as rows of at most SIDE x SIDE pixels a channel; few at a time are held in full size."""
    rows = []
    for start in range(0, len(numbers), BATCH):
        part = torch.from_numpy(np.ascontiguousarray(pixels[numbers[start : start + BATCH]])).to(device)
        rows.append(_flat(part.float() / 127.5 - 1))
    return torch.cat(rows)


def _flat(images: Tensor) -> Tensor:
    """Images (N, C, H, W) averaged over areas to at most SIDE x SIDE pixels, (N, values)."""
    height, width = images.shape[2:]
    return area_means(images, min(height, SIDE), min(width, SIDE)).flatten(1)


def _mean_distance(rows: Tensor) -> Tensor:
    """The mean distance between two different rows; Apple GPUs have no kernel for `torch.pdist`."""
    # Distances by matrix products would not leave a row at zero from itself.
    distances = torch.cdist(rows, rows, compute_mode="donot_use_mm_for_euclid_dist")
    return distances.sum() / (len(rows) * (len(rows) - 1))


def _novelty(distances: Tensor) -> Tensor:
    """The distance to the nearest column over that to the second nearest, as a mean: 0 of copies (2310.02664)."""
    nearest = distances.topk(2, dim=1, largest=False).values
    return (nearest[:, 0] / nearest[:, 1]).mean()


def _without_self(distances: Tensor) -> Tensor:
    return distances + torch.diag(torch.full((len(distances),), torch.inf, device=distances.device))
