"""The subject of a training: the one record of it that displays, verdicts, loggers and metrics.jsonl use."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

FEW = 1024  # images that a generator can learn by heart in a short run


@dataclass(frozen=True)
class Subject:
    """The names of what is trained and of its device, and what is needed to judge its statistics.

    probabilities: whether scores are shown as D(x) in [0, 1]. tile: height and width of one image in a grid of samples.
    rate, d_rate: learning rates of the players and of D. images: how many the data has, None where that is unknown.
    """

    arch: str = "?"
    loss: str = "gan"
    data: str = "?"
    device: str = "?"
    probabilities: bool = True
    tile: tuple[int, int] | None = None
    rate: float = 2e-4
    d_rate: float = 2e-4
    images: int | None = None

    @property
    def few(self) -> bool:
        """Whether a generator can learn all images by heart in a short run."""
        return self.images is not None and self.images <= FEW

    def document(self) -> dict[str, Any]:
        """The record as a JSON object, with the version of gancli."""
        return {"gancli": version("gancli"), **asdict(self)}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Subject":
        """The record in a JSON object; raises ValueError where it is incomplete."""
        try:
            tile, images = document.get("tile"), document.get("images")
            return cls(
                arch=str(document["arch"]),
                loss=str(document["loss"]),
                data=str(document["data"]),
                device=str(document["device"]),
                probabilities=bool(document["probabilities"]),
                tile=(int(tile[0]), int(tile[1])) if tile else None,
                rate=float(document["rate"]),
                d_rate=float(document["d_rate"]),
                images=images if isinstance(images, int) else None,
            )
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise ValueError("no record of what is trained") from error


def data_name(dataset: str, source: str) -> str:
    """The short name of a source: the name of its dataset, or the last part of its path."""
    path = source.removeprefix(f"{dataset}:")
    return path if path == dataset else Path(path).expanduser().resolve().name or path
