"""The contract of metrics: figures of generated images against real ones, from the features of both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

Better = Literal["lower", "higher"]
Figures = Mapping[str, Any]
MOST = 10_000  # images of either side that are compared pair by pair


@dataclass(frozen=True)
class Reference:
    """The features that an extractor gives for real images.

    count: the number of images; mean (D,), covariance (D, D): float64, of the features of all of them; features: those
    of some images, in random order; numbers: int64 (N,), which images those are; classes: their names; trained_on:
    whether the model was trained on these images.
    """

    count: int
    mean: np.ndarray
    covariance: np.ndarray
    features: "Features"
    numbers: np.ndarray
    classes: tuple[str, ...] = ()
    trained_on: bool = True


@dataclass(frozen=True)
class Generated:
    """The features of generated images, and the classes that were asked for, int64 (N,), None if none were."""

    features: "Features"
    asked: np.ndarray | None = None


class Metric:
    """One or more figures; a subclass defines `measure`, `better`, and `needs` if it needs anything.

    better: "lower" or "higher" for each figure, a finite float; whatever else `measure` returns is detail for JSON.
    needs: "classes", an extractor that tells classes; "asked", a conditional model of the extractor's classes;
    "training", the images that the model was trained on.
    """

    better: ClassVar[Mapping[str, Better]] = {}
    needs: ClassVar[frozenset[str]] = frozenset()

    def measure(self, generated: Generated, real: Reference) -> Figures:
        """Return the figures by name; they are the same for the same images in the same order."""
        raise NotImplementedError


@dataclass(frozen=True)
class Features:
    """The features of images, float32 (N, D), and their classes, int64 (N,), None where the extractor tells none."""

    rows: np.ndarray
    classes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, numbers: slice | np.ndarray) -> "Features":
        return Features(self.rows[numbers], None if self.classes is None else self.classes[numbers])


def joined(parts: list[Features]) -> Features:
    """Join the features of several sets of images, one set after the other."""
    classes = [part.classes for part in parts if part.classes is not None]
    return Features(np.concatenate([part.rows for part in parts]), np.concatenate(classes) if classes else None)
