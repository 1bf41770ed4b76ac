"""The hinge (1705.02894, 1802.05957)."""

from typing import ClassVar

from torch import Tensor

from gancli.losses.adversarial import AdversarialLoss


class HingeLoss(AdversarialLoss):
    """D is done with an image whose score is beyond one on the right side; G raises scores without end.

    It is at home with spectral normalisation in D.
    """

    suggests: ClassVar = {"arch.d_norm": "spectral"}

    def d_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the scores lack to one and to minus one."""
        return ((1 - real).relu() + (1 + fake).relu()).mean()

    def g_loss(self, fake: Tensor) -> Tensor:
        """Minus the mean score."""
        return -fake.mean()
