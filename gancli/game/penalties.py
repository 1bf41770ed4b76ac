"""R1: D's scores are held flat at real images, whatever the loss (1801.04406), and not at every step (1912.04958)."""

from collections.abc import Iterator

from torch import Tensor

from gancli.game.game import Game, Move


def with_r1(moves: Iterator[Move], game: Game, weight: float) -> Iterator[Move]:
    """The same moves, D's with half the weighted penalty added to the objective."""
    for player, objective in moves:
        yield player, objective + weight / 2 * _penalty(game) if player == "D" else objective


def _penalty(game: Game) -> Tensor | float:
    """The mean squared gradient of the scores of each network that has seen real images, at those images; summed."""
    seen = {name: given for name in game.judges if (given := game.networks[name].real)}
    squares = [game.gradient(x, y, name).square().sum((1, 2, 3)).mean() for name, (x, y) in seen.items()]
    penalty = sum(squares)
    if isinstance(penalty, Tensor):
        game.report(r1=penalty)
    return penalty
