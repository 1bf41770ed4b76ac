"""Curves in text: lists of floats become lines of characters that show every spike, however many values there are."""

import math
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from statistics import median

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_BLOCKS = "_.-=+*%#"
ASCII_MARKS = "xo+*"
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # of a braille character: columns of rows

Extent = tuple[float, float]
Cell = tuple[str, int]
MIXED = -1


class History:
    """The values of one statistic; beyond `limit`, an even number, each stretch is its smallest and its largest."""

    def __init__(self, limit: int = 2048) -> None:
        self._limit, self._stride = limit, 1
        self._kept: list[float] = []
        self._pending: list[float] = []

    def add(self, value: float) -> None:
        """Append a value."""
        self._pending.append(value)
        if len(self._pending) == 2 * self._stride:
            self._kept += ends(self._pending)
            self._pending = []
        if len(self._kept) >= self._limit:
            quartets = (self._kept[start : start + 4] for start in range(0, len(self._kept), 4))
            self._kept = list(chain.from_iterable(map(ends, quartets)))
            self._stride *= 2

    @property
    def values(self) -> list[float]:
        """The values, oldest first; once thinned, each pair is the smallest and the largest of its stretch of time."""
        return self._kept + (ends(self._pending) if len(self._pending) > 1 else self._pending)


def ends(values: Sequence[float]) -> list[float]:
    """Return the smallest and the largest finite value in the order of the values; two NaN where none is finite."""
    finite = [(value, index) for index, value in enumerate(values) if math.isfinite(value)]
    if not finite:
        return [math.nan, math.nan]
    return [value for value, _ in sorted((min(finite), max(finite)), key=lambda pair: pair[1])]


def extent(values: Sequence[float]) -> Extent | None:
    """Return the smallest and the largest finite value; None where none is finite."""
    finite = [value for value in values if math.isfinite(value)]
    return (min(finite), max(finite)) if finite else None


def buckets(values: Sequence[float], count: int) -> list[Extent | None]:
    """Return the extents of at most `count` even stretches of the values; fewer values have a stretch each."""
    return [extent(part) for part in stretches(values, count)]


def stretches(values: Sequence[float], count: int) -> list[Sequence[float]]:
    """Return the values in at most `count` even parts."""
    count = max(1, min(count, len(values)))
    edges = [number * len(values) // count for number in range(count + 1)]
    return [values[start:stop] for start, stop in pairwise(edges)] if values else []


def spark(values: Sequence[float], width: int, ascii_only: bool = False) -> str:
    """Return a curve one line high and at most `width` wide: the mean of each stretch, or its spike if it has one."""
    levels, whole = ASCII_BLOCKS if ascii_only else BLOCKS, extent(values)
    if whole is None:
        return ""
    middle = median(value for value in values if math.isfinite(value))
    typical = [_typical(part, middle, whole) for part in stretches(values, width)]
    return "".join(" " if value is None else levels[_level(value, whole, len(levels))] for value in typical)


def chart(
    series: Sequence[Sequence[float]], width: int, height: int, limits: Extent, ascii_only: bool = False
) -> list[list[Cell]]:
    """Return several curves in one picture: `height` lines of `width` cells, each (character, number of its series).

    Values outside the limits are drawn at the edge. A cell that no curve crosses, or more than one, has number -1.
    """
    masks: dict[tuple[int, int], dict[int, int]] = {}
    for number, values in enumerate(series):
        for x, y in _dots(values, 2 * width, 4 * height, limits):
            cell = masks.setdefault((height - 1 - y // 4, x // 2), {})
            cell[number] = cell.get(number, 0) | DOTS[x % 2][3 - y % 4]
    masks_of_rows = [[masks.get((row, column), {}) for column in range(width)] for row in range(height)]
    return [[_cell(marks, ascii_only) for marks in row] for row in masks_of_rows]


def limits_of(series: Sequence[Sequence[float]]) -> Extent:
    """Return limits that hold every finite value, with some room where all are the same; (0, 1) where there is none."""
    low, high = extent(list(chain(*series))) or (0.0, 1.0)
    if low < high:
        return low, high
    room = abs(low) / 2 or 1.0
    return low - room, high + room


def _typical(values: Sequence[float], middle: float, whole: Extent) -> float | None:
    """The mean of the finite values, or one that is more than half of the whole extent away from the middle."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return None
    # Halves, because the difference of two large numbers may be infinite.
    farthest = max(finite, key=lambda value: abs(value / 2 - middle / 2))
    is_spike = abs(farthest / 2 - middle / 2) > (whole[1] / 2 - whole[0] / 2) / 2
    return farthest if is_spike else sum(value / len(finite) for value in finite)


def _cell(marks: dict[int, int], ascii_only: bool) -> Cell:
    if not marks:
        return " ", MIXED
    number = next(iter(marks)) if len(marks) == 1 else MIXED
    if ascii_only:
        return ("#" if number == MIXED else ASCII_MARKS[number % len(ASCII_MARKS)]), number
    dots = 0
    for bits in marks.values():
        dots |= bits
    return chr(0x2800 + dots), number


def _dots(values: Sequence[float], columns: int, levels: int, limits: Extent) -> Iterator[tuple[int, int]]:
    """Give the dots (column, level from below) of one curve, each column joined to the one before."""
    before: tuple[int, int] | None = None
    for x, bucket in enumerate(buckets(values, columns)):
        if bucket is None:
            before = None
            continue
        low, high = (_level(value, limits, levels) for value in bucket)
        bottom, top = (low, high) if before is None else (min(low, before[1]), max(high, before[0]))
        yield from ((x, y) for y in range(bottom, top + 1))
        before = low, high


def _level(value: float, limits: Extent, levels: int) -> int:
    """The level, from 0, of a value between limits; the middle one where the limits are the same."""
    low, high = limits
    if low >= high:
        return levels // 2
    # Halves, because the difference of two large numbers may be infinite.
    share = (value / 2 - low / 2) / (high / 2 - low / 2)
    return min(levels - 1, max(0, int(share * levels)))
