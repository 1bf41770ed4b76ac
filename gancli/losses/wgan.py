"""The earth-mover distance as a game: a critic whose slope is bounded, by clipping or by a penalty."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from gancli.game.game import Game, Move
from gancli.losses.adversarial import AdversarialLoss


def twice(rate: float | None) -> float | None:
    """The rates of Wasserstein's games: whatever suits networks in others, here they bear double."""
    return rate and 2 * rate


class Wasserstein(AdversarialLoss):
    """What the critic's losses share: the earth-mover distance, whatever bounds the slope."""

    # Twice the rate needs a beta of 0: with 0.5, the critic's moves overshoot. Its slope has one bound already.
    suggests: ClassVar = {
        "optim.lr": twice,
        "optim.d_lr": twice,
        "optim.betas": (0.0, 0.9),
        "optim.r1": 0.0,
        "arch.d_norm": "none",
    }

    def d_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """Minus the estimate of the earth-mover distance."""
        return fake.mean() - real.mean()

    def g_loss(self, fake: Tensor) -> Tensor:
        """Minus the critic's mean score of generated images."""
        return -fake.mean()

    def derived(self, means: Mapping[str, float]) -> dict[str, float]:
        """The estimate of the earth-mover distance, up to the critic's slope; nothing where no scores are reported."""
        return {"wasserstein": means["real"] - means["fake"]} if {"real", "fake"} <= means.keys() else {}


class WGANLoss(Wasserstein):
    """The critic's weights are clipped after each of its moves (1701.07875)."""

    # The authors' set (RMSprop 5e-5, clip 0.01, five critic steps) needs hours where this one needs minutes.
    suggests: ClassVar = Wasserstein.suggests | {"loss.clip": 0.05}

    clip: float = Field(0.01, gt=0, description="Largest absolute weight of the critic.")

    def d_turn(self, game: Game, x: Tensor, fake: Tensor, y: Tensor | None) -> Iterator[Move]:
        """The critic's move, after which its weights are clipped."""
        yield from super().d_turn(game, x, fake, y)
        with torch.no_grad():
            for weight in game.D.parameters():
                weight.clamp_(-self.clip, self.clip)


class WGANGPLoss(Wasserstein):
    """The critic's slope is held near one by a penalty, on the line from real to generated (1704.00028)."""

    no_batch_norm: ClassVar = ("D",)
    # The paper's set is rate 1e-4 and five critic steps; one at a higher rate learns far more in the same time.
    suggests: ClassVar = Wasserstein.suggests | {"loss.n_critic": 1}

    weight: float = Field(10.0, ge=0, description="Weight of the gradient penalty.")

    def d_turn(self, game: Game, x: Tensor, fake: Tensor, y: Tensor | None) -> Iterator[Move]:
        """The critic's move on its scores and the penalty."""
        yield "D", self.d_loss(*self.scores(game, x, fake, y)) + self.weight * self.penalty(game, x, fake, y)

    def penalty(self, game: Game, x: Tensor, fake: Tensor, y: Tensor | None) -> Tensor:
        """The mean squared distance of the slope from one, at a point between each pair of images."""
        share = torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device)
        slope = game.gradient(torch.lerp(x, fake, share), y).flatten(1).norm(dim=1)
        penalty = ((slope - 1) ** 2).mean()
        game.report(penalty=penalty, slope=slope)
        return penalty
