"""Whether images are like real ones, and whether all kinds of real ones are there: two pairs of shares."""

from typing import ClassVar

from gancli.metrics import formulas
from gancli.metrics.contract import MOST, Generated, Metric, Reference


class PRDC(Metric):
    """Improved precision and recall (1904.06991), density and coverage (2002.09797), of 10,000 images at most."""

    better: ClassVar = {"precision": "higher", "recall": "higher", "density": "higher", "coverage": "higher"}

    def measure(self, made: Generated, real: Reference) -> dict[str, float]:
        """Shares in [0, 1]; density may exceed 1, where generated images keep to the crowded places."""
        x, y = real.features.rows[:MOST], made.features.rows[:MOST]
        precision, recall = formulas.precision_recall(x, y)
        density, coverage = formulas.density_coverage(x, y)
        return {"precision": precision, "recall": recall, "density": density, "coverage": coverage}
