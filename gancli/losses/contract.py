"""What a loss is: options, and a step that says which player moves on which objective."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from gancli.base.options import Chosen
from gancli.game.game import Game, Move


class Loss(Chosen):
    """Plays the game, whatever its networks; `AdversarialLoss` is the usual one, a generator against a discriminator.

    Scores are float32, (N,). Nothing in a step may read a tensor's value on the host: no `.item()`, no `if tensor`.
    """

    players: ClassVar[Mapping[str, tuple[str, ...]]] = {"G": ("G",), "D": ("D",)}
    """The players, each with the networks that it moves."""
    generates: ClassVar[tuple[str, ...]] = ("G",)
    """The players whose networks generate: they are averaged, sampled, measured and kept."""
    judges: ClassVar[tuple[str, ...]] = ("D",)
    """The players whose networks score images (N, C, H, W) by (N,).

    `--augment`, `--optim.r1` and `--optim.d-lr` are for them."""
    probabilities: ClassVar[bool] = False
    """Whether the sigmoid of a score is what is shown as D(x)."""
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Further methods that the loss calls, by network: `{"D": ("codes",)}`."""
    no_batch_norm: ClassVar[tuple[str, ...]] = ()
    """The networks in which the loss cannot live with batch normalisation."""

    @property
    def generating(self) -> dict[str, tuple[str, ...]]:
        """The players that generate, each with its networks."""
        return {name: self.players[name] for name in self.generates if name in self.players}

    @property
    def judging(self) -> dict[str, tuple[str, ...]]:
        """The players that judge, each with its networks; empty where no player is of such a name."""
        return {name: self.players[name] for name in self.judges if name in self.players}

    def step(self, game: Game) -> Iterator[Move]:
        """One step: yields (player, objective) for each move; when it goes on, the trainer has made the move."""
        raise NotImplementedError

    def derived(self, means: Mapping[str, float]) -> dict[str, float]:
        """Further statistics that follow from the means of those reported."""
        return {}
