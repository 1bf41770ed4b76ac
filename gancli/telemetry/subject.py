"""What is trained."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class About:
    """What is trained, as a display names it; `tile` is the height and width of one image in a grid of samples."""

    arch: str
    loss: str
    data: str
    device: str
    probabilities: bool
    tile: tuple[int, int] | None = None


def data_name(dataset: str, source: str) -> str:
    """The short name of a source: a dataset's own, or the last part of its path."""
    place = source.removeprefix(f"{dataset}:")
    return place if place == dataset else Path(place).expanduser().resolve().name or place


@dataclass(frozen=True)
class Facts:
    """What is known of a training besides its statistics: the loss, the rates, and how many images there are."""

    loss: str = "gan"
    probabilities: bool = True
    rate: float = 2e-4
    d_rate: float = 2e-4
    images: int | None = None

    @property
    def few(self) -> bool:
        """Whether a generator can learn all images by heart in a short run."""
        return self.images is not None and self.images <= FEW


FEW = 1024  # images that can be learnt by heart in a short run
