"""A generator against a discriminator, in turns: for losses that are two formulas, and for those with more."""

from collections.abc import Iterator

from pydantic import Field
from torch import Tensor

from gancli.game.game import Game, Move
from gancli.losses.contract import Loss


class AdversarialLoss(Loss):
    """G against D. A loss of scores defines `d_loss` and `g_loss`.

    Where more than scores enter, or something follows a move, it overrides that player's turn: what stands behind the
    `yield` happens once the move is made.
    """

    n_critic: int = Field(1, ge=1, description="D updates per step.")
    g_steps: int = Field(1, ge=1, description="G updates per step.")

    def step(self, game: Game) -> Iterator[Move]:
        """The turns of D, each on new images, then those of G."""
        for _ in range(self.n_critic):
            x, y = game.batch()
            fake = game.G(game.noise(len(x)), y)
            yield from self.d_turn(game, x, fake.detach(), y)
        for turn in range(self.g_steps):
            if turn:  # the first turn moves on the last fakes, which saves a pass through G
                fake = game.G(game.noise(len(x)), y)
            yield from self.g_turn(game, x, fake, y)

    def d_turn(self, game: Game, x: Tensor, fake: Tensor, y: Tensor | None) -> Iterator[Move]:
        """D's move on real and generated images (N, C, H, W) of the classes y."""
        yield "D", self.d_loss(*self.scores(game, x, fake, y))

    def g_turn(self, game: Game, x: Tensor, fake: Tensor, y: Tensor | None) -> Iterator[Move]:
        """G's move on the images that it made, beside real ones (N, C, H, W) of the same classes y."""
        score = game.D(fake, y)
        game.report(fake_after=score)
        yield "G", self.g_loss(score)

    def scores(self, game: Game, x: Tensor, fake: Tensor, y: Tensor | None) -> tuple[Tensor, Tensor]:
        """D's scores (N,) of real and of generated images, reported."""
        real_score, fake_score = game.D(x, y), game.D(fake, y)
        game.report(real=real_score, fake=fake_score)
        return real_score, fake_score

    def d_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """What D minimises, given its scores (N,) of real and of generated images."""
        raise NotImplementedError

    def g_loss(self, fake: Tensor) -> Tensor:
        """What G minimises, given D's scores (N,) of generated images."""
        raise NotImplementedError
