"""What a training makes besides statistics: pictures, evaluations and checkpoints, in its run if there is one."""

from collections.abc import Iterator

import torch

from gancli.base.errors import GanError
from gancli.evaluation.measuring import classes_for
from gancli.evaluation.monitor import Monitor
from gancli.generation.sampler import Sampler
from gancli.runs.run import Run
from gancli.runs.saver import Saver
from gancli.telemetry.ticks import Event, Kind
from gancli.training.gallery import Gallery
from gancli.training.state import TrainingState

SHOWN = frozenset({Kind.SAMPLES, Kind.COMPARISON, Kind.CHECKPOINT, Kind.EVALUATION})
"""What the averaged networks make, or are kept in."""
FITTED = range(2**20, 2**20 + 320)
"""The numbers of the images that batch normalisation is fitted to: none that is shown or measured."""


class Output:
    """Makes what is due from a state; what the disk does not take is an event, and never ends the training."""

    def __init__(self, state: TrainingState, run: Run | None) -> None:
        self.state, self.run = state, run
        sampler, seed = _sampler(state), state.settings.seed
        self.gallery = Gallery(sampler, state.data, seed)
        self.monitor = Monitor(sampler, state.data, state.subject.data, seed)
        self.saver = Saver(run, state.settings.keep) if run else None

    def rewind(self) -> None:
        """Go on from the state's step, with what was evaluated until there."""
        self.monitor.rewind(self.run, self.state.step)

    def costs(self) -> dict[Kind, float]:
        """The seconds that one of a kind takes, where its cadence may depend on that."""
        return {Kind.EVALUATION: self.monitor.cost(self.state.game.images, self.state.seconds)}

    @property
    def overdue(self) -> set[Kind]:
        """What could not be written some time ago, and is to be tried again."""
        return {Kind.CHECKPOINT} if self.saver and self.saver.wants_another_try else set()

    def make(self, due: set[Kind], *, finished: bool) -> Iterator[Event]:
        """Make what is due, and tell what became of it and of the checkpoint before; at the end wait for the last one.

        Figures of an evaluation are added to the state's metrics.
        """
        best = False
        for step in self.saver.lost() if self.saver else ():
            self.monitor.unmark(step)
        if due & SHOWN:
            self._renew_statistics()
        if Kind.EVALUATION in due:
            figures, best, event = self.monitor.evaluate(self.run, self.state.step, self.state.game.images)
            self.state.metrics |= figures
            yield event
        yield from self.gallery.draw(due, self.run, self.state.step)
        if self.run and Kind.SAMPLES in due:
            self.run.thin_samples(self.state.settings.keep_samples)
        if self.saver:
            yield from self._save(self.saver, best, due=best or Kind.CHECKPOINT in due, finished=finished)

    def _renew_statistics(self) -> None:
        """Fit batch normalisation to the averaged weights; where memory does not allow it, it stays as it is."""
        state, sampler = self.state, self.gallery.sampler
        seed, count = state.settings.seed, len(FITTED)

        def generate() -> None:
            classes = classes_for(sampler, state.data, count, seed)
            y = None if classes is None else torch.from_numpy(classes)
            sampler(sampler.latents(seed, FITTED, y), y)

        try:
            state.average.renew_statistics(generate)
        except GanError:
            state.average.copy_buffers()

    def _save(self, saver: Saver, best: bool, *, due: bool, finished: bool) -> Iterator[Event]:
        if due:
            saver.submit(self.state.tensors(), self.state.header(), best=best)
        if finished:
            saver.wait()
        yield from saver.news()


def _sampler(state: TrainingState) -> Sampler:
    """The sampler of the averaged networks, as they are whenever it is called."""
    place = state.data.spec, state.game.conditional, state.device
    return Sampler(state.arch, state.average.networks, *place, state.arch.sampling(), state.game.inputs)
