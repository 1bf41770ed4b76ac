"""The classes of generated images: which are made, and whether they are those that were asked for."""

from typing import Any, ClassVar

import numpy as np

from gancli.metrics import formulas
from gancli.metrics.contract import Generated, Metric, Reference

MADE = 0.1  # of its share among real images: a class that has less counts as missing


class Classes(Metric):
    """How generated images are spread over the classes of the real ones."""

    better: ClassVar = {"modes": "higher", "entropy": "higher"}
    needs: ClassVar = frozenset({"classes"})

    def measure(self, generated: Generated, real: Reference) -> dict[str, Any]:
        """Return `modes`, the number of classes that are made, and `entropy`, in nats, log(classes) at most.

        Details are `shares` and `real_shares` (classes,), of generated and of real images, and the `names` of classes.
        """
        assert generated.features.classes is not None
        assert real.features.classes is not None
        count = len(real.classes)
        shares = formulas.class_shares(generated.features.classes, count)
        real_shares = formulas.class_shares(real.features.classes, count)
        return {
            "modes": modes(shares, real_shares),
            "entropy": formulas.entropy(shares),
            "shares": shares.tolist(),
            "real_shares": real_shares.tolist(),
            "names": list(real.classes),
        }


def modes(shares: np.ndarray, real_shares: np.ndarray) -> float:
    """Return how many classes are generated, at least a tenth as often as they are real; the shares are (classes,)."""
    return float(np.count_nonzero((shares >= MADE * real_shares) & (shares > 0)))


class Asked(Metric):
    """Whether a conditional model makes the classes that it is asked for."""

    better: ClassVar = {"accuracy": "higher"}
    needs: ClassVar = frozenset({"classes", "asked"})

    def measure(self, generated: Generated, real: Reference) -> dict[str, Any]:
        """Return `accuracy`, the share in [0, 1] of images of the class asked for; `accuracies` are by class."""
        assert generated.features.classes is not None
        assert generated.asked is not None
        right = generated.features.classes == generated.asked
        by_class = [right[generated.asked == number] for number in range(len(real.classes))]
        return {
            "accuracy": float(right.mean()),
            "accuracies": [float(part.mean()) if len(part) else 0.0 for part in by_class],
        }
