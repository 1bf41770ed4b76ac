"""One step of a training: every move that the loss asks for, and what follows from each."""

from collections.abc import Callable, Iterator

import torch

from gancli.base.errors import GanError
from gancli.compute.memory import out_of_memory
from gancli.data.fields import size_text
from gancli.game.game import Move
from gancli.game.penalties import with_r1
from gancli.training.length import Length
from gancli.training.players import rate_factor
from gancli.training.state import TrainingState

Moves = Iterator[Move]


class Step:
    """Plays the game of a state one step further, at the rate that the schedule has there.

    wrappers: functions of the loss's moves that give moves in their place, the first innermost: losses are recorded,
    penalties are added, and checks watch what is done between moves.
    """

    def __init__(self, state: TrainingState, length: Length) -> None:
        self.state, self.length = state, length
        self.wrappers: list[Callable[[Moves], Moves]] = [state.game.recorded, self._with_penalty]

    def play(self) -> None:
        """One step; raises GanError where the batch does not fit into memory."""
        state = self.state
        state.horizon = state.horizon or self.length.horizon(*state.place)
        state.game.begin(state.step)
        try:
            self._move(self._factor())
        except Exception as error:
            if out_of_memory(error):
                raise _too_large(state) from error
            error.add_note(f"in step {state.step + 1:,}")
            raise
        state.average.update(state.game.images)
        state.step += 1

    def _move(self, factor: float) -> None:
        state = self.state
        for name, objective in self.moves():
            player = state.players[name]
            player.move(objective, factor)
            state.game.statistics.add(f"grad_{name}", player.gradient)

    def moves(self) -> Moves:
        """The moves of one step of the loss, with all that wraps them."""
        moves = self.state.loss.step(self.state.game)
        for wrap in self.wrappers:
            moves = wrap(moves)
        return moves

    def _with_penalty(self, moves: Moves) -> Moves:
        """The moves, those of judges with the penalty of R1 in the steps where it is due."""
        state, optim = self.state, self.state.settings.optim
        due = optim.r1 and state.step % optim.r1_every == 0
        return with_r1(moves, state.game, optim.r1 * optim.r1_every, state.loss.name) if due else moves

    def _factor(self) -> float:
        """The share of the full rate that is left here by the schedule and by returns to a checkpoint."""
        state, settings = self.state, self.state.settings
        scheduled = rate_factor(settings.optim.decay, state.game.images, state.horizon)
        return scheduled * settings.rollback_factor**state.rollbacks


def _too_large(state: TrainingState) -> GanError:
    settings, (_, height, width) = state.settings, state.data.spec.shape
    precision = "bf16" if state.dtype is torch.bfloat16 else "fp32"
    other = " --precision bf16," if precision == "fp32" and state.device.type == "cuda" else ""
    return GanError(
        f"Out of memory on {state.device} at step {state.step + 1:,}: batches of {settings.batch_size:,} images of "
        f"{size_text((height, width))} in {precision} are too large for these networks.",
        f"Try --batch-size {max(settings.batch_size // 2, 2)},{other} a smaller --size or narrower networks.",
    )
