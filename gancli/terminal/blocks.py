"""Pictures in a terminal: a character holds two pixels, the upper one a half block, the lower one its background."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

import numpy as np
from PIL import Image
from rich.color import Color
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style

UPPER = "▀"
SHADES = " .:-=+*#%@"
BACKDROP = 128  # gray behind transparent pixels, so that neither black nor white ones vanish
LEGIBLE = 14  # pixels that one image of a grid needs to be recognised
GAP = 2  # pixels between the images of a grid, as gancli.generation.pictures.grid leaves them

Pixel = tuple[int, int, int]


class HalfBlocks:
    """A picture, uint8 (H, W, C) with C 1, 3 or 4, scaled to fit `columns` x `rows` characters; its aspect is kept."""

    def __init__(self, pixels: np.ndarray, columns: int, rows: int) -> None:
        self.pixels = fit(pixels, columns, 2 * rows)
        self._drawn: dict[bool, list[list[Segment]]] = {}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        plain = options.ascii_only or console.no_color or console.color_system is None
        if plain not in self._drawn:
            self._drawn[plain] = list(_shaded(self.pixels) if plain else _coloured(self.pixels))
        for line in self._drawn[plain]:
            yield from line
            yield Segment.line()

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        width = self.pixels.shape[1]
        return Measurement(width, width)


def show(pixels: np.ndarray, console: Console | None = None) -> None:
    """Print a picture, uint8 (H, W, C), on stdout, fitted to the terminal."""
    console = console or Console()
    console.print(HalfBlocks(pixels, console.width, max(1, console.height - 2)))


def fit(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return the picture (H, W, C) as RGB (h, w, 3) within width x height: smaller, or larger by a whole factor."""
    picture = Image.fromarray(_rgb(pixels))
    scale = min(width / picture.width, height / picture.height)
    if scale >= 1:
        return np.asarray(picture).repeat(int(scale), 0).repeat(int(scale), 1)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return np.asarray(picture.resize(size, Image.Resampling.LANCZOS))


def legible(grid: np.ndarray, tile: tuple[int, int], columns: int, rows: int) -> np.ndarray:
    """Return the upper left of a grid (H, W, C): as many images of size `tile` (height, width) as stay recognisable."""
    (high, wide), (height, width) = tile, grid.shape[:2]
    down = max(1, (2 * rows + 1) // (min(high, LEGIBLE) + 1))
    across = max(1, columns // (min(wide, LEGIBLE) + 1))
    return grid[: min(height, down * (high + GAP) - GAP), : min(width, across * (wide + GAP) - GAP)]


def _rgb(pixels: np.ndarray) -> np.ndarray:
    """Return pixels (H, W, C) as (H, W, 3): gray is repeated, transparent pixels are blended with the backdrop."""
    if pixels.shape[2] == 4:
        alpha = pixels[:, :, 3:] / 255
        return np.round(pixels[:, :, :3] * alpha + BACKDROP * (1 - alpha)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


def _coloured(pixels: np.ndarray) -> Iterator[list[Segment]]:
    """Give lines of half blocks; neighbours of the same colours share a segment."""
    rows: list[list[Pixel]] = [[(r, g, b) for r, g, b in row] for row in pixels.tolist()]
    for number in range(0, len(rows), 2):
        upper = rows[number]
        lower: list[Pixel] | list[None] = rows[number + 1] if number + 1 < len(rows) else [None] * len(upper)
        pairs = groupby(zip(upper, lower, strict=True))
        yield [Segment(UPPER * len(list(same)), _style(*pair)) for pair, same in pairs]


def _shaded(pixels: np.ndarray) -> Iterator[list[Segment]]:
    """Give lines of ASCII characters; brighter pixels have denser ones."""
    light = pixels @ np.array([0.299, 0.587, 0.114])
    if len(light) % 2:
        light = np.concatenate([light, light[-1:]])
    shades = (light.reshape(-1, 2, light.shape[1]).mean(1) / 256 * len(SHADES)).astype(int)
    for row in shades.tolist():
        yield [Segment("".join(SHADES[shade] for shade in row))]


@lru_cache(65536)
def _style(upper: Pixel, lower: Pixel | None) -> Style:
    return Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower) if lower else None)
