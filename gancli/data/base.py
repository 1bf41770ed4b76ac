"""What a dataset is: options that say where images are and how they are prepared, and the images they give."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

import numpy as np
from pydantic import Field, field_validator

from gancli.data.fields import Bytes, Channels, Colour, Crop, Fit, Range, Size, size_text
from gancli.errors import GanError
from gancli.options import Chosen
from gancli.text import clean

if TYPE_CHECKING:
    from gancli.data.records import Records
    from gancli.display.progress import Progress

__all__ = ["Dataset", "Images", "Pixels", "Skipped", "Spec", "size_text"]

Order = Callable[[np.random.Generator, np.ndarray], np.ndarray]


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


class Skipped(NamedTuple):
    """Something that was left out: its name in the source, and why."""

    name: str
    reason: str


class Pixels(Protocol):
    """uint8 images (N, C, H, W): an array, a memory map, or what decodes them when they are asked for."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, C, H, W)."""

    def __getitem__(self, numbers: Any, /) -> np.ndarray:
        """The images with these numbers, an int array (n,), as an array (n, C, H, W)."""


def shuffled(rng: np.random.Generator, numbers: np.ndarray) -> np.ndarray:
    """The order of an epoch: any order is as likely as any other."""
    return rng.permutation(numbers)


@dataclass(frozen=True)
class Images:
    """Prepared images: pixels uint8 (N, C, H, W), labels int64 (N,) or None, and what was noticed on the way.

    `mirrored` asks for each to be flipped at random in training; `order` draws the order of an epoch;
    `numbers` are those of the pictures in their listing.
    """

    pixels: Pixels
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    mirrored: bool = False
    digest: str = ""
    order: Order = shuffled
    numbers: np.ndarray | None = None

    def __len__(self) -> int:
        return self.pixels.shape[0]

    @property
    def spec(self) -> Spec:
        """The shape and classes of these images."""
        _, channels, height, width = self.pixels.shape
        return Spec(height, width, channels, self.classes)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of pixels and labels."""
        labels = b"" if self.labels is None else self.labels.tobytes()
        pixels = self.digest or pixels_digest(self.pixels[:])
        return hashlib.blake2b(pixels.encode() + labels, digest_size=16).hexdigest()


def pixels_digest(images: np.ndarray) -> str:
    """A digest of uint8 images (N, C, H, W)."""
    digest = hashlib.blake2b(digest_size=16)
    for start in range(0, len(images), 1024):
        digest.update(images[start : start + 1024].tobytes())
    return digest.hexdigest()


class Dataset(Chosen):
    """Where images are and how they are prepared; a subclass knows one kind of source, and lists what is there."""

    source: str = Field("digits", description="What to train on: a path, a dataset's name, or name:path.")
    size: Size | None = Field(None, description="Size of the images, 64 or HEIGHTxWIDTH; default: what the data has.")
    fit: Fit = Field("crop", description="How images of another shape get that size.")
    crop: Crop | None = Field(None, description="Part of each image to take, in its own pixels, before it is fitted.")
    channels: Channels = Field("auto", description="1 gray, 3 colour, 4 colour and alpha.")
    background: Colour = Field("white", description="Colour behind transparent images, and beside padded ones.")
    range: Range | None = Field(None, description="Black and white of 16-bit or float images; default: of their type.")
    flip: bool = Field(False, description="Mirror each image at random in training.")
    classes: tuple[str, ...] = Field((), description="Take only these classes.")
    limit: int | None = Field(None, ge=1, description="Take only so many images, spread over all.")
    strict: bool = Field(False, description="Stop at the first bad file instead of leaving it out.")
    cache_limit: Bytes | None = Field(
        None, description="Most that is kept decoded on disk; what exceeds it streams. Default: half of what is free."
    )
    trust: bool = Field(False, description="Stream what is too large at once, bad files and all: they are met later.")
    workers: int | None = Field(None, ge=0, le=256, description="Processes that decode; default: one a core.")
    download: bool = Field(False, description="Fetch a named dataset that is not there yet.")

    suffixes: ClassVar[tuple[str, ...]] = ()

    @field_validator("range")
    @classmethod
    def _check_range(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not value[0] < value[1]:
            raise ValueError("black must be lower than white, such as 0,4095")
        return value

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether this kind of dataset can read what is at the path."""
        return path.is_file() and path.name.lower().endswith(cls.suffixes or ("\0",))

    def open(self) -> "Records":
        """The listing of what is there, nothing decoded yet; raises GanError naming the source."""
        raise NotImplementedError

    def load(self, progress: "Progress | None" = None) -> Images:
        """The prepared images; raises GanError naming the source when there are none."""
        from gancli.data.load import prepared

        return prepared(self, progress)

    @property
    def path(self) -> Path:
        """The path in the source, without the dataset's name before it; raises GanError where nothing is."""
        path = Path(self.source.removeprefix(f"{self.name}:")).expanduser()
        if not path.exists():
            raise GanError(f"There is nothing at {clean(path)}.", "Check the path.")
        return path
