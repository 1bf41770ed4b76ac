"""The game of StyleGAN2: cross-entropy, R1, and paths of one length from style to image (1912.04958)."""

import math
from collections.abc import Iterator
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from gancli import Game, GANLoss, Move


class StyleGAN2Loss(GANLoss):
    """The non-saturating game; every few steps, a step of the style of any length is to change the image as much.

    R1 is that of all losses: it suggests its weight, `optim.r1`. Where D wins, more of it is needed.
    """

    needs: ClassVar = {"G": ("styles", "draw")}
    suggests: ClassVar = {"optim.r1": 5.0, "optim.r1_every": 16}

    path: float = Field(2.0, ge=0, description="Weight of the path lengths' deviation from their mean.")
    path_every: int = Field(4, ge=1, description="Steps from one such penalty to the next, which weighs as much more.")

    def g_turn(self, game: Game, x: Tensor, fake: Tensor, y: Tensor | None) -> Iterator[Move]:
        """G's move on the scores, and where it is due on the lengths of paths."""
        weight = self.path * self.path_every if game.step % self.path_every == 0 else 0.0
        for player, objective in super().g_turn(game, x, fake, y):
            yield player, objective + weight * self.deviation(game, len(x), y) if weight else objective

    def deviation(self, game: Game, n: int, y: Tensor | None) -> Tensor:
        """The mean squared distance of path lengths from their running mean, of half as many images."""
        lengths = self.lengths(game, (n + 1) // 2, y)
        mean = game.state("path_length", lengths.detach().mean())
        with torch.no_grad():
            mean.lerp_(lengths.mean(), 0.01)
        game.report(path_length=lengths)
        return (lengths - mean.clone()).square().mean()

    def lengths(self, game: Game, n: int, y: Tensor | None) -> Tensor:
        """How much n images change with their style: the norm of a random projection of the Jacobian, (n,)."""
        z, y = game.noise(n), None if y is None else y[:n]
        styles = game.G.styles(z, y)
        images = game.G.draw(styles, z)
        projection = (images * torch.randn_like(images)).sum() / math.sqrt(images.shape[2] * images.shape[3])
        (gradient,) = torch.autograd.grad(projection, styles, create_graph=True)
        return (gradient.square().sum(2).mean(1) + 1e-8).sqrt()
