"""From a picture or an array of any kind to uint8 pixels of one size and number of channels."""

from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageOps

from gancli.data.base import Size

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
LARGEST = 64


def native_size(sizes: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The (height, width) to train at when none is asked for: that of all images if it is one that networks make and
    no larger than 64, else the square of k·2^n pixels nearest below the smallest side, 64 at most."""
    found = set(sizes)
    if len(found) == 1:
        height, width = found.copy().pop()
        if max(height, width) <= LARGEST and _makeable(height, width):
            return height, width
    smallest = min(min(size) for size in found)
    side = max(8, min(LARGEST, smallest))
    return (side - side % unit(side),) * 2


def unit(side: int) -> int:
    """2^n for the k·2^n, k in 4..7, at or below a side."""
    return 2 ** max((side // 4).bit_length() - 1, 1)


def _makeable(height: int, width: int) -> bool:
    step = unit(min(height, width))
    return min(height, width) >= 8 and height % step == 0 and width % step == 0


def channels_of(mode: str) -> int:
    """The channels that a Pillow mode is worth: gray 1, anything with colour 3; alpha is kept only when asked for."""
    return 1 if mode in {"1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F"} else 3


def prepare(image: Image.Image, size: tuple[int, int], channels: int) -> np.ndarray:
    """A picture as uint8 (channels, height, width): turned upright, scaled to cover the size, its middle cut out."""
    image = ImageOps.exif_transpose(image)
    image = _to_mode(_eight_bit(image), MODES[channels])
    height, width = size
    if image.size != (width, height):
        image = ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
    pixels = np.asarray(image)
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def _to_mode(image: Image.Image, mode: str) -> Image.Image:
    """Another mode, with transparency composited on white unless alpha is wanted."""
    transparent = "A" in image.getbands() or "transparency" in image.info
    if mode != "RGBA" and transparent:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert(mode)


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit and float pictures scaled to 8 bits: Pillow would clip them at 255."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.asarray(image).astype(np.float64)
    if image.mode == "F":
        top = 1.0 if values.max(initial=0) <= 1 else 255.0
    else:
        top = 65535.0 if values.max(initial=0) > 255 else 255.0
    return Image.fromarray((values.clip(0, top) * (255 / top)).round().astype(np.uint8))


def resized(pixels: np.ndarray, size: Size | None, channels: int | None) -> np.ndarray:
    """Uint8 images (N, C, H, W) at another size or number of channels; as they are where nothing changes."""
    count, have, height, width = pixels.shape
    size, channels = size or native_size([(height, width)]), channels or have
    if (height, width) == size and have == channels:
        return pixels
    out = np.empty((count, channels, *size), np.uint8)
    for number, image in enumerate(pixels):
        picture = Image.fromarray(image[0] if have == 1 else image.transpose(1, 2, 0))
        out[number] = prepare(picture, size, channels)
    return out
