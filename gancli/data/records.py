"""The listing of a source: pictures by number, not decoded yet, with their names and labels."""

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

# Without decoders that run other programs, which files of unknown origin must not reach, or need rare libraries.
FORMATS = tuple(sorted(set(Image.registered_extensions().values()) & set(Image.OPEN)
                       - {"BUFR", "EPS", "FITS", "GRIB", "HDF5", "IPTC", "MPEG", "WMF"}))  # fmt: skip
SUFFIXES = frozenset(suffix for suffix, name in Image.registered_extensions().items() if name in FORMATS)
LABEL_KEYS = ("label", "class", "labels", "target", "category", "class_name", "y")
"""Names of the column of classes in a table, the most likely first."""
MOST_BYTES = 500_000_000  # of one picture's file
MOST_PIXELS = 150_000_000  # of one picture


class Unfit(ValueError):
    """A picture that cannot be used; the message is the reason, in a few words."""


def check_bytes(size: int) -> None:
    """Raise Unfit for a file of 0 bytes, or of more than MOST_BYTES."""
    if not 0 < size <= MOST_BYTES:
        raise Unfit("file too large" if size else "empty file")


def open_picture(file: Path | bytes) -> Image.Image:
    """The picture in a file, or in its bytes, opened and not decoded yet; raises Unfit where it is empty or too large.

    Only formats that Pillow decodes by itself are tried; for any other it raises UnidentifiedImageError.
    """
    check_bytes(len(file) if isinstance(file, bytes) else file.stat().st_size)
    return Image.open(BytesIO(file) if isinstance(file, bytes) else file, formats=FORMATS)


class Records:
    """Pictures by number. A dataset returns a subclass, which must pickle, since other processes read from it too.

    labels: int64 (N,), or None; classes: their names. skipped: pictures that are already known to be bad; ignored:
    how many other files there are, by kind. notes: for the user. range: the numbers for black and white, where pictures
    are arrays. trusted: whether every picture is known to be good, so that a large source streams without being read
    first. anywhere: whether pictures can be read in any order at little cost; if not, they must fit into the cache.
    here: whether pictures are in the memory of this process, so that other processes would need copies.
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
        """A Pillow image, opened and not decoded yet, or an array (H, W) or (H, W, C); may raise any error."""
        raise NotImplementedError

    @property
    def whole(self) -> np.ndarray | None:
        """All pictures as one uint8 array (N, C, H, W), where that needs no work; else None."""
        return None

    def name(self, number: int) -> str:
        """The name of a picture for the user."""
        return f"image {number}"

    @cached_property
    def fingerprint(self) -> str:
        """A digest that changes when what is there does, cheap to compute."""
        raise NotImplementedError

    def order(self, rng: np.random.Generator, numbers: np.ndarray) -> np.ndarray:
        """The numbers in the order of an epoch, int64 (n,); a source may keep together those that read faster so."""
        return shuffled(rng, numbers)


class Whole(Records):
    """The listing of an array or memory map (N, H, W), (N, H, W, C) or, where `rows` is False, (N, C, H, W)."""

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
        """The array as a view (N, C, H, W), where it is uint8; else None."""
        if self.array.dtype != np.uint8:
            return None
        if self.array.ndim == 3:
            return self.array[:, None]
        return self.array.transpose(0, 3, 1, 2) if self.rows else self.array


def digest_of(*parts: object) -> str:
    """A digest of objects by their `repr`, and of bytes."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part if isinstance(part, bytes) else repr(part).encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def file_mark(path: Path) -> tuple[int, int, int]:
    """Values that change when a file does: its size, its time in ns, and its inode."""
    state = path.stat()
    return state.st_size, state.st_mtime_ns, state.st_ino


def labelled(names: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Labels, int64 (N,), and class names: sorted, numbers by value, and distinct also in a terminal."""
    ordered = sorted(set(names), key=_by_value)
    number = {name: rank for rank, name in enumerate(ordered)}
    return np.array([number[name] for name in names], np.int64), distinct(ordered)


def _by_value(name: str) -> tuple[int, int, str]:
    number = name.isascii() and name.removeprefix("-").isdigit() and len(name) < 20
    return (0, int(name), name) if number else (1, 0, name)


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names made safe to print, with a number after each that would then be there twice."""
    printed: list[str] = []
    for name in names:
        plain = clean(name) or "(none)"
        alike = sum(earlier == plain or earlier.startswith(f"{plain} (") for earlier in printed)
        printed.append(f"{plain} ({alike + 1})" if plain in printed else plain)
    return tuple(printed)


def nothing_in(path: object, why: str = "", skipped: Sequence[Skipped] = ()) -> GanError:
    """The error to raise for a source without a single image, with the reasons for which pictures were skipped."""
    return GanError(f"{clean(path)} holds no images{why}{f' ({reasons(skipped)})' if skipped else ''}.")


def reasons(skipped: Iterable[Skipped]) -> str:
    """How many were skipped for each reason, the most common first: `2 damaged, 1 no image`."""
    counts = Counter(clean(picture.reason) for picture in skipped)
    return ", ".join(f"{count:,} {why}" for why, count in counts.most_common())
