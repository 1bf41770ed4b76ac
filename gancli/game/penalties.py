"""R1: judges' scores are held flat at real images, whatever the loss (1801.04406), at some steps only (1912.04958)."""

from collections.abc import Iterable, Iterator

from torch import Tensor

from gancli.base.errors import UsageError
from gancli.game.game import Game, Move


def with_r1(moves: Iterator[Move], game: Game, weight: float, loss: str) -> Iterator[Move]:
    """The same moves, those of judges with half the weighted penalty added to the objective.

    Raises UsageError after the last move where a judge has moved, and none of its moves of this step could be
    penalised: it was scored on no real images that the game knows.
    """
    moved, penalised = set[str](), set[str]()
    for player, objective in moves:
        networks = game.judges.get(player, ())
        scored = [name for name in networks if name in game.judged]
        moved.update(networks)
        penalised.update(scored)
        yield player, objective + weight / 2 * _penalty(game, scored) if scored else objective
    if missed := sorted(moved - penalised):
        raise UsageError(
            f"R1 (--optim.r1) is on, but loss {loss} has scored {missed[0]} on no real images that the game knows.",
            "Give --optim.r1 0, or have the loss call game.real(x, y) with those that it makes of game.batch().",
        )


def _penalty(game: Game, networks: Iterable[str]) -> Tensor:
    """The mean squared gradient of the scores of each network at the real images that it has seen; summed."""
    squares = [game.gradient(*game.judged[name], name).square().sum((1, 2, 3)).mean() for name in networks]
    penalty = sum(squares[1:], squares[0])
    game.report(r1=penalty)
    return penalty
