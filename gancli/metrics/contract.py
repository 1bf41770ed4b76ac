"""What a metric is: figures of generated images against real ones, from the features that an extractor lends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

Better = Literal["lower", "higher"]
Figures = Mapping[str, Any]
MOST = 10_000  # images of either side that are compared pair by pair


@dataclass(frozen=True)
class Reference:
    """Real images as an extractor sees them.

    count: of all images, float64 mean (D,) and covariance (D, D) of which are here; features: of as many as are
    kept, in random order; numbers: which images those are, (kept,); classes: names; trained_on: whether the model was
    trained on these images.
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
    """Generated images as an extractor sees them, and the classes, int64 (N,), that were asked for, if any were."""

    features: "Features"
    asked: np.ndarray | None = None


class Metric:
    """One figure or a few; a subclass defines `measure`, and says what its figures are and what they need.

    better: which way each figure, a finite float, is better; what else `measure` gives is detail for JSON.
    needs: "classes", an extractor that tells classes; "asked", a conditional model as well; "training", the images
    that the model was trained on.
    """

    better: ClassVar[Mapping[str, Better]] = {}
    needs: ClassVar[frozenset[str]] = frozenset()

    def measure(self, made: Generated, real: Reference) -> Figures:
        """The figures by name, and the same for the same images in the same order."""
        raise NotImplementedError


@dataclass(frozen=True)
class Features:
    """What was seen in images: features, float32 (N, D), and classes, int64 (N,), where the extractor tells them."""

    rows: np.ndarray
    classes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, numbers: slice | np.ndarray) -> "Features":
        return Features(self.rows[numbers], None if self.classes is None else self.classes[numbers])


def joined(parts: list[Features]) -> Features:
    """Features of several sets of images as those of one."""
    classes = [part.classes for part in parts if part.classes is not None]
    return Features(np.concatenate([part.rows for part in parts]), np.concatenate(classes) if classes else None)
