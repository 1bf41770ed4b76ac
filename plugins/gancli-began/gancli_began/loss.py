"""Boundary equilibrium: reconstruction errors of real and of generated images, held at a ratio (1703.10717)."""

from collections.abc import Iterator
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from gancli import AdversarialLoss, Game, Move


class BEGANLoss(AdversarialLoss):
    """D reconstructs real images well and generated ones badly; k in [0, 1] weighs the second, and is steered so that
    the errors L keep L(G(z)) = gamma L(x). M = L(x) + |gamma L(x) - L(G(z))| falls as training converges."""

    needs: ClassVar = {"D": ("reconstruct",)}
    suggests: ClassVar = {"optim.lr": 1e-4, "optim.betas": (0.5, 0.999), "batch_size": 16}

    gamma: float = Field(0.5, ge=0, le=1, description="L(G(z)) / L(x) aimed at: lower is sharper, higher more varied.")
    k_rate: float = Field(0.001, gt=0, description="How fast k follows, the paper's lambda.")

    def d_turn(self, game: Game, x: Tensor, fake: Tensor, y: Tensor | None) -> Iterator[Move]:
        """D's move, and then k's."""
        real_error, fake_error = (-score.mean() for score in self.scores(game, x, fake, y))
        yield "D", real_error - game.state("k", 0.0) * fake_error
        self.balance(game, real_error, fake_error)

    def g_loss(self, fake: Tensor) -> Tensor:
        """The mean error of generated images."""
        return -fake.mean()

    @torch.no_grad()
    def balance(self, game: Game, real_error: Tensor, fake_error: Tensor) -> None:
        """Move k towards the equilibrium of the mean errors; report it and the measure of convergence M."""
        k = game.state("k", 0.0)
        imbalance = self.gamma * real_error - fake_error
        k.add_(self.k_rate * imbalance).clamp_(0, 1)
        game.report(k=k, M=real_error + imbalance.abs())
