"""Curves in text: lists of floats become lines of characters, and no spike is lost however many values there are."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_BLOCKS = "_.-=+*%#"
ASCII_MARKS = "xo+*"
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # of a braille character: columns of rows

Extent = tuple[float, float]
Cell = tuple[str, int]
MIXED = -1


class History:
    """The values of one statistic, thinned by smallest and largest when there are many: at most `limit`, even."""

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
            self._kept = [v for at in range(0, len(self._kept), 4) for v in ends(self._kept[at : at + 4])]
            self._stride *= 2

    @property
    def values(self) -> list[float]:
        """The values, oldest first; where thinned, each pair is the smallest and largest of its time."""
        return self._kept + (ends(self._pending) if len(self._pending) > 1 else self._pending)


def ends(values: Sequence[float]) -> list[float]:
    """The smallest and the largest finite value, in the order in which they came; two NaN where there is none."""
    finite = [(value, at) for at, value in enumerate(values) if math.isfinite(value)]
    if not finite:
        return [math.nan, math.nan]
    return [value for value, _ in sorted((min(finite), max(finite)), key=lambda pair: pair[1])]


def extent(values: Sequence[float]) -> Extent | None:
    """The smallest and the largest finite value; None where there is none."""
    finite = [value for value in values if math.isfinite(value)]
    return (min(finite), max(finite)) if finite else None


def buckets(values: Sequence[float], count: int) -> list[Extent | None]:
    """The extents of at most `count` even stretches of the values; one a value where there are fewer."""
    return [extent(part) for part in stretches(values, count)]


def stretches(values: Sequence[float], count: int) -> list[Sequence[float]]:
    """The values in at most `count` even parts."""
    count = max(1, min(count, len(values)))
    edges = [at * len(values) // count for at in range(count + 1)]
    return [values[a:b] for a, b in pairwise(edges)] if values else []


def spark(values: Sequence[float], width: int, ascii_only: bool = False) -> str:
    """A curve one line high and at most `width` wide: of each stretch the mean, or the spike where it has one."""
    levels, whole = ASCII_BLOCKS if ascii_only else BLOCKS, extent(values)
    if whole is None:
        return ""
    middle = median(value for value in values if math.isfinite(value))
    drawn = [_typical([v for v in part if math.isfinite(v)], middle, whole) for part in stretches(values, width)]
    return "".join(" " if value is None else levels[_level(value, whole, len(levels))] for value in drawn)


def chart(
    series: Sequence[Sequence[float]], width: int, height: int, limits: Extent, ascii_only: bool = False
) -> list[list[Cell]]:
    """Several curves in one picture of `height` lines, each `width` cells (character, number of its series).

    Values outside the limits are drawn at the edge. A cell that several curves cross, or none, has number -1.
    """
    masks: dict[tuple[int, int], dict[int, int]] = {}
    for number, values in enumerate(series):
        for x, y in _dots(values, 2 * width, 4 * height, limits):
            cell = masks.setdefault((height - 1 - y // 4, x // 2), {})
            cell[number] = cell.get(number, 0) | DOTS[x % 2][3 - y % 4]
    return [[_cell(masks.get((row, column), {}), ascii_only) for column in range(width)] for row in range(height)]


def limits_of(series: Sequence[Sequence[float]]) -> Extent:
    """Limits that hold every finite value, with some room where they are all the same."""
    found = extent([value for values in series for value in values]) or (0.0, 1.0)
    if found[0] < found[1]:
        return found
    room = abs(found[0]) / 2 or 1.0
    return found[0] - room, found[1] + room


def _typical(part: Sequence[float], middle: float, whole: Extent) -> float | None:
    """The mean of finite values, or the one that is more than half of the whole extent away from the middle."""
    if not part:
        return None
    farthest = max(part, key=lambda value: abs(value / 2 - middle / 2))
    spike = abs(farthest / 2 - middle / 2) > (whole[1] / 2 - whole[0] / 2) / 2
    return farthest if spike else sum(value / len(part) for value in part)


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
    """The dots (column, level from below) of one curve, each column joined to the one before."""
    before: tuple[int, int] | None = None
    for x, bucket in enumerate(buckets(values, columns)):
        if bucket is None:
            before = None
            continue
        low, high = (_level(value, limits, levels) for value in bucket)
        drawn = (low, high) if before is None else (min(low, before[1]), max(high, before[0]))
        yield from ((x, y) for y in range(drawn[0], drawn[1] + 1))
        before = low, high


def _level(value: float, limits: Extent, levels: int) -> int:
    """The level, from 0, of a value between limits; the middle one where the limits are the same."""
    low, high = limits
    if low >= high:
        return levels // 2
    # Halves, because the difference of two large numbers may be infinite.
    share = (value / 2 - low / 2) / (high / 2 - low / 2)
    return min(levels - 1, max(0, int(share * levels)))
