"""The pictures of a training: samples from the same latents every time, real images, and both side by side."""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gancli.base.errors import GanError
from gancli.compute.memory import out_of_memory
from gancli.data.images import Images
from gancli.generation import pictures
from gancli.generation.sampler import Sampler
from gancli.runs.run import Run
from gancli.telemetry.ticks import Event, Kind

COUNT = 64


@dataclass(frozen=True)
class Gallery:
    """Draws grids (H, W, C) of uint8 pixels."""

    sampler: Sampler
    data: Images
    seed: int

    def draw(self, kinds: Set[Kind], run: Run | None, step: int) -> Iterator[Event]:
        """Draw the grids of these kinds, and save them where there is a run; an event each, also for what failed."""
        grids = {Kind.REAL: self.real, Kind.SAMPLES: self.samples, Kind.COMPARISON: self.comparison}
        places = {Kind.REAL: run.real, Kind.SAMPLES: run.sample(step), Kind.COMPARISON: run.comparison} if run else {}
        for kind, grid in grids.items():
            if kind in kinds:
                yield from _drawn(kind, grid, places.get(kind))

    def samples(self, count: int = COUNT) -> np.ndarray:
        """Generated images, of the same latents at every call."""
        y = self._classes(count)
        return pictures.grid(self.sampler(self.sampler.latents(self.seed, range(count), y), y), self._columns())

    def real(self, count: int = COUNT) -> np.ndarray:
        """A grid of real images: those that samples are made of, or else some of the same classes."""
        originals = self.sampler.inputs.pixels(self.seed, range(count), self._classes(count))
        return pictures.grid(self._like(count) if originals is None else originals, self._columns())

    def comparison(self) -> np.ndarray:
        """Real images on the left, generated ones on the right."""
        return pictures.side_by_side(self.real(), self.samples())

    def _like(self, count: int) -> np.ndarray:
        """Images of the data, of the same classes as the samples where there are classes."""
        order = np.random.default_rng(self.seed).permutation(len(self.data))
        classes = self._classes(count)
        if classes is None or self.data.labels is None:
            chosen = np.resize(order, count)
        else:
            chosen = _one_of_each(self.data.labels, order, classes.tolist())
        return self.data.pixels[chosen]

    def _columns(self) -> int:
        """Columns of one class each where there are few, else eight."""
        return pictures.columns(len(self.data.classes) if self.sampler.conditional else 1, COUNT)

    def _classes(self, count: int) -> Tensor | None:
        classes = len(self.data.classes)
        return torch.arange(count) % classes if self.sampler.conditional else None


def _drawn(kind: Kind, grid: Callable[[], np.ndarray], path: Path | None) -> Iterator[Event]:
    try:
        pixels = grid()
    except Exception as error:
        if not isinstance(error, GanError) and not out_of_memory(error):
            raise
        fault = str(error) if isinstance(error, GanError) else "Out of memory."
        yield Event(Kind.UNSAVED, text=f"No picture of {kind.value}: {fault}")
    else:
        yield from _kept(kind, pixels, path)


def _kept(kind: Kind, pixels: np.ndarray, path: Path | None) -> Iterator[Event]:
    try:
        if path:
            pictures.save(path, pixels)
    except GanError as error:
        yield Event(Kind.UNSAVED, text=str(error))
        path = None
    yield Event(kind, path, pixels)


def _one_of_each(labels: np.ndarray, order: np.ndarray, wanted: list[int]) -> np.ndarray:
    """The number of the next image of each wanted class, in this order; any image where a class has none."""
    queues = {label: order[labels[order] == label] for label in set(wanted)}
    used = dict.fromkeys(queues, 0)
    chosen = []
    for label in wanted:
        queue = queues[label] if len(queues[label]) else order
        chosen.append(queue[used[label] % len(queue)])
        used[label] += 1
    return np.array(chosen)
