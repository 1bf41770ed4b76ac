"""Images that are decoded when they are asked for: what does not fit anywhere."""

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

TRIES = 8


class DataWarning(UserWarning):
    """Something about the images that does not stop the work; the command line shows it."""


class Streamed:
    """Like an array (N, C, H, W) of the selected pictures, indexed by arrays of numbers; `ask` decodes ahead."""

    def __init__(self, records: Records, selection: Selection, preparation: Preparation, workers: int) -> None:
        self.records, self.selection, self.preparation, self.workers = records, selection, preparation, workers

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, C, H, W)."""
        return len(self.selection.numbers), self.preparation.channels, *self.preparation.size

    def ask(self, numbers: np.ndarray) -> "Future[list[np.ndarray | str]]":
        """Have the images with these numbers decoded; `take` gives them."""
        return self._crew.submit(self.selection.numbers[numbers])

    def take(self, numbers: np.ndarray, asked: "Future[list[np.ndarray | str]]") -> np.ndarray:
        """The images (n, C, H, W) that were asked for, once they are there."""
        images = result_of(asked)
        rows = [each if isinstance(each, np.ndarray) else self._instead(int(number), each)
                for number, each in zip(numbers, images, strict=True)]  # fmt: skip
        return np.stack(rows) if rows else np.empty((0, *self.shape[1:]), np.uint8)

    def __getitem__(self, numbers: Any) -> np.ndarray:
        asked = np.arange(len(self.selection.numbers))[numbers]
        return self.take(asked, self._crew.submit(self.selection.numbers[asked]))

    @cached_property
    def _crew(self) -> Crew[np.ndarray]:
        return Crew(self.records, self.preparation, self.workers)

    def _instead(self, number: int, why: str) -> np.ndarray:
        """The next image of the same class that can be read, so that a run goes on; raises GanError after some."""
        name = clean(self.records.name(int(self.selection.numbers[number])))
        for other in self._after(number):
            stand_in = attempts(self.records, self.preparation, [int(self.selection.numbers[other])])[0]
            if isinstance(stand_in, np.ndarray):
                warnings.warn(
                    f"{name} can no longer be read ({clean(why)}); another stands in.", DataWarning, stacklevel=2
                )
                return stand_in
        raise GanError(
            f"{name} and others can no longer be read ({clean(why)}).", "Is the disk or network still there?"
        )

    def _after(self, number: int) -> Sequence[int]:
        labels = self.selection.labels
        count = len(self.selection.numbers)
        alike = np.arange(count) if labels is None else np.flatnonzero(labels == labels[number])
        place = int(np.searchsorted(alike, number))
        return [int(each) for each in np.roll(alike, -place - 1)[:TRIES]]
