"""The metric of MyGAN."""

from typing import ClassVar

from gancli import Generated, Metric, Reference


class MyGAN(Metric):
    """How far generated images lie apart, over how far real ones do."""

    better: ClassVar = {"mygan": "higher"}

    def measure(self, generated: Generated, real: Reference) -> dict[str, float]:
        """The mean standard deviation of generated features, over that of real ones."""
        return {"mygan": float(generated.features.rows.std(0).mean() / real.features.rows.std(0).mean())}
