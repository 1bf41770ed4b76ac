"""Which classes are made, and whether those that were asked for."""

from typing import Any, ClassVar

import numpy as np

from gancli.metrics import formulas
from gancli.metrics.contract import Generated, Metric, Reference

MADE = 0.1  # of its share among real images: a class that has less counts as missing


class Classes(Metric):
    """How generated images fall into the classes of the real ones."""

    better: ClassVar = {"modes": "higher", "entropy": "higher"}
    needs: ClassVar = frozenset({"classes"})

    def measure(self, made: Generated, real: Reference) -> dict[str, Any]:
        """`modes` classes of all are made, in `entropy` nats of log(classes); `shares` of each class, and real ones."""
        assert made.features.classes is not None
        assert real.features.classes is not None
        count = len(real.classes)
        shares = formulas.class_shares(made.features.classes, count)
        usual = formulas.class_shares(real.features.classes, count)
        return {
            "modes": modes(shares, usual),
            "entropy": formulas.entropy(shares),
            "shares": shares.tolist(),
            "real_shares": usual.tolist(),
            "names": list(real.classes),
        }


def modes(shares: np.ndarray, usual: np.ndarray) -> float:
    """How many classes are made at least a tenth as often as they are real."""
    return float(np.count_nonzero((shares >= MADE * usual) & (shares > 0)))


class Asked(Metric):
    """Whether a conditional model makes what it is asked for."""

    better: ClassVar = {"accuracy": "higher"}
    needs: ClassVar = frozenset({"classes", "asked"})

    def measure(self, made: Generated, real: Reference) -> dict[str, Any]:
        """The share of images, in [0, 1], in which the asked-for class is seen, and the same `by_class`."""
        assert made.features.classes is not None
        assert made.asked is not None
        right = made.features.classes == made.asked
        each = [right[made.asked == number] for number in range(len(real.classes))]
        return {
            "accuracy": float(right.mean()),
            "accuracies": [float(part.mean()) if len(part) else 0.0 for part in each],
        }
