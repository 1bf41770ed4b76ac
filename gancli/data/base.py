"""What a dataset is: options that say where images are and how they are prepared, and the images they give."""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field, PlainSerializer

from gancli.errors import GanError
from gancli.options import Chosen, Metavar
from gancli.text import clean


@dataclass(frozen=True)
class Spec:
    """What the data dictates to an architecture: height, width, channels, and the names of the classes."""

    height: int
    width: int
    channels: int
    classes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        return self.channels, self.height, self.width

    def document(self) -> dict[str, Any]:
        """The spec as JSON holds it."""
        return {"height": self.height, "width": self.width, "channels": self.channels, "classes": list(self.classes)}


@dataclass(frozen=True)
class Images:
    """Images in memory: pixels uint8 (N, C, H, W), labels int64 (N,) or None, and what was noticed on the way."""

    pixels: np.ndarray
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def spec(self) -> Spec:
        """The shape and classes of these images."""
        _, channels, height, width = self.pixels.shape
        return Spec(height, width, channels, self.classes)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of pixels and labels."""
        digest = hashlib.blake2b(np.ascontiguousarray(self.pixels), digest_size=16)
        digest.update(b"" if self.labels is None else np.ascontiguousarray(self.labels))
        return digest.hexdigest()


def _parse_size(value: Any) -> Any:
    if isinstance(value, int):
        return value, value
    if isinstance(value, str):
        match = re.fullmatch(r"(\d+)(?:x(\d+))?", value.strip())
        if not match:
            raise ValueError("a size is 64, or HEIGHTxWIDTH such as 48x64")
        return int(match[1]), int(match[2] or match[1])
    return value


def size_text(size: tuple[int, int]) -> str:
    """`64`, or `48x64` (height x width)."""
    height, width = size
    return str(height) if height == width else f"{height}x{width}"


def _parse_channels(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdigit() else value


Side = Annotated[int, Field(ge=4, le=4096)]
Size = Annotated[tuple[Side, Side], BeforeValidator(_parse_size), PlainSerializer(size_text), Metavar("SIZE")]
Channels = Annotated[Literal["auto", 1, 3, 4], BeforeValidator(_parse_channels)]


class Dataset(Chosen):
    """Where images are and how they are prepared; a subclass knows one kind of source."""

    source: str = Field("digits", description="What to train on: a path, a dataset's name, or name:path.")
    size: Size | None = Field(None, description="Size of the images, 64 or HEIGHTxWIDTH; default: what the data has.")
    channels: Channels = Field("auto", description="1 gray, 3 colour, 4 colour and alpha.")

    suffixes: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether this kind of dataset can read what is at the path."""
        return path.is_file() and path.suffix.lower() in cls.suffixes

    def load(self) -> Images:
        """The prepared images; raises GanError naming the source when there are none."""
        raise NotImplementedError

    @property
    def path(self) -> Path:
        """The path in the source, without the dataset's name before it; raises GanError where nothing is."""
        path = Path(self.source.removeprefix(f"{self.name}:")).expanduser()
        if not path.exists():
            raise GanError(f"There is nothing at {clean(path)}.", "Check the path.")
        return path
