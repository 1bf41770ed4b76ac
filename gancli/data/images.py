"""Prepared images, their shape and classes, and what was left out."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np

Order = Callable[[np.random.Generator, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Spec:
    """What an architecture needs to know of the data: height, width, channels, and the names of the classes."""

    height: int
    width: int
    channels: int
    classes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        return self.channels, self.height, self.width

    def document(self) -> dict[str, Any]:
        """The spec as a JSON object."""
        return {"height": self.height, "width": self.width, "channels": self.channels, "classes": list(self.classes)}


class Skipped(NamedTuple):
    """A picture or file that was left out: its name in the source, and the reason."""

    name: str
    reason: str


class Pixels(Protocol):
    """uint8 images (N, C, H, W): an array, a memory map, or an object that decodes them when it is indexed."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, C, H, W)."""

    def __getitem__(self, numbers: Any, /) -> np.ndarray:
        """The images with these numbers, an int array (n,), as an array (n, C, H, W)."""


def shuffled(rng: np.random.Generator, numbers: np.ndarray) -> np.ndarray:
    """The numbers in the order of an epoch, where all orders are equally likely; int64 (n,)."""
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
