"""Training: an iterator of ticks. Nothing here knows of a screen."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gancli.architectures.contract import Architecture
from gancli.base.errors import DivergedError, GanError
from gancli.compute import randomness
from gancli.compute.device import choose_device, choose_dtype
from gancli.compute.kernels import fast_kernels
from gancli.compute.memory import memory_used, out_of_memory
from gancli.config.config import Config
from gancli.config.layers import resolve
from gancli.config.settings import Every, Settings
from gancli.data.fields import size_text
from gancli.data.images import Images
from gancli.data.stream import Source
from gancli.evaluation.monitor import Monitor
from gancli.game.augmentations import chain
from gancli.game.game import Game, Move
from gancli.game.penalties import with_r1
from gancli.generation.sampler import Sampler
from gancli.losses.contract import Loss
from gancli.plugins.registry import registry
from gancli.runs.run import Run
from gancli.runs.saver import Saver
from gancli.telemetry import metrics_file
from gancli.telemetry.subject import Facts, data_name
from gancli.telemetry.ticks import Event, Tick
from gancli.telemetry.verdicts import Judge, Verdict, diverged
from gancli.training import divergence, state
from gancli.training.averaging import Average
from gancli.training.build import build, put_on
from gancli.training.cadence import Pace, Stopwatch
from gancli.training.diversity import Yardstick
from gancli.training.gallery import Gallery
from gancli.training.length import Length
from gancli.training.players import Player, rate_factor

FINISH = frozenset({"samples", "comparison", "checkpoint"})


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
        self.networks = build(settings, data, self.conditional)
        put_on(self.networks, self.device)
        self.source = Source(data, settings.seed, self.device)
        self.game = Game(
            self.arch,
            self.networks,
            self.source,
            judges=self.loss.judging,
            augment=chain([registry().find("augmentation", name).load() for name in settings.augment], noise),
            conditional=self.conditional,
            batch_size=settings.batch_size,
            dtype=self.dtype,
            probabilities=self.loss.probabilities,
            generator=noise,
        )
        self.players = {
            name: Player(
                name, {key: self.networks[key] for key in keys}, settings.optim, judges=name in self.loss.judges
            )
            for name, keys in self.loss.players.items()
        }
        generators = {name: self.networks[name] for names in self.loss.generating.values() for name in names}
        self.average = Average(generators, settings.optim.ema)
        averaged, seed = self.average.networks, settings.seed
        self.step, self.seconds, self.rollbacks = 0, 0.0, 0
        self.length = Length(settings, len(data))
        self.horizon = settings.optim.horizon
        self.metrics: dict[str, float] = {}
        self.facts = facts(settings, self.loss, len(data))
        self._yardstick = Yardstick(data, self.device)
        place = data.spec, self.conditional, self.device
        sampler = Sampler(self.arch, averaged, *place, self.arch.sampling(), self.game.inputs)
        self.gallery = Gallery(sampler, data, seed)
        self.monitor = Monitor(sampler, data, data_name(settings.data.name, settings.data.source), seed)
        self.watch = Stopwatch()
        self.saver: Saver | None = None
        self._stopping = False
        self._asked: set[str] = set()

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Trainer":
        """A trainer of settings as a run file has them, `{"loss": "wgan", "steps": 100}`; raises GanError."""
        resolved = resolve([Config.nested("script", settings)]).settings
        return cls(resolved, resolved.data.load())

    def __iter__(self) -> Iterator[Tick]:
        """Ticks until the run's length is reached or `stop` was called; the last one tells of the last checkpoint."""
        self.saver = Saver(self.run, self.settings.keep) if self.run else None
        try:
            with fast_kernels():
                yield from self._ticks()
        finally:
            if self.saver:
                self.saver.wait()

    def stop(self) -> None:
        """Finish the step under way, save, and end."""
        self._stopping = True

    def abandon(self) -> None:
        """Wait for nothing any more: the process is to end at once, with the checkpoint before."""
        if self.saver:
            self.saver.abandon()

    def ask(self, *names: str) -> None:
        """Have `samples` or a `checkpoint` made after the step under way."""
        self._asked |= set(names)

    @property
    def progress(self) -> float | None:
        """The share of the run that is done, in [0, 1]; None where it has no end."""
        return self.length.share(*self._place)

    @property
    def _place(self) -> tuple[int, int, float]:
        return self.step, self.game.images, self.seconds

    @property
    def saved(self) -> bool:
        """Whether all that it has learned is on the disk; before the first step that is nothing."""
        return not self.step or (self.run is not None and self.run.checkpoint(self.step).exists())

    def save(self, *, best: bool = False) -> None:
        """Have a checkpoint written from a copy of now, marked as the best if it is; a later tick tells of it."""
        assert self.saver is not None
        self.saver.submit(self.tensors(), state.header(self), best=best)

    def tensors(self) -> dict[str, Tensor]:
        """Everything that a resumed run continues from, by its name in a checkpoint."""
        return state.tensors(self)

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint, bit for bit on the same machine; raises GanError where it does not fit."""
        state.restore(self, path)

    def _ticks(self) -> Iterator[Tick]:
        self._begin()
        welcome, finished = {"real", "samples"}, self._finished()
        # `stop` may come while the listener holds a tick: one more step then ends the run, with a save.
        while not finished:
            self._play()
            self.seconds += self.watch.lap()
            finished = self._finished()
            costs = {"evaluation": self.monitor.cost(self.game.images, self.seconds)}
            due = self._pace.due(self.step, self.seconds, costs) | self._taken_up()
            due |= self._last_things() if finished else set()
            if due:
                yield from self._tick(due | welcome)
                welcome = set()
                # A training that went back to a checkpoint has still to finish.
                finished = finished and self._finished()
                # The clock stands still while files are written and the listener draws.
                self.watch.skip()

    def _begin(self) -> None:
        """Go on from here, where the run begins, is resumed or has gone back to, with what led here."""
        self._pace = Pace(self._cadences(), self.step, self.seconds)
        self._ticked = self.game.images, self.seconds
        self.monitor.rewind(self.run, self.step)
        self._judge = Judge(self.facts, metrics_file.before(self.run.metrics, self.step) if self.run else ())
        self.watch.skip()

    def _tick(self, due: set[str]) -> Iterator[Tick]:
        """The tick of now, with all that is due; of a training that has diverged, that it goes back or ends."""
        statistics = self._measure()
        self.seconds += self.watch.lap()
        if what := self._diverged(statistics, due):
            yield from self._recover(what)
            return
        self.metrics = {name: value for name, value in statistics.items() if math.isfinite(value)}
        seen, then = self._ticked
        rate = (self.game.images - seen) / max(self.seconds - then, 1e-9)
        self._ticked = self.game.images, self.seconds
        news: list[Event] = []
        if "evaluation" in due:
            figures, best, event = self.monitor.evaluate(self.run, self.step, self.game.images)
            self.metrics |= figures
            due |= {"checkpoint", "best"} if best else set()
            news.append(event)
        events, verdict = (*news, *self._write(due)), self._judge.add(self.step, self.metrics)
        yield Tick(*self._place, rate, self.progress, self.metrics, events, verdict, memory_used(self.device))

    def _play(self) -> None:
        """One step: every move that the loss asks for."""
        self.horizon = self.horizon or self.length.horizon(*self._place)
        factor = rate_factor(self.settings.optim.decay, self.game.images, self.horizon)
        factor *= self.settings.rollback_factor**self.rollbacks
        self.game.begin(self.step)
        try:
            for name, objective in self._moves():
                self.players[name].move(objective, factor)
                self.game.statistics.add(f"grad_{name}", self.players[name].gradient)
        except Exception as error:
            if out_of_memory(error):
                raise self._too_large() from error
            error.add_note(f"in step {self.step + 1:,}")
            raise
        self.average.update(self.game.images)
        self.step += 1

    def _moves(self) -> Iterator[Move]:
        """The moves of the loss, those of judges with the penalty of R1 where it is due."""
        moves, optim = self.game.recorded(self.loss.step(self.game)), self.settings.optim
        due = optim.r1 and self.step % optim.r1_every == 0
        return with_r1(moves, self.game, optim.r1 * optim.r1_every, self.loss.name) if due else moves

    def _measure(self) -> dict[str, float]:
        """The statistics since the last tick."""
        made = self.game.networks[next(iter(self.average.networks))].last
        if made is not None and made.shape[1:] == self.data.spec.shape:
            for name, value in self._yardstick.measure(made).items():
                self.game.statistics.add(name, value)
        means = self.game.statistics.take()
        return means | self.loss.derived(means)

    def _diverged(self, statistics: dict[str, float], due: set[str]) -> str | None:
        """What is not finite, if anything is: losses and gradients, buffers, and before a save all that is saved."""
        buffers = {
            f"{name}.{key}": buffer for name, module in self.networks.items() for key, buffer in module.named_buffers()
        }
        saves = bool(due & {"checkpoint", "evaluation"})
        looked_at = self.tensors() if saves else buffers | self.game.states
        return divergence.in_statistics(statistics) or divergence.in_tensors(looked_at)

    def _recover(self, what: str) -> Iterator[Tick]:
        """Go back to a checkpoint, and tell so; where that cannot be, the last words and the error."""
        verdict = diverged(self.step, f"{what} is", self.facts)
        try:
            event = divergence.go_back(self, what)
        except DivergedError:
            yield self._bare(verdict)
            raise
        self._begin()
        yield self._bare(verdict, event)

    def _bare(self, verdict: Verdict, *events: Event) -> Tick:
        """A tick without statistics."""
        return Tick(*self._place, 0.0, self.progress, events=events, verdict=verdict)

    def _taken_up(self) -> set[str]:
        """What was asked for since the last step, or is worth another try."""
        asked, self._asked = self._asked, set()
        return asked | {"checkpoint"} if self.saver and self.saver.wants_another_try else asked

    def _write(self, due: set[str]) -> tuple[Event, ...]:
        """The pictures and the checkpoint that are due, and what has become of the one before."""
        events = [*self.gallery.draw(due, self.run, self.step)]
        if self.run is None or self.saver is None:
            return tuple(events)
        if "samples" in due:
            self.run.thin_samples(self.settings.keep_samples)
        if "checkpoint" in due:
            self.save(best="best" in due)
        if self._finished():
            self.saver.wait()
        return *events, *self.saver.news()

    def _cadences(self) -> dict[str, Every]:
        s = self.settings
        pictures = {"samples": s.sample_every, "evaluation": s.eval_every}
        return {"log": s.log_every, "checkpoint": s.checkpoint_every, **pictures}

    def _last_things(self) -> frozenset[str]:
        """What is due at the end; images that were evaluated on the way are so once more, unless there is a hurry."""
        every = self.settings.eval_every
        asked = bool(every.steps or every.seconds) or self.monitor.has_begun
        return FINISH | {"evaluation"} if asked and not self._stopping else FINISH

    def _finished(self) -> bool:
        return self._stopping or (self.progress or 0.0) >= 1.0

    def _too_large(self) -> GanError:
        settings, (_, *size) = self.settings, self.data.spec.shape
        precision = "bf16" if self.dtype is torch.bfloat16 else "fp32"
        other = " --precision bf16," if precision == "fp32" and self.device.type == "cuda" else ""
        return GanError(
            f"Out of memory on {self.device} at step {self.step + 1:,}: batches of {settings.batch_size:,} images of "
            f"{size_text((size[0], size[1]))} in {precision} are too large for these networks.",
            f"Try --batch-size {max(settings.batch_size // 2, 2)},{other} a smaller --size or narrower networks.",
        )


def facts(settings: Settings, loss: Loss, count: int) -> Facts:
    """What the judge has to know of a training of `count` images."""
    optim = settings.optim
    return Facts(loss.name, loss.probabilities, optim.lr, optim.d_lr or optim.lr, count)
