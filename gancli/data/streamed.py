"""Images that are decoded whenever they are needed, where they fit neither in memory nor in the cache."""

import warnings
from collections.abc import Sequence
from concurrent.futures import Future
from functools import cached_property
from typing import Any

import numpy as np

from gancli.base.errors import GanError
from gancli.base.text import clean
from gancli.data.prepare import Preparation
from gancli.data.records import Records
from gancli.data.selection import Selection
from gancli.data.workers import Crew, attempts, result_of

TRIES = 8  # other images of a class that may stand in for one that cannot be read


class DataWarning(UserWarning):
    """A fault in the images that does not stop the work; the command line shows it."""


class Streamed:
    """Like an array (N, C, H, W) of the selected pictures, indexed by arrays of numbers; `ask` decodes ahead."""

    def __init__(self, records: Records, selection: Selection, preparation: Preparation, workers: int) -> None:
        self.records, self.selection, self.preparation, self.workers = records, selection, preparation, workers

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, C, H, W)."""
        return len(self.selection.numbers), self.preparation.channels, *self.preparation.size

    def ask(self, numbers: np.ndarray) -> "Future[list[np.ndarray | str]]":
        """Begin to decode the images with these numbers, int64 (n,); `take` returns them."""
        return self._crew.submit(self.selection.numbers[numbers])

    def take(self, numbers: np.ndarray, request: "Future[list[np.ndarray | str]]") -> np.ndarray:
        """The uint8 images (n, C, H, W) of a request by `ask` for the same numbers, once they are decoded."""
        results = zip(numbers.tolist(), result_of(request), strict=True)
        rows = [self._stand_in(number, image) if isinstance(image, str) else image for number, image in results]
        return np.stack(rows) if rows else np.empty((0, *self.shape[1:]), np.uint8)

    def __getitem__(self, numbers: Any) -> np.ndarray:
        positions = np.arange(len(self.selection.numbers))[numbers]
        return self.take(positions, self.ask(positions))

    @cached_property
    def _crew(self) -> Crew[np.ndarray]:
        return Crew(self.records, self.preparation, self.workers)

    def _stand_in(self, number: int, why: str) -> np.ndarray:
        """The next image of the same class that can be read; raises GanError after TRIES that cannot."""
        name = clean(self.records.name(int(self.selection.numbers[number])))
        for candidate in self._next_of_class(number):
            image = attempts(self.records, self.preparation, [int(self.selection.numbers[candidate])])[0]
            if isinstance(image, np.ndarray):
                warnings.warn(
                    f"{name} can no longer be read ({clean(why)}); another stands in.", DataWarning, stacklevel=2
                )
                return image
        raise GanError(
            f"{name} and others can no longer be read ({clean(why)}).", "Is the disk or network still there?"
        )

    def _next_of_class(self, number: int) -> Sequence[int]:
        """The next TRIES numbers of the same class, from the first again after the last."""
        labels = self.selection.labels
        count = len(self.selection.numbers)
        members = np.arange(count) if labels is None else np.flatnonzero(labels == labels[number])
        rank = int(np.searchsorted(members, number))
        return [int(member) for member in np.roll(members, -rank - 1)[:TRIES]]
