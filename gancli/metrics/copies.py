"""Copies: of training images, and of each other."""

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from gancli.base.errors import GanError
from gancli.metrics.contract import MOST, Generated, Metric, Reference

ROWS = 512  # of distances that are taken at a time
RARE = 0.01  # share of real images whose distance to their nearest counts as that of duplicates
SAMPLE = 2000  # training images whose distances to each other are taken
COPY = 1 / 3
CLOSEST = 8


class Memorisation(Metric):
    """How close generated images are to single training images, compared with how close those are to each other.

    novelty: the mean ratio of the distances to the nearest and the second nearest training image, divided by the same
    among training images; about 1 for new images, 0 for copies. copied: the share of images whose ratio is below a
    third (2310.02664). authenticity: the share of images farther from their nearest training image than that one is
    from its own nearest (2102.08921); about 0.5 for new images, 0 for copies.
    """

    better: ClassVar = {"novelty": "higher", "copied": "lower", "authenticity": "higher"}
    needs: ClassVar = frozenset({"training"})

    def measure(self, generated: Generated, real: Reference) -> dict[str, Any]:
        """Return the figures, and `nearest`: the pairs of a sample and a training image, by number, of least ratio."""
        distinct = _distinct(real.features.rows)
        x, y = _centred(real.features.rows[distinct], generated.features.rows[:MOST])
        if len(x) < 3:
            raise GanError("Of fewer than three different training images no copies can be told.")
        distances, numbers = _nearest(y, x)
        ratios, nearest = _ratio(distances), numbers[:, 0]
        real_distances, _ = _nearest_others(x, torch.arange(min(len(x), SAMPLE)))
        places, inverse = torch.unique(nearest, return_inverse=True)
        authentic = distances[:, 0] > _nearest_others(x, places)[0][inverse, 0]
        return {
            "novelty": float(ratios.mean() / _ratio(real_distances).mean()),
            "copied": float((ratios < COPY).double().mean()),
            "authenticity": float(authentic.double().mean()),
            "nearest": _closest(ratios, real.numbers[distinct[nearest.numpy()]]),
        }


class Duplicates(Metric):
    """The share of generated images that are nearer to another one than 99 % of as many real images are."""

    better: ClassVar = {"duplicates": "lower"}

    def measure(self, generated: Generated, real: Reference) -> dict[str, float]:
        """Return `duplicates`, in [0, 1]: about 0.01 for images as varied as real ones, 1 for one image repeated."""
        count = min(len(real.features), len(generated.features), MOST)
        x, y = _centred(real.features.rows[:count], generated.features.rows[:count])
        real_distances, distances = (_nearest_others(points, torch.arange(count))[0][:, 0] for points in (x, y))
        apart = real_distances[real_distances > 0]
        limit = torch.quantile(apart, RARE) if len(apart) else torch.zeros(())
        return {"duplicates": float((distances <= limit).double().mean())}


def _distinct(rows: np.ndarray) -> np.ndarray:
    """The numbers of the rows (N, D) without repetitions: a repeated image would hide copies of itself."""
    numbers: dict[bytes, int] = {}
    for number, row in enumerate(np.round(rows, 3)):
        numbers.setdefault(row.tobytes(), number)
    return np.fromiter(numbers.values(), np.int64)


def _centred(real: np.ndarray, generated: np.ndarray) -> tuple[Tensor, Tensor]:
    """Both sets of rows (N, D) with the real mean subtracted, so that distances suffer less from rounding."""
    centre = real.mean(0, dtype=np.float64).astype(np.float32)
    return torch.from_numpy(real - centre), torch.from_numpy(generated - centre)


def _nearest(points: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """For each point (N, D) the distances (N, 2) to the two nearest others (M, D), and the numbers (N, 2) of those."""
    nearest = [torch.cdist(part, others).topk(2, largest=False) for part in torch.split(points, ROWS)]
    return torch.cat([part.values for part in nearest]), torch.cat([part.indices for part in nearest])


def _nearest_others(points: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """For each chosen one of the points the distances (N, 2) to its two nearest other points, and their numbers."""
    nearest = []
    for numbers in torch.split(chosen, ROWS):
        distances = torch.cdist(points[numbers], points)
        distances[torch.arange(len(numbers)), numbers] = torch.inf
        nearest.append(distances.topk(2, largest=False))
    return torch.cat([part.values for part in nearest]), torch.cat([part.indices for part in nearest])


def _ratio(distances: Tensor) -> Tensor:
    """The ratio (N,), in [0, 1], of the smaller of two distances (N, 2) to the larger."""
    return distances[:, 0] / distances[:, 1].clamp_min(1e-12)


def _closest(ratios: Tensor, numbers: np.ndarray) -> list[dict[str, float]]:
    order = torch.argsort(ratios, stable=True)[:CLOSEST].tolist()
    return [{"sample": number, "image": int(numbers[number]), "ratio": float(ratios[number])} for number in order]
