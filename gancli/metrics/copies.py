"""Copies: of training images, and of each other."""

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from gancli.base.errors import GanError
from gancli.metrics.contract import MOST, Generated, Metric, Reference

ROWS = 512  # of distances at a time
RARE = 0.01  # of real images are nearer to another one than this
SAMPLE = 2000  # of training images, whose distances among themselves are the measure
COPY = 1 / 3
CLOSEST = 8


class Memorisation(Metric):
    """How near generated images come to single training images, beside how near those come to each other.

    novelty: how near the nearest training image is beside the second nearest, over the same among training images:
    new images have about 1, copies 0. copied: the share of which it is less than a third as far (2310.02664).
    authenticity: the share that are farther from their nearest training image than that is from its own nearest
    (2102.08921): new images have about 0.5, copies 0.
    """

    better: ClassVar = {"novelty": "higher", "copied": "lower", "authenticity": "higher"}
    needs: ClassVar = frozenset({"training"})

    def measure(self, made: Generated, real: Reference) -> dict[str, Any]:
        """The three figures, and the `nearest` pairs: number of the sample, of the training image, their ratio."""
        first = _distinct(real.features.rows)
        x, y = _centred(real.features.rows[first], made.features.rows[:MOST])
        if len(x) < 3:
            raise GanError("Of fewer than three different training images no copies can be told.")
        distances, numbers = _nearest(y, x)
        among, _ = _among(x, torch.arange(min(len(x), SAMPLE)))
        ratios, hit = _ratio(distances), numbers[:, 0]
        places, of = torch.unique(hit, return_inverse=True)
        authentic = distances[:, 0] > _among(x, places)[0][of, 0]
        return {
            "novelty": float(ratios.mean() / _ratio(among).mean()),
            "copied": float((ratios < COPY).double().mean()),
            "authenticity": float(authentic.double().mean()),
            "nearest": _closest(ratios, real.numbers[first[hit.numpy()]]),
        }


class Duplicates(Metric):
    """How many generated images are nearer to another one than 99 % of as many real images are."""

    better: ClassVar = {"duplicates": "lower"}

    def measure(self, made: Generated, real: Reference) -> dict[str, float]:
        """A share in [0, 1]; about 0.01 of images as different as real ones, 1 where one is repeated."""
        count = min(len(real.features), len(made.features), MOST)
        x, y = _centred(real.features.rows[:count], made.features.rows[:count])
        usual, generated = (_among(each, torch.arange(count))[0][:, 0] for each in (x, y))
        usual = usual[usual > 0]
        limit = torch.quantile(usual, RARE) if len(usual) else torch.zeros(())
        return {"duplicates": float((generated <= limit).double().mean())}


def _distinct(rows: np.ndarray) -> np.ndarray:
    """The numbers of rows without those that are there already: twins would hide each other's copies."""
    numbers: dict[bytes, int] = {}
    for number, row in enumerate(np.round(rows, 3)):
        numbers.setdefault(row.tobytes(), number)
    return np.fromiter(numbers.values(), np.int64)


def _centred(real: np.ndarray, made: np.ndarray) -> tuple[Tensor, Tensor]:
    """Both about the real mean, where distances suffer least from rounding."""
    centre = real.mean(0, dtype=np.float64).astype(np.float32)
    return torch.from_numpy(real - centre), torch.from_numpy(made - centre)


def _nearest(points: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Of each point (N, D) the distances (N, 2) to the two nearest of the others (M, D), and their numbers (N, 2)."""
    nearest = [torch.cdist(part, others).topk(2, largest=False) for part in torch.split(points, ROWS)]
    return torch.cat([each.values for each in nearest]), torch.cat([each.indices for each in nearest])


def _among(points: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """Of each chosen point the same to the two nearest other points."""
    nearest = []
    for numbers in torch.split(chosen, ROWS):
        distances = torch.cdist(points[numbers], points)
        distances[torch.arange(len(numbers)), numbers] = torch.inf
        nearest.append(distances.topk(2, largest=False))
    return torch.cat([each.values for each in nearest]), torch.cat([each.indices for each in nearest])


def _ratio(distances: Tensor) -> Tensor:
    """The first of two distances over the second, in [0, 1]."""
    return distances[:, 0] / distances[:, 1].clamp_min(1e-12)


def _closest(ratios: Tensor, numbers: np.ndarray) -> list[dict[str, float]]:
    order = torch.argsort(ratios, stable=True)[:CLOSEST].tolist()
    return [{"sample": number, "image": int(numbers[number]), "ratio": float(ratios[number])} for number in order]
