"""What a training reports as it goes: ticks, and the events in them. No torch is needed to read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from gancli.telemetry.verdicts import Verdict


class Kind(StrEnum):
    """The kinds of things that can be due in a training, which are also the kinds of its events."""

    LOG = "log"
    """A measurement."""
    SAMPLES = "samples"
    """A grid of generated images."""
    REAL = "real"
    """The first grid of real images."""
    COMPARISON = "comparison"
    """The last grids of both, side by side."""
    EVALUATION = "evaluation"
    """Metrics of many samples, or why they could not be computed."""
    CHECKPOINT = "checkpoint"
    """A checkpoint."""
    BEST = "best"
    """The newest checkpoint has the best evaluation so far."""
    UNSAVED = "unsaved"
    """A file that could not be written."""
    ROLLBACK = "rollback"
    """Training diverged, and goes on from a checkpoint."""


@dataclass(frozen=True)
class Event:
    """An event: its kind, its file, its picture, uint8 (H, W, C), and a text where the kind says too little."""

    kind: Kind
    path: Path | None = None
    picture: "np.ndarray | None" = None
    text: str = ""


@dataclass(frozen=True)
class Tick:
    """A report of a training: where it is, statistics and events since the last tick, and the verdict.

    step, images: how many so far. seconds: training time so far. rate: images a second. progress: share of the run in
    [0, 1], None where the run has no end. memory: bytes in use.
    """

    step: int
    images: int
    seconds: float
    rate: float
    progress: float | None = None
    statistics: Mapping[str, float] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    verdict: "Verdict | None" = None
    memory: int | None = None

    @property
    def remaining(self) -> float | None:
        """Seconds until the end of the run, at the average speed so far; None where progress is unknown or 0."""
        return self.seconds * (1 / self.progress - 1) if self.progress else None
