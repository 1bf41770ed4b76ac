"""What a training continues from: all that decides its next step, built from settings, saved and restored whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy
import torch
from torch import Tensor

from gancli.architectures.contract import Architecture, Networks
from gancli.base.errors import GanError
from gancli.base.text import clean
from gancli.compute import randomness
from gancli.compute.device import choose_device, choose_dtype, describe
from gancli.config.layers import LENGTHS
from gancli.config.settings import Settings
from gancli.data.images import Images
from gancli.data.stream import Source
from gancli.game.augmentations import chain
from gancli.game.game import Game
from gancli.generation.weights import load_state
from gancli.losses.contract import Loss
from gancli.plugins.registry import registry
from gancli.runs.checkpoint import Checkpoint, Header, Position, Schedule, check, check_images, part
from gancli.telemetry.subject import Subject, data_name
from gancli.training.averaging import Average
from gancli.training.build import build_networks, put_on
from gancli.training.players import Player, state_tensors


@dataclass(eq=False)
class TrainingState:
    """The networks, players, average and game of a training, and where it stands.

    step: steps made. seconds: time trained. rollbacks: how often it went back to a checkpoint. horizon: images that
    schedules span, None where that is not known yet. metrics: the statistics that were measured last.
    """

    settings: Settings
    arch: Architecture
    loss: Loss
    data: Images
    device: torch.device
    dtype: torch.dtype
    networks: Networks
    game: Game
    players: dict[str, Player]
    average: Average
    step: int = 0
    seconds: float = 0.0
    rollbacks: int = 0
    horizon: int | None = None
    metrics: dict[str, float] = field(default_factory=dict)

    @classmethod
    def begin(cls, settings: Settings, data: Images) -> Self:
        """The state before the first step: the process is seeded, the networks are built and checked.

        Raises UsageError where architecture, loss, data or device do not go together, GanError where what is trained
        could not be saved.
        """
        check_images(data.spec)
        arch, loss = Architecture.checked(settings.arch), Loss.checked(settings.loss)
        device = choose_device(settings.device)
        dtype = choose_dtype(settings.precision, device)
        conditional = arch.is_conditional(settings.conditional, len(data.classes))
        noise = randomness.seed_all(settings.seed, device)
        networks = build_networks(settings, data, conditional)
        put_on(networks, device)
        game = Game(
            arch,
            networks,
            Source(data, settings.seed, device),
            judges=loss.judging,
            augment=chain([registry().find("augmentation", name).load() for name in settings.augment], noise),
            conditional=conditional,
            batch_size=settings.batch_size,
            dtype=dtype,
            probabilities=loss.probabilities,
            generator=noise,
        )
        players = {
            name: Player(name, {key: networks[key] for key in keys}, settings.optim, judges=name in loss.judges)
            for name, keys in loss.players.items()
        }
        generators = {name: networks[name] for names in loss.generating.values() for name in names}
        average = Average(generators, settings.optim.ema)
        horizon = settings.optim.horizon
        state = cls(settings, arch, loss, data, device, dtype, networks, game, players, average, horizon=horizon)
        check(state.tensors(), data.spec)
        return state

    @property
    def place(self) -> tuple[int, int, float]:
        """Steps made, images seen and seconds trained."""
        return self.step, self.game.images, self.seconds

    @property
    def subject(self) -> Subject:
        """What is trained, as displays, verdicts and loggers name it."""
        spec, optim, data = self.data.spec, self.settings.optim, self.settings.data
        return Subject(
            arch=self.arch.name,
            loss=self.loss.name,
            data=data_name(data.name, data.source),
            device=describe(self.device),
            probabilities=self.loss.probabilities,
            tile=(spec.height, spec.width),
            rate=optim.lr,
            d_rate=optim.d_lr or optim.lr,
            images=len(self.data),
        )

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor, by its name in a checkpoint; they are the training's own, not copies."""
        tensors = state_tensors("", self.networks) | state_tensors("", self.average.networks, "_ema")
        for name, player in self.players.items():
            tensors |= {f"optim.{name}/{key}": tensor for key, tensor in player.tensors().items()}
        tensors |= {f"state.{name}": tensor for name, tensor in self.game.states.items()}
        streams = randomness.capture(self.device, self.game.generator)
        return tensors | {f"rng.{name}": tensor for name, tensor in streams.items()}

    def header(self) -> Header:
        """What a checkpoint says besides its tensors, with what it takes to rebuild the networks."""
        position = Position(
            positions=self.game.source.positions(), fingerprint=self.data.fingerprint, count=len(self.data)
        )
        return Header(
            settings=self.settings.document(),
            spec=self.data.spec,
            conditional=self.game.conditional,
            step=self.step,
            images_seen=self.game.images,
            seconds=self.seconds,
            data=position,
            optim=Schedule(horizon=self.horizon, rollbacks=self.rollbacks),
            packages=self._packages(),
            torch=torch.__version__,
            machine=machine(self.device),
            metrics=self.metrics,
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint, bit for bit on the same machine; raises GanError where it does not fit."""
        path, tensors = checkpoint.path, checkpoint.tensors()
        for name, module in self.networks.items():
            load_state(module, part(tensors, f"{name}."), path)
        for name, module in self.average.networks.items():
            load_state(module, part(tensors, f"{name}_ema."), path)
        try:
            self._continue(checkpoint.header, tensors)
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError, OverflowError) as error:
            fault = clean(f"{type(error).__name__}: {error}")[:120]
            raise GanError(f"{clean(path)} holds nothing that a run can continue from ({fault}).") from error

    def renew_noise(self) -> None:
        """Seed every random stream as never before in this run; each rollback has streams of its own."""
        noise = randomness.renewed(self.settings.seed, self.rollbacks, self.device)
        # The state, not the generator itself: augmentations draw from it too.
        self.game.generator.set_state(noise.get_state())

    def _continue(self, header: Header, tensors: Mapping[str, Tensor]) -> None:
        if header.settings["optim"]["algorithm"] == self.settings.optim.algorithm:
            for name, player in self.players.items():
                player.restore(part(tensors, f"optim.{name}/"))
        self.game.states = {k: v.to(self.device) for k, v in part(tensors, "state.").items()}
        self.step, self.seconds, self.rollbacks = header.step, header.seconds, header.optim.rollbacks
        self.game.images = self.average.images = header.images_seen
        self.game.source.seek(header.data.positions)
        self.horizon = header.optim.horizon if self._is_as_long(header) else self.settings.optim.horizon
        self.metrics = dict(header.metrics)
        randomness.restore(part(tensors, "rng."), self.device, self.game.generator)

    def _packages(self) -> dict[str, str]:
        parts = {"architecture": self.arch, "loss": self.loss, "dataset": self.settings.data}
        entries = [registry().find(kind, part.name) for kind, part in parts.items()]
        return {f"{entry.kind} {entry.name}": f"{entry.package} {entry.version}" for entry in entries}

    def _is_as_long(self, header: Header) -> bool:
        """Whether the settings give the run the length that the checkpoint's do."""
        before, now = header.settings, self.settings.document()
        if before["optim"].get("horizon") != now["optim"].get("horizon"):
            return False
        return all(before.get(key) == now.get(key) for key in LENGTHS)


def machine(device: torch.device) -> str:
    """What the bits of a result depend on besides the settings."""
    return f"{describe(device)}, torch {torch.__version__}, numpy {numpy.__version__}"
