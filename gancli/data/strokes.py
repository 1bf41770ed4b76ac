"""Handwritten-looking digits drawn from jittered pen strokes: the dataset that needs no download."""

import math
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ink = NDArray[np.float32]

# Every entry is one way of writing the digit, in a frame 100 high with y pointing down. A stroke is a smooth
# curve through its points; "|" ends it, so a repeated point makes a sharp corner and a new one lifts the pen.
_WAYS: tuple[tuple[str, ...], ...] = (
    (
        "40,2 17,14 6,42 9,74 28,98 50,92 64,62 61,30 46,6 34,4",
        "30,1 14,20 8,52 16,86 28,98 42,86 48,52 42,18 26,2",
        "46,6 28,3 8,26 2,56 14,88 40,98 66,84 76,52 66,18 42,2 30,10",
    ),
    (
        "30,0 30,33 30,66 30,100",
        "30,0 31,33 29,66 30,100",
        "20,17 27,10 33,0 | 33,0 33,50 33,100",
        "20,17 27,10 33,0 | 33,0 33,50 33,98 | 14,98 34,98 54,97",
    ),
    (
        "8,24 20,6 40,1 57,14 55,36 34,64 6,96 | 6,96 36,95 68,96",
        "10,22 26,3 48,4 58,24 46,56 26,84 10,94 5,84 16,76 34,86 50,97 70,88",
        "8,18 28,1 52,8 56,30 38,62 8,94 | 8,94 24,86 44,94 58,97 70,86",
    ),
    (
        "8,14 26,1 50,6 56,24 44,40 26,46 | 26,46 52,52 64,72 52,94 28,99 6,88",
        "8,4 34,4 60,3 | 60,3 46,22 28,42 | 28,42 52,46 64,68 54,92 30,99 6,90",
        "10,10 32,0 54,10 52,32 34,46 22,48 26,41 44,46 62,64 58,88 34,99 6,94",
    ),
    (
        "16,4 11,32 6,60 | 6,60 38,59 70,56 | 54,10 51,54 47,100",
        "46,2 26,34 4,66 | 4,66 36,67 70,66 | 46,2 46,50 45,100",
        "10,4 6,28 10,50 28,56 54,48 | 60,2 55,48 50,100",
        "12,6 8,30 7,54 | 7,54 36,55 66,52 | 58,2 52,50 44,100",
    ),
    (
        "60,3 38,4 18,4 | 18,4 16,22 13,42 | 13,42 34,35 58,50 60,78 38,98 6,91",
        "19,8 16,26 12,44 | 12,44 30,38 54,50 58,76 38,97 6,92 | 19,8 42,6 66,2",
        "64,2 42,7 22,5 | 22,5 14,24 12,42 24,43 46,50 60,70 48,94 24,99 4,90",
    ),
    (
        "54,2 30,18 11,48 10,82 32,98 55,86 56,64 36,54 18,64 11,78",
        "36,0 20,32 8,66 14,92 36,99 56,84 52,62 32,58 14,72",
        "48,0 28,28 10,60 14,90 38,98 54,80 44,60 24,66 16,84",
    ),
    (
        "0,6 34,6 70,5 | 70,5 46,48 30,100",
        "0,8 34,6 68,4 | 68,4 45,50 30,100 | 20,54 42,52 66,50",
        "-2,22 0,13 1,4 | 1,4 34,5 70,4 | 70,4 50,36 38,68 34,100",
        "-2,15 14,5 40,7 70,5 | 70,5 51,40 34,68 27,100 | 20,56 41,53 64,51",
        "-4,12 18,4 44,7 66,4 67,12 48,48 26,100",
    ),
    (
        "56,14 36,1 15,12 18,34 40,50 60,70 52,93 30,99 10,86 17,66 42,46 57,28 54,10",
        "36,2 16,10 15,34 34,47 52,35 54,12 34,2 | 34,47 12,60 9,86 32,99 58,88 57,62 34,47",
        "60,8 40,2 20,12 26,36 46,54 54,78 38,98 16,92 12,72 34,52 58,34 66,14",
    ),
    (
        "54,16 36,1 13,14 10,38 28,48 48,36 56,10 | 56,10 54,54 50,100",
        "56,16 38,1 14,14 12,36 30,47 50,34 57,10 | 57,10 60,48 52,84 32,98 10,92",
        "56,8 34,0 12,18 10,40 28,48 46,36 56,8 | 56,8 46,52 30,100",
        "24,46 44,38 56,18 40,1 18,8 8,28 18,45 38,44 52,26 | 52,26 50,62 44,100",
    ),
)
_SEGMENTS = 36
_BOX = 20 / 28  # the share of the frame that the longer side of a digit takes, as in MNIST
_NORMALS = 29
_UNIFORMS = 8
_CHUNK_PIXELS = 1 << 16  # keeps the scratch arrays of one chunk inside the processor's cache


def _points(stroke: str) -> Floats:
    """The points of a stroke, shape (n, xy), in a frame of side 1."""
    return np.array([point.split(",") for point in stroke.split()], dtype=np.float64) / 100


def _curve(points: Floats, pieces: int) -> Floats:
    """Resample a Catmull-Rom curve through `points` to `pieces` chords of equal length, shape (pieces + 1, 2)."""
    ends = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    before, start, stop, after = (ends[i : len(ends) - 3 + i, None] for i in range(4))
    t = np.linspace(0, 1, 24, endpoint=False)[None, :, None]
    bend = (2 * before - 5 * start + 4 * stop - after) * t**2 + (3 * (start - stop) + after - before) * t**3
    fine = np.concatenate([(start + ((stop - before) * t + bend) / 2).reshape(-1, 2), points[-1:]])
    walked = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(fine, axis=0).T))])
    marks = np.linspace(0, walked[-1], pieces + 1)
    return np.stack([np.interp(marks, walked, fine[:, axis]) for axis in range(2)], axis=1)


def _segments(way: str) -> Floats:
    """Cut one way of writing into line segments, shape (_SEGMENTS, start or end, xy)."""
    strokes = [_points(stroke) for stroke in way.split("|")]
    lengths = np.array([np.hypot(*np.diff(points, axis=0).T).sum() for points in strokes])
    pieces = np.maximum(3, np.floor(lengths / lengths.sum() * _SEGMENTS)).astype(int)
    pieces[np.argmax(lengths)] += _SEGMENTS - pieces.sum()
    curves = [_curve(points, int(number)) for points, number in zip(strokes, pieces, strict=True)]
    return np.concatenate([np.stack([curve[:-1], curve[1:]], axis=1) for curve in curves])


def _path(segments: Floats) -> Floats:
    """The share of the pen's path that lies before each segment end, 0 to 1, shape (_SEGMENTS, 2)."""
    walked = np.cumsum(np.hypot(*(segments[:, 1] - segments[:, 0]).T))
    path: Floats = np.stack([np.concatenate([[0.0], walked[:-1]]), walked], axis=1) / walked[-1]
    return path


def _wobbles(segments: Floats) -> Floats:
    """Smooth displacement shapes at every segment end, shape (_SEGMENTS, 2, 9); random weights bend the digit."""
    x, y, s = segments[..., 0], segments[..., 1], _path(segments)
    # Shapes over the plane move crossing strokes together; shapes along the path change one part of the digit.
    plane = [np.sin(math.pi * y), np.cos(math.pi * y), np.cos(2 * math.pi * y), np.sin(4 * x), np.cos(4 * x + 3 * y)]
    along = [np.cos(math.pi * s * wave) * 1.5 / (0.5 + wave) for wave in (1, 2, 3, 4)]
    return np.stack(plane + along, axis=-1)


_SKELETONS = np.stack([_segments(way) for way in chain.from_iterable(_WAYS)])
_SHAPES = np.stack([_wobbles(segments) for segments in _SKELETONS])
_MIDDLES = np.stack([_path(segments).mean(axis=1) for segments in _SKELETONS])
_COUNTS = np.array([len(ways) for ways in _WAYS])
_FIRSTS = np.cumsum(_COUNTS) - _COUNTS


def _written(ways: NDArray[np.intp], normal: Floats, uniform: Floats) -> Floats:
    """Bend, slant, turn, size and place skeletons in a frame of side 1 around 0, shape (n, _SEGMENTS, 2, 2).

    ways: numbers of the skeletons, shape (n,). normal, uniform: random numbers, n rows.
    """
    flat = _SHAPES[ways].reshape(len(ways), -1, 9) @ normal[:, :18].reshape(-1, 9, 2)
    points = _SKELETONS[ways].reshape(len(ways), -1, 2) + 0.021 * flat
    slant, turn = 0.12 + 0.18 * normal[:, 18], 0.07 * normal[:, 19]
    wide = np.exp(0.14 * np.maximum(normal[:, 20], -1))  # a narrower 7 would read as a 1
    cos, sin, zero = np.cos(turn), np.sin(turn), np.zeros_like(turn)
    leaning = np.stack([wide, zero, -slant, zero + 1], axis=1).reshape(-1, 2, 2)
    points = points @ leaning @ np.stack([cos, sin, -sin, cos], axis=1).reshape(-1, 2, 2)
    low, high = points.min(axis=1, keepdims=True), points.max(axis=1, keepdims=True)
    size = _BOX * (0.86 + 0.18 * uniform[:, 1]) / (high - low).max(axis=(1, 2))
    shift = (uniform[:, None, 2:4] - 0.5) * 2.6 / 28
    placed: Floats = (points - (low + high) / 2) * size[:, None, None] + shift
    return placed.reshape(-1, _SEGMENTS, 2, 2)


def _pens(ways: NDArray[np.intp], normal: Floats) -> Floats:
    """Pen radius on every segment, in shares of the frame, shape (n, _SEGMENTS)."""
    s = math.pi * _MIDDLES[ways]
    press = 1 + sum(0.12 * normal[:, 22 + i, None] * np.cos((i + 1) * s + normal[:, 25 + i, None]) for i in range(3))
    radius: Floats = np.exp(0.17 * normal[:, 21, None]) * np.clip(press, 0.65, 1.3) * 1.2 / 28
    return radius


def _nearness(segments: Floats, pens: Floats, height: int, width: int) -> Ink:
    """Distance of every pixel to the nearest segment in pen radii (1 is the edge), shape (n, height, width)."""
    columns, rows, half = _segment_axes(segments, pens, height, width)
    best = np.full((len(segments), height, width), np.inf, np.float32)
    beyond, aside = np.empty_like(best), np.empty_like(best)
    for j in range(_SEGMENTS):
        np.add(columns[0][:, j, None, :], rows[0][:, j, :, None], out=beyond)
        np.add(columns[1][:, j, None, :], rows[1][:, j, :, None], out=aside)
        np.abs(beyond, out=beyond)
        np.subtract(beyond, half[:, j, None], out=beyond)
        np.maximum(beyond, 0, out=beyond)
        np.square(beyond, out=beyond)
        np.square(aside, out=aside)
        np.add(beyond, aside, out=beyond)
        np.minimum(best, beyond, out=best)
    return np.sqrt(best, out=best)


def _segment_axes(
    segments: Floats, pens: Floats, height: int, width: int
) -> tuple[tuple[Ink, Ink], tuple[Ink, Ink], Ink]:
    """Coordinates along and across every segment, from its middle, in pen radii.

    Returns what the columns of pixels add to both, shape (n, _SEGMENTS, width), what the rows of pixels add, shape
    (n, _SEGMENTS, height), and half the length of segments, shape (n, _SEGMENTS, 1).
    """
    unit = min(height, width)
    middle, span = segments.mean(axis=2), segments[:, :, 1] - segments[:, :, 0]
    length = np.hypot(span[..., 0], span[..., 1])
    ahead = span / np.maximum(length, 1e-9)[..., None] / pens[..., None]
    x = ((np.arange(width) + 0.5 - width / 2) / unit - middle[..., :1]).astype(np.float32)
    y = ((np.arange(height) + 0.5 - height / 2) / unit - middle[..., 1:]).astype(np.float32)
    half, right, down = (a.astype(np.float32)[..., None] for a in (length / 2 / pens, ahead[..., 0], ahead[..., 1]))
    return (x * right, x * -down), (y * down, y * right), half


def _ink(ways: NDArray[np.intp], normal: Floats, uniform: Floats, height: int, width: int) -> Ink:
    """Coverage of every pixel by ink, 0 to 1, shape (n, height, width)."""
    unit, pens = min(height, width), _pens(ways, normal)
    near = _nearness(_written(ways, normal, uniform), pens, height, width)
    soft = 1.1 + (0.1 + 0.5 * uniform[:, 4]) * unit / 28
    steep = (pens.mean(axis=1) * unit / soft).astype(np.float32)[:, None, None]
    bright = (1 - 0.1 * np.abs(normal[:, 28])).astype(np.float32)[:, None, None]
    edge: Ink = np.clip(0.5 + (1 - near) * steep, 0, 1)
    ink: Ink = edge * edge * (3 - 2 * edge) * bright
    return ink


def _hues(turns: Floats) -> Ink:
    """Bright colours around the colour circle, 0 to 1, shape (n, 3, 1, 1)."""
    wheel = 0.5 + 0.5 * np.cos(2 * math.pi * (turns[:, None] - np.arange(3) / 3))
    return wheel.astype(np.float32)[:, :, None, None]


def _painted(ink: Ink, uniform: Floats, channels: int) -> Ink:
    """Turn ink into gray, colour on a tinted ground, or colour with alpha; 0 to 1, shape (n, channels, h, w)."""
    ink = ink[:, None]
    if channels == 1:
        return ink
    stroke, ground = _hues(uniform[:, 5]), _hues(uniform[:, 6])
    if channels == 4:
        return np.concatenate([np.broadcast_to(stroke, (len(ink), 3, *ink.shape[2:])), ink], axis=1)
    dark = (uniform[:, 7] < 0.5)[:, None, None, None]
    paper = np.where(dark, 0.2 * ground, 1 - 0.2 * (1 - ground))
    pen = np.where(dark, 1 - 0.6 * (1 - stroke), 0.5 * stroke)
    return paper + (pen - paper) * ink


def draw_digits(
    count: int, height: int, width: int, channels: int, seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw `count` handwritten-looking digits; those of a seed are the same for every count and size.

    Images: uint8 (count, channels, height, width), 0 to 255, with 1 (gray), 3 (colour) or 4 (colour, alpha) channels.
    Labels: int64 (count,), 0 to 9, each once in every ten images.
    """
    # One call fills each table row by row, so a longer table begins with the shorter one.
    order, bell, dice = (np.random.default_rng([seed, part]) for part in range(3))
    labels = np.argsort(order.random((-(-count // 10), 10)), axis=1).reshape(-1)[:count].astype(np.int64)
    normal = np.clip(bell.standard_normal((count, _NORMALS)), -2, 2)
    uniform = dice.random((count, _UNIFORMS))
    ways = _FIRSTS[labels] + (uniform[:, 0] * _COUNTS[labels]).astype(np.intp)
    images = np.empty((count, channels, height, width), np.uint8)
    step = max(1, _CHUNK_PIXELS // (height * width))
    for part in (slice(start, start + step) for start in range(0, count, step)):
        ink = _ink(ways[part], normal[part], uniform[part], height, width)
        images[part] = np.rint(255 * _painted(ink, uniform[part], channels))
    return images, labels
