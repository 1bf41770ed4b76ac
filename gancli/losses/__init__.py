"""What a loss is: options, and a step that says which player moves on which objective."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field
from torch import Tensor

from gancli.game import Game
from gancli.options import Chosen

Move = tuple[str, Tensor]


class Loss(Chosen):
    """Plays the game. A simple loss defines `d_loss` and `g_loss`; any other owns the whole `step`.

    Scores are float32, (N,). Nothing in a step may read a tensor's value on the host: no `.item()`, no `if tensor`.
    """

    players: ClassVar[Mapping[str, tuple[str, ...]]] = {"G": ("G",), "D": ("D",)}
    """The players, each with the networks that it moves."""
    probabilities: ClassVar[bool] = False
    """Whether the sigmoid of a score is what is shown as D(x)."""
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Further methods that the loss calls, by network: `{"D": ("codes",)}`."""
    no_batch_norm: ClassVar[tuple[str, ...]] = ()
    """The networks in which the loss cannot live with batch normalisation."""

    n_critic: int = Field(1, ge=1, description="D updates per step.")
    g_steps: int = Field(1, ge=1, description="G updates per step.")

    def step(self, game: Game) -> Iterator[Move]:
        """One step: yields (player, objective) for each move, which the trainer then makes."""
        for _ in range(self.n_critic):
            x, y = game.batch()
            fake = game.G(game.noise(len(x)), y)
            real_score, fake_score = game.D(x, y), game.D(fake.detach(), y)
            game.report(real=real_score, fake=fake_score)
            yield "D", self.d_loss(real_score, fake_score) + self.penalty(game, x, fake.detach(), y)
            self.after_d(game)
        for turn in range(self.g_steps):
            if turn:  # the first turn moves on the last fakes, which saves a pass through G
                fake = game.G(game.noise(len(x)), y)
            fake_score = game.D(fake, y)
            game.report(fake_after=fake_score)
            yield "G", self.g_loss(fake_score)

    def d_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """What D minimises, given its scores (N,) of real and of generated images."""
        raise NotImplementedError

    def g_loss(self, fake: Tensor) -> Tensor:
        """What G minimises, given D's scores (N,) of generated images."""
        raise NotImplementedError

    def penalty(self, game: Game, x: Tensor, fake: Tensor, y: Tensor | None) -> Tensor | float:
        """What D minimises besides, given real and generated images."""
        return 0.0

    def after_d(self, game: Game) -> None:
        """Runs after each move of D."""

    def derived(self, means: Mapping[str, float]) -> dict[str, float]:
        """Further statistics that follow from the means of those reported."""
        return {}
