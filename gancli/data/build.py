"""Going through all pictures of a selection once: what they look like, which are bad, and how they come out."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np

from gancli.base.errors import GanError
from gancli.base.progress import Progress
from gancli.base.text import clean
from gancli.data import cache
from gancli.data.dataset_options import DatasetOptions
from gancli.data.images import Skipped, spread
from gancli.data.prepare import Look, Preparation, look
from gancli.data.records import Records, nothing_in
from gancli.data.selection import Selection
from gancli.data.workers import Crew, Task, chunk_of, workers_for

T = TypeVar("T")
GLANCE = 256  # pictures of a trusted source that are looked at


@dataclass
class Build:
    """A pass over the pictures; `bad` is why some are left out, by their position in the selection."""

    options: DatasetOptions
    records: Records
    selection: Selection
    progress: Progress
    bad: dict[int, str] = field(default_factory=dict)

    @property
    def trusted(self) -> bool:
        """Whether pictures are taken to be good until one is not, so that a large source streams at once."""
        return self.records.trusted or self.options.trust

    @cached_property
    def looks(self) -> list[Look]:
        """What the pictures look like; of a trusted source, what some spread over it do."""
        count = len(self.selection.numbers)
        positions = np.arange(count)
        if self.trusted:
            positions = spread(count, GLANCE)
        return [each for _, part in self._through("Looking at files", look, positions, 256) for each in part]

    def decode(self, how: Preparation, writer: cache.Writer) -> str:
        """Prepare and write all pictures but the bad ones, in their order; returns a digest of their pixels."""
        good = np.setdiff1d(np.arange(len(self.selection.numbers)), list(self.bad))
        digest = hashlib.blake2b(digest_size=16)
        for _, part in self._through("Preparing", how, good, chunk_of(how.bytes)):
            if part:
                images = np.stack(part)
                writer.add(images)
                digest.update(images.data)
        return digest.hexdigest()

    def skipped(self) -> list[Skipped]:
        """What is left out, by name."""
        return skipped(self.records, self.selection, self.bad)

    def _through(
        self, title: str, task: Task[T], positions: np.ndarray, chunk: int
    ) -> Iterator[tuple[np.ndarray, list[T]]]:
        """Positions and results, a chunk at a time, of the pictures that are good; raises GanError where none is."""
        workers = workers_for(self.records, self.options.workers, len(positions))
        any_good, numbers = False, self.selection.numbers[positions]
        with Crew(self.records, task, workers) as crew, self.progress.track(title, len(positions)) as advance:
            start = 0
            for results in crew.in_order(numbers, chunk):
                part = positions[start : start + len(results)]
                start += len(results)
                good = self._without_bad(part, results)
                any_good = any_good or bool(good)
                advance(len(results))
                yield part, good
        if not any_good:
            raise nothing_in(self.options.source, " that can be read", self.skipped())

    def _without_bad(self, positions: np.ndarray, results: Sequence[T | str]) -> list[T]:
        good = []
        for position, result in zip(positions.tolist(), results, strict=True):
            if not isinstance(result, str):
                good.append(result)
                continue
            self.bad[position] = result
            if self.options.strict:
                raise strictly(self.options, self.skipped()[-1])
        return good


def skipped(records: Records, selection: Selection, bad: dict[int, str]) -> list[Skipped]:
    """The bad pictures by name, in their order."""
    return [Skipped(records.name(int(selection.numbers[position])), why) for position, why in sorted(bad.items())]


def strictly(options: DatasetOptions, first: Skipped) -> GanError:
    """What a user who asked for --strict is told of a bad file."""
    return GanError(
        f"{clean(first.name)} in {clean(options.source)}: {clean(first.reason)}.", "Without --strict it is left out."
    )
