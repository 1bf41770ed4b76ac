"""Training: an iterator of ticks. Nothing here knows of a screen."""

import math
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gancli import checkpoint, images, randomness
from gancli.architectures import Architecture
from gancli.config import LENGTHS
from gancli.data.base import Images
from gancli.data.stream import Source
from gancli.device import choose_device, choose_dtype, memory_used
from gancli.diversity import Yardstick
from gancli.errors import DivergedError
from gancli.gallery import Gallery
from gancli.game import Game
from gancli.losses import Loss
from gancli.networks import build, load_state
from gancli.pace import Pace, fast_kernels
from gancli.players import Average, Player, rate_factor, state_tensors
from gancli.plugins import registry
from gancli.run import Run
from gancli.settings import Every, Settings
from gancli.ticks import Event, Tick
from gancli.verdicts import Facts, Judge, diverged

WARM_UP = 0.05  # share of --time after which its horizon is fixed


class Trainer:
    """Trains, tick by tick: `for tick in trainer`. With a run it writes checkpoints and samples there."""

    def __init__(self, settings: Settings, data: Images, run: Run | None = None) -> None:
        assert isinstance(settings.arch, Architecture)
        assert isinstance(settings.loss, Loss)
        self.settings, self.data, self.run = settings, data, run
        self.arch, self.loss = settings.arch, settings.loss
        self.device = choose_device(settings.device)
        self.dtype = choose_dtype(settings.precision, self.device)
        self.conditional = self.arch.is_conditional(settings.conditional, len(data.classes))
        noise = randomness.seed_all(settings.seed, self.device)
        self.networks = build(self.arch, self.loss, data, self.conditional)
        for module in self.networks.values():
            module.to(self.device).to(memory_format=torch.channels_last)
        self.source = Source(data, settings.seed, self.device)
        self.game = Game(
            self.arch,
            self.networks,
            self.source,
            conditional=self.conditional,
            batch_size=settings.batch_size,
            dtype=self.dtype,
            probabilities=self.loss.probabilities,
            generator=noise,
        )
        self.players = {
            name: Player(name, {key: self.networks[key] for key in keys}, settings.optim)
            for name, keys in self.loss.players.items()
        }
        self.average = Average(self.players["G"].networks, settings.optim.ema)
        averaged, seed = self.average.networks, settings.seed
        self.gallery = Gallery(self.arch, averaged, data, self.conditional, seed, self.device)
        self.step, self.seconds = 0, 0.0
        self.horizon = settings.optim.horizon
        self.metrics: dict[str, float] = {}
        self.idle = 0.0
        self.facts = facts(settings, self.loss, len(data))
        self._judge, self._yardstick = Judge(self.facts), Yardstick(data, self.device)
        self._stopping = False
        self._asked: set[str] = set()

    def __iter__(self) -> Iterator[Tick]:
        """Ticks until the run's length is reached or `stop` was called; the last one has been saved."""
        with fast_kernels():
            yield from self._ticks()

    def stop(self) -> None:
        """Finish the step under way, save, and end."""
        self._stopping = True

    def ask(self, *names: str) -> None:
        """Have `samples` or a `checkpoint` made after the step under way."""
        self._asked |= set(names)

    @property
    def progress(self) -> float | None:
        """The share of the run that is done, in [0, 1]; None where it has no end."""
        done = [self.seconds / self.settings.time] if self.settings.time else []
        done += [self.step / self.settings.steps] if self.settings.steps else []
        done += [self.game.images / (self.settings.epochs * len(self.data))] if self.settings.epochs else []
        return min(max(done), 1.0) if done else None

    def save(self) -> Event:
        """Write a checkpoint into the run; raises DivergedError rather than save what is not finite."""
        assert self.run is not None
        path = self.run.checkpoint(self.step)
        tensors = self.tensors()
        if not all(bool(tensor.isfinite().all()) for tensor in tensors.values() if tensor.is_floating_point()):
            raise self._diverged("the weights are")
        checkpoint.save(path, tensors, asdict(self._header()))
        for old in self.run.checkpoints()[: -self.settings.keep]:
            old.unlink(missing_ok=True)
        return Event("checkpoint", path)

    def tensors(self) -> dict[str, Tensor]:
        """Everything that a resumed run continues from, by its name in a checkpoint."""
        tensors = state_tensors("", self.networks) | state_tensors("", self.average.networks, "_ema")
        for name, player in self.players.items():
            tensors |= {f"optim.{name}/{key}": tensor for key, tensor in player.tensors().items()}
        tensors |= {f"state.{name}": tensor for name, tensor in self.game.states.items()}
        return tensors | {f"rng.{k}": v for k, v in randomness.capture(self.device, self.game.generator).items()}

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint, bit for bit on the same machine; raises GanError where it does not fit."""
        header = checkpoint.read_header(path)
        tensors = checkpoint.load(path, header)
        for name, module in self.networks.items():
            load_state(module, checkpoint.part(tensors, f"{name}."), path)
        for name, module in self.average.networks.items():
            load_state(module, checkpoint.part(tensors, f"{name}_ema."), path)
        for name, player in self.players.items():
            player.restore(checkpoint.part(tensors, f"optim.{name}/"))
        self.game.states = {k: v.to(self.device) for k, v in checkpoint.part(tensors, "state.").items()}
        self.step, self.seconds = header.step, header.seconds
        self.game.images = self.average.images = header.images_seen
        self.source.seek(dict(header.data["positions"]))
        self.horizon = header.optim["horizon"] if self._is_as_long_as(header) else self.settings.optim.horizon
        self.metrics = dict(header.metrics)
        randomness.restore(checkpoint.part(tensors, "rng."), self.device, self.game.generator)

    def _ticks(self) -> Iterator[Tick]:
        begun, self._ticked = self._clock() - self.seconds, (self.game.images, self.seconds)
        pace = Pace(self._cadences(), self.step, self.seconds)
        welcome, finished = {"real", "samples"}, self._finished()
        # `stop` may come while the listener holds a tick: one more step then ends the run, with a save.
        while not finished:
            self._play()
            self.seconds = self._clock() - begun
            finished = self._finished()
            due = pace.due(self.step, self.seconds) | self._taken_up()
            due |= {"samples", "comparison", "checkpoint"} if finished else set()
            if due:
                yield from self._tick(due | welcome)
                welcome = set()
                # The clock stands still while files are written and the listener draws.
                begun = self._clock() - self.seconds

    def _tick(self, due: set[str]) -> Iterator[Tick]:
        """The tick of now, with all that is due; of a training that has diverged its last words, then the error."""
        begun = self._clock() - self.seconds
        try:
            statistics = self._measure()
        except DivergedError as error:
            yield self._last_words(error)
            raise
        self.seconds = self._clock() - begun
        seen, then = self._ticked
        rate = (self.game.images - seen) / max(self.seconds - then, 1e-9)
        self._ticked = self.game.images, self.seconds
        events, verdict = self._write(due), self._judge.add(self.step, statistics)
        place = (self.step, self.game.images, self.seconds, rate, self.progress)
        yield Tick(*place, statistics, events, verdict, memory_used(self.device))

    def _play(self) -> None:
        """One step: every move that the loss asks for."""
        self.horizon = self.horizon or self._planned()
        factor = rate_factor(self.settings.optim.decay, self.game.images, self.horizon)
        for name, objective in self.loss.step(self.game):
            self.players[name].move(objective, factor)
            self.game.statistics.add(f"grad_{name}", self.players[name].gradient)
            self.game.statistics.add(f"loss_{name}", objective)
        self.average.update(self.game.images)
        self.step += 1

    def _measure(self) -> dict[str, float]:
        """The statistics since the last tick; raises DivergedError where one is not finite."""
        made = self.game.networks[next(iter(self.players["G"].networks))].last
        if made is not None and made.shape[1:] == self.data.spec.shape:
            for name, value in self._yardstick.measure(made).items():
                self.game.statistics.add(name, value)
        means = self.game.statistics.take()
        means |= self.loss.derived(means)
        if bad := [name for name, value in means.items() if not math.isfinite(value)]:
            raise self._diverged(f"{bad[0]} is")
        self.metrics = means
        return self.metrics

    def _last_words(self, error: DivergedError) -> Tick:
        """The tick of a training that has diverged: it has a verdict, and no statistics."""
        what = error.message.partition(": ")[2].partition(" no longer")[0]
        verdict = diverged(self.step, what, self.facts)
        return Tick(self.step, self.game.images, self.seconds, 0.0, self.progress, verdict=verdict)

    def _taken_up(self) -> set[str]:
        """What was asked for since the last step."""
        asked, self._asked = self._asked, set()
        return asked

    def _write(self, due: set[str]) -> tuple[Event, ...]:
        """The pictures and the checkpoint that are due."""
        draw = {"real": self.gallery.real, "samples": self.gallery.samples, "comparison": self.gallery.comparison}
        events = [self._picture(kind, make()) for kind, make in draw.items() if kind in due]
        if "checkpoint" in due and self.run:
            events.append(self.save())
        return tuple(events)

    def _picture(self, kind: str, pixels: np.ndarray) -> Event:
        if self.run is None:
            return Event(kind, None, pixels)
        places = {"comparison": self.run.comparison, "real": self.run.real}
        path = places.get(kind) or self.run.sample(self.step)
        images.save(path, pixels)
        if kind == "samples":
            self.run.thin_samples(self.settings.keep_samples)
        return Event(kind, path, pixels)

    def _header(self) -> checkpoint.Header:
        entries = {kind: registry().find(kind, part.name) for kind, part in self._parts().items()}
        return checkpoint.Header(
            settings=self.settings.document(),
            spec=self.data.spec.document(),
            conditional=self.conditional,
            step=self.step,
            images_seen=self.game.images,
            seconds=self.seconds,
            data={"positions": self.source.positions(), "fingerprint": self.data.fingerprint, "count": len(self.data)},
            optim={"horizon": self.horizon},
            digests={},
            packages={f"{e.kind} {e.name}": f"{e.package} {e.version}" for e in entries.values()},
            torch=torch.__version__,
            metrics=self.metrics,
        )

    def _parts(self) -> dict[str, Any]:
        return {"architecture": self.arch, "loss": self.loss, "dataset": self.settings.data}

    def _cadences(self) -> dict[str, Every]:
        s = self.settings
        return {"log": s.log_every, "samples": s.sample_every, "checkpoint": s.checkpoint_every}

    def _finished(self) -> bool:
        return self._stopping or (self.progress or 0.0) >= 1.0

    def _planned(self) -> int | None:
        """Images in the whole run, judged by those of a step, or by the speed after warm-up; None where too early."""
        settings, seen = self.settings, self.game.images
        if settings.time and self.seconds <= WARM_UP * settings.time:
            return None
        plans = [round(seen * settings.time / self.seconds)] if settings.time else []
        plans += [settings.steps * seen // self.step] if settings.steps and self.step else []
        plans += [round(settings.epochs * len(self.data))] if settings.epochs else []
        return min(plans) if plans else None

    def _is_as_long_as(self, header: checkpoint.Header) -> bool:
        now = self.settings.document()
        return all(header.settings.get(key) == now.get(key) for key in LENGTHS)

    def _clock(self) -> float:
        return time.perf_counter() - self.idle

    def _diverged(self, what: str) -> DivergedError:
        return DivergedError(
            f"Training diverged at step {self.step}: {what} no longer finite.",
            f"Lower the rate (--optim.lr {self.settings.optim.lr / 4:g}) or choose a steadier loss (--loss wgan-gp).",
        )


def facts(settings: Settings, loss: Loss, count: int) -> Facts:
    """What the judge has to know of a training of `count` images."""
    optim = settings.optim
    return Facts(loss.name, loss.probabilities, optim.lr, optim.d_lr or optim.lr, count)
