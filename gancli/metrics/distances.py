"""Distances between the distributions of features: FID and KID."""

from typing import ClassVar

from gancli.metrics import formulas
from gancli.metrics.contract import Generated, Metric, Reference

SUBSETS, SUBSET = 50, 1000


class FID(Metric):
    """Fréchet distance of the Gaussians fitted to all real and all generated features (1706.08500)."""

    better: ClassVar = {"fid": "lower"}

    def measure(self, generated: Generated, real: Reference) -> dict[str, float]:
        """Return `fid` in squared feature units, >= 0; biased upwards for small n, so compare at equal n only."""
        moments = formulas.moments(generated.features.rows)
        return {"fid": formulas.frechet_distance((real.mean, real.covariance), moments)}


class KID(Metric):
    """Squared kernel distance, a mean over 50 random subsets of 1,000 (1801.01401)."""

    better: ClassVar = {"kid": "lower"}

    def measure(self, generated: Generated, real: Reference) -> dict[str, float]:
        """Return `kid`, unbiased: around 0, of either sign, where the distributions are equal."""
        kid = formulas.kernel_distance(real.features.rows, generated.features.rows, SUBSETS, SUBSET, seed=0)
        return {"kid": kid}
