"""R3GAN: real and generated images compete in pairs, and D is held flat at both (2501.05441)."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field
from torch import Tensor
from torch.nn.functional import softplus

from gancli.game.game import Game, Move
from gancli.losses.adversarial import AdversarialLoss


class R3GANLoss(AdversarialLoss):
    """The relativistic pairing loss (1807.00734) with R1 and R2 (1801.04406): locally convergent, and no mode is left.

    gamma grows with the resolution: the paper has 0.05 at 32 px and 2 at 64 px.
    """

    no_batch_norm: ClassVar = ("D",)
    suggests: ClassVar = {"optim.betas": (0.0, 0.9), "optim.r1": 0.0, "arch.d_norm": "none"}

    gamma: float = Field(0.05, ge=0, description="Weight of the squared gradients at real and at generated images.")

    def d_turn(self, game: Game, x: Tensor, fake: Tensor, y: Tensor | None) -> Iterator[Move]:
        """D's move on the pairs of scores and on both penalties."""
        real_score, fake_score = self.scores(game, x, fake, y)
        r1, r2 = (game.gradient(images, y).square().sum((1, 2, 3)).mean() for images in (x, fake))
        game.report(r1=r1, r2=r2)
        yield "D", softplus(fake_score - real_score).mean() + self.gamma / 2 * (r1 + r2)

    def g_turn(self, game: Game, x: Tensor, fake: Tensor, y: Tensor | None) -> Iterator[Move]:
        """G's move on the pairs of scores."""
        real_score, fake_score = game.D(x, y), game.D(fake, y)
        game.report(fake_after=fake_score)
        yield "G", softplus(real_score - fake_score).mean()
