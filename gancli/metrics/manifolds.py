"""How many generated images are like real ones, and how many real ones are covered: two pairs of shares."""

from typing import ClassVar

from gancli.metrics import formulas
from gancli.metrics.contract import MOST, Generated, Metric, Reference


class PRDC(Metric):
    """Improved precision and recall (1904.06991), density and coverage (2002.09797), of 10,000 images at most."""

    better: ClassVar = {"precision": "higher", "recall": "higher", "density": "higher", "coverage": "higher"}

    def measure(self, generated: Generated, real: Reference) -> dict[str, float]:
        """Return four shares in [0, 1]; density exceeds 1 where generated images crowd where real ones are dense."""
        x, y = real.features.rows[:MOST], generated.features.rows[:MOST]
        precision, recall = formulas.precision_recall(x, y)
        density, coverage = formulas.density_coverage(x, y)
        return {"precision": precision, "recall": recall, "density": density, "coverage": coverage}
