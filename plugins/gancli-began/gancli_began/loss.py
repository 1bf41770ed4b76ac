"""Boundary equilibrium: reconstruction errors of real and of generated images, held at a ratio (1703.10717)."""

from collections.abc import Iterator
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from gancli import Game, Loss, Move


class BEGANLoss(Loss):
    """D reconstructs real images well and generated ones badly; k in [0, 1] weighs the second, and is steered so that
    the errors L keep L(G(z)) = gamma L(x). M = L(x) + |gamma L(x) - L(G(z))| falls as training converges."""

    needs: ClassVar = {"D": ("reconstruct",)}
    suggests: ClassVar = {"optim.lr": 1e-4, "optim.betas": (0.5, 0.999)}

    gamma: float = Field(0.5, ge=0, le=1, description="L(G(z)) / L(x) aimed at: lower is sharper, higher more varied.")
    k_rate: float = Field(0.001, gt=0, description="How fast k follows, the paper's lambda.")

    def step(self, game: Game) -> Iterator[Move]:
        """D's moves, each followed by one of k, then G's."""
        for _ in range(self.n_critic):
            x, y = game.batch()
            fake = game.G(game.noise(len(x)), y)
            real_score, fake_score = game.D(x, y), game.D(fake.detach(), y)
            game.report(real=real_score, fake=fake_score)
            real_error, fake_error = -real_score.mean(), -fake_score.mean()
            yield "D", real_error - game.state("k", 0.0) * fake_error
            self.balance(game, real_error, fake_error)
        for turn in range(self.g_steps):
            if turn:
                fake = game.G(game.noise(len(x)), y)
            fake_score = game.D(fake, y)
            game.report(fake_after=fake_score)
            yield "G", -fake_score.mean()

    @torch.no_grad()
    def balance(self, game: Game, real_error: Tensor, fake_error: Tensor) -> None:
        """Move k towards the equilibrium of the mean errors; report it and the measure of convergence M."""
        k = game.state("k", 0.0)
        imbalance = self.gamma * real_error - fake_error
        k.add_(self.k_rate * imbalance).clamp_(0, 1)
        game.report(k=k, M=real_error + imbalance.abs())
