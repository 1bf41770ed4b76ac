"""The report of `gan data inspect` on a source."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gancli.base.progress import Progress
from gancli.data import cache
from gancli.data.build import Build
from gancli.data.dataset import Dataset
from gancli.data.images import Images, Pixels, Skipped
from gancli.data.load import assembled
from gancli.data.prepare import Look, wide
from gancli.data.records import Records
from gancli.data.selection import select
from gancli.data.workers import attempts

MOST = 8  # entries of a histogram; the others are added up
SHEET = 64  # images that are shown
SAMPLED = 64  # pictures of more than 8 bits whose numbers are read
NAMES = 5  # examples of names


@dataclass(frozen=True)
class Report:
    """The pictures in a source before they are prepared, and the images that training would get.

    shape: of prepared images, (C, H, W). smallest, largest: (height, width). values: lowest and highest number of
    pictures with more than 8 bits. bytes: of all prepared images. residence: where they are in a training.
    """

    source: str
    kind: str
    count: int
    shape: tuple[int, int, int]
    classes: Mapping[str, int]
    sizes: Mapping[str, int]
    smallest: tuple[int, int]
    largest: tuple[int, int]
    modes: Mapping[str, int]
    transparent: int
    values: tuple[float, float] | None
    skipped: Mapping[str, Sequence[str]]
    skipped_counts: Mapping[str, int]
    ignored: Mapping[str, int]
    duplicates: int
    duplicate_names: Sequence[tuple[str, str]]
    bytes: int
    residence: str
    notes: Sequence[str]

    def document(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return asdict(self)


def inspect(options: Dataset, progress: Progress) -> tuple[Report, np.ndarray]:
    """A report on a source, and a random choice of its prepared images, uint8 (n, C, H, W); raises GanError."""
    records = options.open()
    selection = select(records, options)
    build = Build(options, records, selection, progress)
    looks = build.looks if len(selection.numbers) else []
    images = assembled(build)
    repeated = _duplicates(images, progress)
    report = Report(
        source=options.source,
        kind=options.name,
        **_facts_of_looks(looks),
        values=_values(records, selection.numbers, looks),
        ignored=dict(Counter(records.ignored).most_common(MOST)),
        **_facts_of_images(images),
        duplicates=len(repeated),
        duplicate_names=_names(records, images, repeated[:NAMES]),
    )
    return report, images.pixels[np.sort(np.random.default_rng(0).permutation(len(images))[:SHEET])]


def _facts_of_images(images: Images) -> dict[str, Any]:
    """The fields of the report on prepared images, and on pictures that were skipped."""
    return {
        "count": len(images),
        "shape": images.spec.shape,
        "classes": _balance(images),
        "skipped": _by_reason(images.skipped),
        "skipped_counts": dict(Counter(picture.reason for picture in images.skipped).most_common()),
        "bytes": int(np.prod(images.pixels.shape, dtype=object)),
        "residence": _residence(images.pixels),
        "notes": images.notes,
    }


def _facts_of_looks(looks: Sequence[Look]) -> dict[str, Any]:
    """The fields of the report on sizes and modes, before pictures are prepared."""
    sides = [(look.height, look.width) for look in looks]
    return {
        "sizes": _sizes(sides),
        "smallest": min(sides, key=min),
        "largest": max(sides, key=max),
        "modes": _histogram(Counter(look.mode for look in looks)),
        "transparent": sum(look.transparent for look in looks),
    }


def _residence(pixels: Pixels) -> str:
    """Where the images of a training are, in words."""
    if not isinstance(pixels, np.ndarray):
        return "decoded anew every time, as they exceed the limit of the cache"
    file = getattr(pixels, "filename", None)  # None for a copy, and for an array that is not a memory map
    if file is None:
        return "in memory"
    return "decoded once, in the cache" if Path(file).is_relative_to(cache.home()) else "used in its own file"


def _names(records: Records, images: Images, pairs: Sequence[tuple[int, int]]) -> list[tuple[str, str]]:
    """The names of pairs of rows."""
    numbers = np.arange(len(images)) if images.numbers is None else images.numbers
    return [(records.name(int(numbers[first])), records.name(int(numbers[second]))) for first, second in pairs]


def _balance(images: Images) -> dict[str, int]:
    """How many images each class has."""
    if images.labels is None:
        return {}
    counts = np.bincount(images.labels, minlength=len(images.classes))
    return dict(zip(images.classes, counts.tolist(), strict=True))


def _sizes(sides: Sequence[tuple[int, int]]) -> dict[str, int]:
    """How many pictures have each size, or, where there are many sizes, each octave of the shorter side."""
    counts = Counter(f"{height}x{width}" for height, width in sides)
    if len(counts) <= MOST:
        return dict(counts.most_common())
    octaves = Counter(max(1, min(side)).bit_length() for side in sides)
    return {f"{2 ** (n - 1)} to {2**n - 1}, the shorter side": octaves[n] for n in sorted(octaves)}


def _histogram(counts: Counter[str]) -> dict[str, int]:
    """The most common values with their counts, and the count of all others together."""
    top = dict(counts.most_common(MOST))
    rest = counts.total() - sum(top.values())
    return {**top, **({f"{len(counts) - MOST} others": rest} if rest else {})}


def _by_reason(skipped: Sequence[Skipped]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for picture in skipped:
        names.setdefault(picture.reason, []).append(picture.name)
    return {reason: examples[:NAMES] for reason, examples in names.items()}


def _values(records: Records, numbers: np.ndarray, looks: Sequence[Look]) -> tuple[float, float] | None:
    """The lowest and highest number in some of the pictures, where any has more than 8 bits; else None."""
    if records.range or not any(look.mode.startswith(("I", "F")) for look in looks):
        return None
    results = attempts(records, _span, numbers[np.linspace(0, len(numbers) - 1, SAMPLED).astype(int)])
    spans = [span for span in results if isinstance(span, tuple)]
    return (min(low for low, _ in spans), max(high for _, high in spans)) if spans else None


def _span(records: Records, number: int) -> tuple[float, float]:
    values = wide(records.picture(number))
    return float(values.min()), float(values.max())


def _duplicates(images: Images, progress: Progress) -> list[tuple[int, int]]:
    """Pairs of rows (earlier, later) whose prepared images are equal."""
    first_rows: dict[bytes, int] = {}
    repeated = []
    with progress.track("Comparing", len(images)) as advance:
        for start in range(0, len(images), 256):
            part = images.pixels[np.arange(start, min(start + 256, len(images)))]
            for row, image in enumerate(part, start):
                first = first_rows.setdefault(hashlib.blake2b(image.tobytes(), digest_size=16).digest(), row)
                if first != row:
                    repeated.append((first, row))
            advance(len(part))
    return repeated
