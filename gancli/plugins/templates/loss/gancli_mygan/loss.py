"""The loss of MyGAN."""

from typing import ClassVar

from torch import Tensor

from gancli import AdversarialLoss, Field


class MyGAN(AdversarialLoss):
    """Least squares (1611.04076): D's scores are drawn to targets, and G's images to that of real ones."""

    suggests: ClassVar = {"optim.lr": 2e-4, "optim.betas": (0.5, 0.999)}

    target: float = Field(1.0, gt=0, description="Score that D gives real images.")

    def d_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Half the mean squared distance of scores (N,) from the target, and from zero."""
        return ((real - self.target).square().mean() + fake.square().mean()) / 2

    def g_loss(self, fake: Tensor) -> Tensor:
        """Half the mean squared distance from the target."""
        return (fake - self.target).square().mean() / 2
