"""What a dataset is: options that say where images are and how they are prepared, and the images they give."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    pass


Order = Callable[[np.random.Generator, np.ndarray], np.ndarray]
SAMPLES = 64  # images that stand for all where reading all would take too long


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
    `numbers` are those of the pictures in their listing. `digest` is of all pixels; empty where it is not known, then
    `sampled` is of some images spread over all, and `marks` of the times and places of their files.
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
        """A digest of pixels and labels, wherever they lie; of some images where there are too many to read all."""
        return self._with_labels(self.digest or self.sampled or pixels_digest(self.pixels[:]))

    @property
    def key(self) -> str:
        """What is computed from these images is kept under this: it changes too where some that are not read change."""
        return self._with_labels(self.marks) if self.marks else self.fingerprint

    def is_known_as(self, fingerprint: str) -> bool:
        """Whether a fingerprint is of these images, also one of a few of them, or of their files by version 0.1.0."""
        return fingerprint in {self.fingerprint, self.key} or fingerprint == self._fingerprint_of_samples

    @cached_property
    def _fingerprint_of_samples(self) -> str:
        numbers = spread(len(self))
        return self._with_labels(self.sampled or samples_digest(len(self), self.pixels[numbers]))

    def _with_labels(self, digest: str) -> str:
        labels = b"" if self.labels is None else self.labels.tobytes()
        return hashlib.blake2b(digest.encode() + labels, digest_size=16).hexdigest()


def spread(count: int, most: int = SAMPLES) -> np.ndarray:
    """The numbers of some images, `most` at most, spread over so many: the first, the last, and some between."""
    return np.unique(np.linspace(0, count - 1, most).astype(np.int64))


def samples_digest(count: int, samples: Iterable[np.ndarray | str]) -> str:
    """A digest of how many images there are and of some of them, uint8 (C, H, W), or of why one cannot be read."""
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
