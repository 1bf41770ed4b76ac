"""Training: an iterator of ticks. Nothing here knows of a screen."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from gancli.base.errors import DivergedError
from gancli.compute.kernels import chosen_kernels
from gancli.compute.memory import memory_used
from gancli.config.config import Config
from gancli.config.layers import resolve
from gancli.config.settings import Settings
from gancli.data.images import Images
from gancli.runs.checkpoint import Checkpoint
from gancli.runs.run import Run
from gancli.telemetry import metrics_file
from gancli.telemetry.ticks import Event, Kind, Tick
from gancli.telemetry.verdicts import Judge, Verdict, diverged
from gancli.training import divergence
from gancli.training.cadence import Cadences, Stopwatch
from gancli.training.diversity import Yardstick
from gancli.training.length import Length
from gancli.training.output import Output
from gancli.training.state import TrainingState
from gancli.training.step import Step
from gancli.training.view import StateView

FIRST = frozenset({Kind.REAL, Kind.SAMPLES})
LAST = frozenset({Kind.SAMPLES, Kind.COMPARISON, Kind.CHECKPOINT})


class Trainer(StateView):
    """Trains, tick by tick: `for tick in trainer`. With a run it writes checkpoints and samples there.

    state: where the training stands; the one before the first step when left out.
    """

    def __init__(
        self, settings: Settings, data: Images, run: Run | None = None, state: TrainingState | None = None
    ) -> None:
        self.settings, self.data, self.run = settings, data, run
        self.state = state or TrainingState.begin(settings, data)
        self.length = Length(settings, len(data))
        self.stepper = Step(self.state, self.length)
        self.output = Output(self.state, run)
        self.gallery, self.monitor, self.saver = self.output.gallery, self.output.monitor, self.output.saver
        self._yardstick = Yardstick(data, self.device)
        self._watch, self._judge = Stopwatch(), Judge(self.subject)
        self._cadences, self._ticked = Cadences({}, 0, 0.0), (0, 0.0)
        self._asked: set[Kind] = set()
        self._stopping = False

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Trainer":
        """A trainer of settings as a run file has them, `{"loss": "wgan", "steps": 100}`; raises GanError."""
        resolved = resolve([Config.nested("script", settings)])
        return cls(resolved.located().settings, resolved.settings.data.load())

    def __iter__(self) -> Iterator[Tick]:
        """Ticks until the run's length is reached or `stop` was called; the last one tells of the last checkpoint."""
        try:
            with chosen_kernels(self.settings.deterministic):
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

    def skip_time(self) -> None:
        """Leave out the time since the last step: the process was stopped."""
        self._watch.skip()

    def ask(self, *kinds: Kind) -> None:
        """Have samples or a checkpoint made after the step under way."""
        self._asked |= set(kinds)

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint, bit for bit on the same machine; raises GanError where it does not fit."""
        with Checkpoint(path) as checkpoint:
            self.state.restore(checkpoint)

    def tensors(self) -> dict[str, Tensor]:
        """Everything that a resumed run continues from, by its name in a checkpoint."""
        return self.state.tensors()

    @property
    def progress(self) -> float | None:
        """The share of the run that is done, in [0, 1]; None where it has no end."""
        return self.length.share(*self.state.place)

    @property
    def saved(self) -> bool:
        """Whether all that it has learned is on the disk; before the first step that is nothing."""
        return not self.step or (self.run is not None and self.run.checkpoint(self.step).exists())

    def _ticks(self) -> Iterator[Tick]:
        self._begin()
        first, finished = FIRST, self._finished()
        # `stop` may come while the listener holds a tick: one more step then ends the run, with a save.
        while not finished:
            self.stepper.play()
            self.state.seconds += self._watch.lap()
            finished = self._finished()
            if due := self._due(finished):
                yield from self._tick(due | first)
                first = frozenset()
                # A training that went back to a checkpoint has still to finish.
                finished = finished and self._finished()
                # The clock stands still while files are written and the listener draws.
                self._watch.skip()

    def _begin(self) -> None:
        """Go on from here, where the run begins, is resumed or has gone back to, with what led here."""
        s, state = self.settings, self.state
        cadences = {Kind.LOG: s.log_every, Kind.CHECKPOINT: s.checkpoint_every}
        cadences |= {Kind.SAMPLES: s.sample_every, Kind.EVALUATION: s.eval_every}
        self._cadences = Cadences(cadences, state.step, state.seconds)
        self._ticked = state.game.images, state.seconds
        self.output.rewind()
        self._judge = Judge(self.subject, metrics_file.before(self.run.metrics, state.step) if self.run else ())
        self._watch.skip()

    def _due(self, finished: bool) -> set[Kind]:
        """What is to be made after this step: by its cadence, because it was asked for, or because it is the last."""
        state = self.state
        due = self._cadences.due(state.step, state.seconds, self.output.costs()) | self._asked | self.output.overdue
        self._asked = set()
        return due | self._last_things() if finished else due

    def _last_things(self) -> frozenset[Kind]:
        """What is due at the end; images that were evaluated on the way are so once more, unless there is a hurry."""
        every = self.settings.eval_every
        asked = bool(every.steps or every.seconds) or self.monitor.has_begun
        return LAST | {Kind.EVALUATION} if asked and not self._stopping else LAST

    def _tick(self, due: set[Kind]) -> Iterator[Tick]:
        """The tick of now, with all that is due; of a training that has diverged, that it goes back or ends."""
        state = self.state
        statistics = self._measure()
        state.seconds += self._watch.lap()
        if name := self._not_finite(statistics, due):
            yield from self._recover(name)
            return
        state.metrics = {name: value for name, value in statistics.items() if math.isfinite(value)}
        images, seconds = self._ticked
        rate = (state.game.images - images) / max(state.seconds - seconds, 1e-9)
        self._ticked = state.game.images, state.seconds
        events = tuple(self.output.make(due, finished=self._finished()))
        verdict = self._judge.add(state.step, state.metrics)
        memory = memory_used(state.device)
        yield Tick(*state.place, rate, self.progress, state.metrics, events, verdict, memory)

    def _measure(self) -> dict[str, float]:
        """The statistics since the last tick."""
        game = self.game
        generated = game.networks[next(iter(self.average.networks))].last
        if generated is not None and generated.shape[1:] == self.data.spec.shape:
            for name, value in self._yardstick.measure(generated).items():
                game.statistics.add(name, value)
        means = game.statistics.take()
        return means | self.loss.derived(means)

    def _not_finite(self, statistics: dict[str, float], due: set[Kind]) -> str | None:
        """What is not finite, if anything is: losses and gradients, buffers, and before a save all that is saved."""
        buffers = {
            f"{name}.{key}": buffer for name, module in self.networks.items() for key, buffer in module.named_buffers()
        }
        saves = bool(due & {Kind.CHECKPOINT, Kind.EVALUATION})
        tensors = self.tensors() if saves else buffers | self.game.states
        return divergence.in_statistics(statistics) or divergence.in_tensors(tensors)

    def _recover(self, name: str) -> Iterator[Tick]:
        """Go back to a checkpoint, and tell so; where that cannot be, the last words and the error."""
        verdict = diverged(self.step, f"{name} is", self.subject)
        try:
            event = divergence.go_back(self.state, self.saver, name)
        except DivergedError:
            yield self._bare(verdict)
            raise
        self._begin()
        yield self._bare(verdict, event)

    def _bare(self, verdict: Verdict, *events: Event) -> Tick:
        """A tick without statistics."""
        return Tick(*self.state.place, 0.0, self.progress, events=events, verdict=verdict)

    def _finished(self) -> bool:
        return self._stopping or (self.progress or 0.0) >= 1.0
