"""What others read off a trainer of the state that it trains."""

import torch

from gancli.architectures.contract import Architecture, Networks
from gancli.data.stream import Source
from gancli.game.game import Game
from gancli.losses.contract import Loss
from gancli.telemetry.subject import Subject
from gancli.training.averaging import Average
from gancli.training.players import Player
from gancli.training.state import TrainingState


class StateView:
    """Read-only attributes of a state."""

    state: TrainingState

    @property
    def arch(self) -> Architecture:
        """The architecture."""
        return self.state.arch

    @property
    def loss(self) -> Loss:
        """The loss."""
        return self.state.loss

    @property
    def device(self) -> torch.device:
        """Where it is computed."""
        return self.state.device

    @property
    def dtype(self) -> torch.dtype:
        """The type in which the networks compute."""
        return self.state.dtype

    @property
    def networks(self) -> Networks:
        """The networks by name."""
        return self.state.networks

    @property
    def players(self) -> dict[str, Player]:
        """The players by name."""
        return self.state.players

    @property
    def average(self) -> Average:
        """The averaged networks."""
        return self.state.average

    @property
    def game(self) -> Game:
        """The game as the loss sees it."""
        return self.state.game

    @property
    def source(self) -> Source:
        """The batches."""
        return self.state.game.source

    @property
    def conditional(self) -> bool:
        """Whether the networks get classes."""
        return self.state.game.conditional

    @property
    def subject(self) -> Subject:
        """What is trained, as displays, verdicts and loggers name it."""
        return self.state.subject

    @property
    def step(self) -> int:
        """Steps made."""
        return self.state.step

    @property
    def seconds(self) -> float:
        """Seconds trained."""
        return self.state.seconds

    @property
    def rollbacks(self) -> int:
        """How often it went back to a checkpoint."""
        return self.state.rollbacks

    @property
    def horizon(self) -> int | None:
        """Images that schedules span; None where that is not known yet."""
        return self.state.horizon

    @property
    def metrics(self) -> dict[str, float]:
        """The statistics that were measured last."""
        return self.state.metrics
