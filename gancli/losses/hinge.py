"""The hinge (1705.02894)."""

from torch import Tensor

from gancli.losses.adversarial import AdversarialLoss


class HingeLoss(AdversarialLoss):
    """D is done with an image whose score is beyond one on the right side; G raises scores without end."""

    def d_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the scores lack to one and to minus one."""
        return ((1 - real).relu() + (1 + fake).relu()).mean()

    def g_loss(self, fake: Tensor) -> Tensor:
        """Minus the mean score."""
        return -fake.mean()
