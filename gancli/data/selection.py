"""The pictures of a listing to use, and the size and channels that they are prepared with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gancli.base.errors import UsageError
from gancli.base.text import clean, plural
from gancli.data.dataset_options import DatasetOptions
from gancli.data.images import Skipped
from gancli.data.prepare import Look, Preparation, channels_of
from gancli.data.records import Records, reasons

LARGEST = 64  # side of images, in pixels, where no size is asked for


@dataclass(frozen=True)
class Selection:
    """Numbers of pictures in a listing, int64 (n,), with their labels, int64 (n,) or None, and class names."""

    numbers: np.ndarray
    labels: np.ndarray | None
    classes: tuple[str, ...]

    def without(self, positions: Iterable[int]) -> "Selection":
        """The selection without these positions, and without the classes that then have no pictures."""
        kept = np.setdiff1d(np.arange(len(self.numbers)), list(positions))
        labels = None if self.labels is None else self.labels[kept]
        return Selection(self.numbers[kept], *_without_empty(labels, self.classes))


def select(records: Records, options: DatasetOptions) -> Selection:
    """The pictures of `options.classes`, at most `options.limit` of them; raises UsageError for an unknown class."""
    numbers, labels, classes = np.arange(len(records)), records.labels, records.classes
    if options.classes:
        numbers, labels = _of_classes(records, options.classes)
        classes = tuple(options.classes)
    if options.limit and options.limit < len(numbers):
        # Spread over all, so that each class keeps its share; always the same ones.
        kept = np.sort(np.random.default_rng(0).choice(len(numbers), options.limit, replace=False))
        numbers, labels = numbers[kept], None if labels is None else labels[kept]
    return Selection(numbers, *_without_empty(labels, classes))


def _of_classes(records: Records, classes: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Numbers and labels of the pictures of these classes, where labels are positions in `classes`."""
    if records.labels is None:
        raise UsageError("--classes: these images have no labels.", "A folder a class gives them some.")
    number = {name: rank for rank, name in enumerate(records.classes)}
    if missing := [name for name in classes if name not in number]:
        raise UsageError(
            f"--classes: there is no class '{clean(missing[0])}'.", f"There are: {_some(records.classes)}."
        )
    order = np.full(len(number), -1)
    order[[number[name] for name in classes]] = np.arange(len(classes))
    numbers = np.flatnonzero(order[records.labels] >= 0)
    return numbers, order[records.labels[numbers]]


def _some(names: Sequence[str], most: int = 20) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _without_empty(labels: np.ndarray | None, classes: tuple[str, ...]) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Labels and class names without classes that no label names."""
    if labels is None or not len(labels):
        return None, ()
    present, dense = np.unique(labels, return_inverse=True)
    return dense.reshape(-1).astype(np.int64), tuple(classes[number] for number in present)


def shape_for(options: DatasetOptions, looks: Sequence[Look]) -> tuple[int, int, int]:
    """The (channels, height, width) to prepare pictures with: those of the options, or else as their looks suggest."""
    sizes = [(options.crop[3], options.crop[2])] if options.crop else [(look.height, look.width) for look in looks]
    channels = max((channels_of(look.mode) for look in looks), default=3)
    return channels if options.channels == "auto" else options.channels, *(options.size or native_size(sizes))


def preparation(records: Records, options: DatasetOptions, shape: tuple[int, int, int]) -> Preparation:
    """The preparation of pictures with the shape (channels, height, width)."""
    span = options.range or records.range
    return Preparation(shape[1:], shape[0], options.fit, options.crop, options.background, span)


def native_size(sizes: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The (height, width) to train at where none is asked for, from the (height, width) of the images.

    The size of all images, if they share one of at most 64 that networks can make. Else a square of k·2^n pixels, k in
    4..7, at most 64, that is not larger than the shorter side of nine images in ten.
    """
    all_sizes = list(sizes)
    if len(set(all_sizes)) == 1:
        height, width = all_sizes[0]
        if max(height, width) <= LARGEST and _makeable(height, width):
            return height, width
    usual = int(np.quantile([min(size) for size in all_sizes], 0.1, method="lower"))
    side = max(8, min(LARGEST, usual))
    return (side - side % unit(side),) * 2


def unit(side: int) -> int:
    """The 2^n of the largest k·2^n, k in 4..7, that is not larger than a side in pixels."""
    return 2 ** max((side // 4).bit_length() - 1, 1)


def _makeable(height: int, width: int) -> bool:
    step = unit(min(height, width))
    return min(height, width) >= 8 and height % step == 0 and width % step == 0


def skipped_note(skipped: Sequence[Skipped]) -> str:
    """A line on the pictures that were left out: how many, why, and the first names."""
    first = ", ".join(clean(picture.name) for picture in skipped[:3]) + (", ..." if len(skipped) > 3 else "")
    return f"{plural(len(skipped), 'file')} skipped ({reasons(skipped)}): {first}"
