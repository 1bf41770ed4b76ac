"""What a training tells as it goes: ticks, the events in them, and the verdict. No torch is needed to read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from gancli.telemetry.verdicts import Verdict


class Kind(StrEnum):
    """What can be due in a training, and what an event is of."""

    LOG = "log"
    """A measurement."""
    SAMPLES = "samples"
    """A grid of generated images."""
    REAL = "real"
    """The first grid of real images."""
    COMPARISON = "comparison"
    """The last grids of both, side by side."""
    EVALUATION = "evaluation"
    """Figures of many samples, and whether they could be taken."""
    CHECKPOINT = "checkpoint"
    """A checkpoint."""
    BEST = "best"
    """That the checkpoint is the best by its evaluation."""
    UNSAVED = "unsaved"
    """A file that could not be written."""
    ROLLBACK = "rollback"
    """Training diverged, and goes on from a checkpoint."""


@dataclass(frozen=True)
class Event:
    """Something that happened: its kind, its file, its picture (H, W, C), and words where the kind says too little."""

    kind: Kind
    path: Path | None = None
    picture: "np.ndarray | None" = None
    text: str = ""


@dataclass(frozen=True)
class Tick:
    """A moment of a training: where it is, the statistics since the last tick, what happened, and how it goes."""

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
        """Seconds still to go, judged by those gone."""
        return self.seconds * (1 / self.progress - 1) if self.progress else None
