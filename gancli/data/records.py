"""The listing of a source: pictures by number, with their names and labels, nothing of them decoded yet."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from gancli.base.errors import GanError
from gancli.base.text import clean
from gancli.data.images import Skipped, shuffled

Picture = Image.Image | np.ndarray

# Decoders that run other programs, or need libraries that are hardly ever there, are none for files of others.
FORMATS = tuple(sorted(set(Image.registered_extensions().values()) & set(Image.OPEN)
                       - {"BUFR", "EPS", "FITS", "GRIB", "HDF5", "IPTC", "MPEG", "WMF"}))  # fmt: skip
SUFFIXES = frozenset(suffix for suffix, name in Image.registered_extensions().items() if name in FORMATS)
LABEL_KEYS = ("label", "class", "labels", "target", "category", "class_name", "y")
"""What a table calls the column of its classes, likeliest first."""
MOST_BYTES = 500_000_000  # of one picture's file
MOST_PIXELS = 150_000_000  # of one picture


class Unfit(ValueError):
    """A picture that cannot be used; the message is the reason, in a few words."""


def check_bytes(size: int) -> None:
    """Raise Unfit for a file of no bytes, or of more than a picture has."""
    if not 0 < size <= MOST_BYTES:
        raise Unfit("file too large" if size else "empty file")


def open_picture(file: Path | bytes) -> Image.Image:
    """A picture's file, or its bytes, opened and not yet decoded; raises Unfit where it is empty or too large.

    Only formats that Pillow decodes by itself are tried; what is none of them raises UnidentifiedImageError.
    """
    check_bytes(len(file) if isinstance(file, bytes) else file.stat().st_size)
    return Image.open(BytesIO(file) if isinstance(file, bytes) else file, formats=FORMATS)


class Records:
    """Pictures by number. A plugin's dataset returns a subclass, which can be pickled: other processes read too.

    labels: int64 (N,), or None; classes: their names. skipped: what is bad already now; ignored: how many other
    things lie there, by kind. range: the numbers that mean black and white, where pictures are arrays.
    trusted: every picture is known to be good, so that a large source streams without being read through first.
    anywhere: whether pictures can be read in any order at little cost; what cannot must fit into the cache.
    here: whether they are in this process's memory, where others would need copies of their own.
    """

    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    skipped: Sequence[Skipped] = ()
    ignored: Mapping[str, int] = {}
    notes: tuple[str, ...] = ()
    range: tuple[float, float] | None = None
    trusted: bool = False
    anywhere: bool = True
    here: bool = False

    def __len__(self) -> int:
        raise NotImplementedError

    def picture(self, number: int) -> Picture:
        """A Pillow image, opened and not yet decoded, or an array (H, W) or (H, W, C); raises what it likes."""
        raise NotImplementedError

    @property
    def whole(self) -> np.ndarray | None:
        """All pictures as one uint8 array (N, C, H, W), where that costs nothing."""
        return None

    def name(self, number: int) -> str:
        """What a user knows the picture as."""
        return f"image {number}"

    @cached_property
    def fingerprint(self) -> str:
        """A digest that changes when what is there does, cheap to compute."""
        raise NotImplementedError

    def order(self, rng: np.random.Generator, numbers: np.ndarray) -> np.ndarray:
        """The numbers in the order of an epoch; where neighbours are cheaper to read, a source may keep them close."""
        return shuffled(rng, numbers)


class Whole(Records):
    """Images that are in memory, or in a memory map, already: any array (N, H, W) or (N, H, W, C) or (N, C, H, W)."""

    here = True

    def __init__(
        self,
        array: np.ndarray,
        labels: np.ndarray | None,
        classes: tuple[str, ...],
        fingerprint: str,
        *,
        rows: bool = True,
    ) -> None:
        self.array, self.labels, self.classes, self.fingerprint = array, labels, classes, fingerprint
        self.rows = rows  # whether channels are the last axis

    def __len__(self) -> int:
        return len(self.array)

    def picture(self, number: int) -> np.ndarray:
        image = self.array[number]
        return image if self.rows or image.ndim == 2 else image.transpose(1, 2, 0)

    @property
    def whole(self) -> np.ndarray | None:
        """The array as it is, where its numbers are bytes."""
        if self.array.dtype != np.uint8:
            return None
        if self.array.ndim == 3:
            return self.array[:, None]
        return self.array.transpose(0, 3, 1, 2) if self.rows else self.array


def digest_of(*parts: object) -> str:
    """A digest of anything that prints the same whenever it is the same."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part if isinstance(part, bytes) else repr(part).encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def file_mark(path: Path) -> tuple[int, int, int]:
    """What changes when a file does: its size, its time and its place on the disk."""
    state = path.stat()
    return state.st_size, state.st_mtime_ns, state.st_ino


def labelled(names: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Labels int64 (N,) and class names, sorted, numbers by value; what looks the same in a terminal stays distinct."""
    ordered = sorted(set(names), key=_by_value)
    number = {name: rank for rank, name in enumerate(ordered)}
    return np.array([number[name] for name in names], np.int64), distinct(ordered)


def _by_value(name: str) -> tuple[int, int, str]:
    number = name.isascii() and name.removeprefix("-").isdigit() and len(name) < 20
    return (0, int(name), name) if number else (1, 0, name)


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names made harmless, with a number behind one that then is there already."""
    taken: list[str] = []
    for name in names:
        plain = clean(name) or "(none)"
        again = sum(other == plain or other.startswith(f"{plain} (") for other in taken)
        taken.append(f"{plain} ({again + 1})" if plain in taken else plain)
    return tuple(taken)


def nothing_in(path: object, why: str = "", skipped: Sequence[Skipped] = ()) -> GanError:
    """The error to raise for a source without a single image, with the reasons of what was skipped."""
    return GanError(f"{clean(path)} holds no images{why}{f' ({reasons(skipped)})' if skipped else ''}.")


def reasons(skipped: Iterable[Skipped]) -> str:
    """How many were skipped for which reason, the commonest first: `2 damaged, 1 no image`."""
    counts = Counter(clean(each.reason) for each in skipped)
    return ", ".join(f"{count:,} {why}" for why, count in counts.most_common())
