"""Least squares (1611.04076)."""

from torch import Tensor

from gancli.losses.adversarial import AdversarialLoss


class LSGANLoss(AdversarialLoss):
    """D's scores are drawn to one on real images and to zero on generated ones, by their squared distance."""

    def d_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Half the squared distances from one and from zero."""
        return ((real - 1).square().mean() + fake.square().mean()) / 2

    def g_loss(self, fake: Tensor) -> Tensor:
        """Half the squared distance from one."""
        return (fake - 1).square().mean() / 2
