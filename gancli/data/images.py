"""Prepared images, their shape and classes, and what was left out."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np

Order = Callable[[np.random.Generator, np.ndarray], np.ndarray]
SAMPLES = 64  # images that are read where reading all would take too long


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
    """Prepared images: pixels, uint8 (N, C, H, W), labels, int64 (N,) or None, and the names of classes.

    notes: for the user. skipped: pictures that were left out. mirrored: whether training flips images at random.
    order: draws the order of an epoch. numbers: those of the pictures in their listing. digest: of all pixels; where
    it is unknown it is empty, and `sampled` is a digest of some images, and `marks` of the times and places of files.
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
    sampled: str = ""
    marks: str = ""

    def __len__(self) -> int:
        return self.pixels.shape[0]

    @property
    def spec(self) -> Spec:
        """The shape and classes of these images."""
        _, channels, height, width = self.pixels.shape
        return Spec(height, width, channels, self.classes)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of pixels and labels, the same in every place; of some images where there are too many to read."""
        return self._with_labels(self.digest or self.sampled or pixels_digest(self.pixels[:]))

    @property
    def key(self) -> str:
        """The key of results that are computed from these images; unlike the fingerprint it changes with every file."""
        return self._with_labels(self.marks) if self.marks else self.fingerprint

    def is_known_as(self, fingerprint: str) -> bool:
        """Whether a fingerprint is of these images: of all, of some, or, as in version 0.1.0, of their files."""
        return fingerprint in {self.fingerprint, self.key} or fingerprint == self._fingerprint_of_samples

    @cached_property
    def _fingerprint_of_samples(self) -> str:
        numbers = spread(len(self))
        return self._with_labels(self.sampled or samples_digest(len(self), self.pixels[numbers]))

    def _with_labels(self, digest: str) -> str:
        labels = b"" if self.labels is None else self.labels.tobytes()
        return hashlib.blake2b(digest.encode() + labels, digest_size=16).hexdigest()


def spread(count: int, most: int = SAMPLES) -> np.ndarray:
    """The numbers of at most `most` of `count` images, evenly spread, with the first and the last; int64 (n,)."""
    return np.unique(np.linspace(0, count - 1, most).astype(np.int64))


def samples_digest(count: int, samples: Iterable[np.ndarray | str]) -> str:
    """A digest of the number of images and of samples, uint8 (C, H, W), or reasons why one cannot be read."""
    digest = hashlib.blake2b(str(count).encode(), digest_size=16)
    for sample in samples:
        digest.update(sample.encode() if isinstance(sample, str) else str(sample.shape).encode() + sample.tobytes())
    return digest.hexdigest()


def pixels_digest(images: np.ndarray) -> str:
    """A digest of uint8 images (N, C, H, W)."""
    digest = hashlib.blake2b(digest_size=16)
    for start in range(0, len(images), 1024):
        digest.update(images[start : start + 1024].tobytes())
    return digest.hexdigest()
