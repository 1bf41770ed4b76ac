"""What a training tells as it goes: ticks, the events in them, and the verdict. No torch is needed to read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from gancli.telemetry.verdicts import Verdict


@dataclass(frozen=True)
class Event:
    """Something that happened: its kind, the file, the picture (H, W, C) if any, and words where the kind is too few.

    Kinds are `checkpoint`, `samples`, `real` (the first grid of real images), `comparison` (the last of both),
    `evaluation`, `unsaved` (a file that could not be written) and `rollback` (training diverged, and goes on from a
    checkpoint).
    """

    kind: str
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
