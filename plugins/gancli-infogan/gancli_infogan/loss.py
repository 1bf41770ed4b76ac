"""The game of InfoGAN: the codes that an image was made of are to be told from it (1606.03657)."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss

from gancli import Game, GANLoss, Move


class InfoGANLoss(GANLoss):
    """The cross-entropy game, in which both players also raise a bound on the mutual information of codes and image."""

    needs: ClassVar = {"D": ("codes",)}

    weight: float = Field(1.0, ge=0, description="Weight of the category's information, the paper's lambda.")
    continuous_weight: float = Field(0.3, ge=0, description="Weight of the continuous codes' squared errors.")

    def step(self, game: Game) -> Iterator[Move]:
        """The turns of D, each on new images, then those of G."""
        for _ in range(self.n_critic):
            x, y = game.batch()
            z = game.noise(len(x))
            fake = game.G(z, y)
            cross_entropy = self.d_loss(*self.scores(game, x, fake.detach(), y))
            game.report(cross_entropy=cross_entropy)
            yield "D", cross_entropy + self.surprise(game, z, fake.detach(), y)
        for turn in range(self.g_steps):
            if turn:  # the first turn moves on the last fakes, which saves a pass through G
                z = game.noise(len(x))
                fake = game.G(z, y)
            score = game.D(fake, y)
            game.report(fake_after=score)
            yield "G", self.g_loss(score) + self.surprise(game, z, fake, y)

    def surprise(self, game: Game, z: Tensor, fake: Tensor, y: Tensor | None) -> Tensor:
        """What the image does not tell of its codes: minus the bound on the information, up to a constant, weighted.

        Reported are the cross-entropy of the category, in nats, and the mean squared error of the other codes.
        """
        arch: Any = game.arch
        _, category, continuous = arch.parts(z)
        logits, means = game.D.codes(fake, y)
        unknown, error = cross_entropy(logits, category), mse_loss(means, continuous)
        game.report(category_unknown=unknown, code_error=error)
        return self.weight * unknown + self.continuous_weight * error
