"""Pictures and arrays of any kind prepared as uint8 pixels of one size and number of channels."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageColor, ImageOps, UnidentifiedImageError

from gancli.data.records import MOST_PIXELS, Picture, Records, Unfit

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
GRAY = frozenset({"1", "L", "LA", "La", "I", "F"})
MOST_ASPECT = 50  # largest ratio of the longer side to the shorter
TURNED = {5, 6, 7, 8}  # EXIF orientations that swap height and width
ORIENTATION = 0x0112


class Look(NamedTuple):
    """The upright size, the mode and whether there is transparency, which are known before a picture is decoded."""

    height: int
    width: int
    mode: str
    transparent: bool


def look(records: Records, number: int) -> Look:
    """The look of a picture in a listing; raises Unfit, or any error of its decoder."""
    with _Opened(records, number) as picture:
        return look_of(picture)


def look_of(picture: Picture) -> Look:
    """The look of a picture; raises Unfit where it is too large or too narrow."""
    if isinstance(picture, np.ndarray):
        height, width = picture.shape[:2]
        channels = picture.shape[2] if picture.ndim == 3 else 1
        features = Look(height, width, f"{picture.dtype} x {channels}", channels in {2, 4})
    else:
        turned = picture.getexif().get(ORIENTATION, 1) in TURNED
        width, height = reversed(picture.size) if turned else picture.size
        features = Look(height, width, _mode(picture), _is_transparent(picture))
    if height * width > MOST_PIXELS:
        raise Unfit("too large")
    if max(height, width) > MOST_ASPECT * max(1, min(height, width)):
        raise Unfit("absurd shape")
    return features


def channels_of(mode: str) -> int:
    """The channels to train with for a mode: 1 for gray, 3 for colour; alpha is kept only if --channels asks for it."""
    return 1 if mode.partition(";")[0] in GRAY or mode.endswith((" x 1", " x 2")) else 3


def _mode(picture: Image.Image) -> str:
    if picture.mode in {"P", "PA"} and picture.palette:
        return f"P ({picture.palette.mode})"
    return picture.mode


def _is_transparent(picture: Image.Image) -> bool:
    return bool({"A", "a"} & set(picture.getbands())) or "transparency" in picture.info


class _Opened:
    """Opens a picture of a listing, and closes it when the context ends."""

    def __init__(self, records: Records, number: int) -> None:
        self.picture = records.picture(number)

    def __enter__(self) -> Picture:
        return self.picture

    def __exit__(self, *error: object) -> None:
        if isinstance(self.picture, Image.Image):
            self.picture.close()


@dataclass(frozen=True)
class Preparation:
    """Prepares pictures as uint8 (channels, height, width); workers call it for one picture after another."""

    size: tuple[int, int]
    channels: int
    fit: str = "crop"
    crop: tuple[int, int, int, int] | None = None
    background: str = "white"
    range: tuple[float, float] | None = None

    @property
    def bytes(self) -> int:
        """The bytes of one prepared picture."""
        return self.channels * self.size[0] * self.size[1]

    def __call__(self, records: Records, number: int) -> np.ndarray:
        """A picture of a listing as uint8 (channels, height, width); raises Unfit, or any error of its decoder."""
        with _Opened(records, number) as picture:
            return self.prepare(picture)

    def prepare(self, picture: Picture) -> np.ndarray:
        """A picture as uint8 (channels, height, width); raises Unfit."""
        look_of(picture)
        image = self._upright(picture)
        if self.crop:
            image = image.crop(_box(self.crop, image.size))
        image = self._fitted(self._in_mode(image))
        pixels = np.asarray(image)
        return np.ascontiguousarray(pixels[None] if self.channels == 1 else pixels.transpose(2, 0, 1))

    def _upright(self, picture: Picture) -> Image.Image:
        """The picture with 8 bits a channel, rotated as its EXIF data asks."""
        if isinstance(picture, np.ndarray):
            return _picture_of(_bytes(picture, self.range))
        if not self.crop:
            # JPEGs are decoded at half or a quarter of their size where that is still twice the size needed.
            picture.draft(None, (2 * max(self.size), 2 * max(self.size)))
        if picture.mode.startswith(("I", "F")):
            return ImageOps.exif_transpose(Image.fromarray(_bytes(wide(picture), self.range)))
        return ImageOps.exif_transpose(picture)

    def _in_mode(self, image: Image.Image) -> Image.Image:
        """The image in the mode of the channels; transparent parts show the background unless alpha is a channel."""
        mode = MODES[self.channels]
        if mode != "RGBA" and _is_transparent(image):
            image = image.convert("LA").convert("RGBA") if image.mode == "La" else image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, self.background), image)
        return image.convert(mode)

    def _fitted(self, image: Image.Image) -> Image.Image:
        height, width = self.size
        if image.size == (width, height):
            return image
        if self.fit == "stretch":
            return image.resize((width, height), Image.Resampling.LANCZOS)
        if self.fit == "crop":
            return ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
        small = ImageOps.contain(image, (width, height), Image.Resampling.LANCZOS)
        sheet = Image.new(image.mode, (width, height), self._padding(image.mode))
        sheet.paste(small, ((width - small.width) // 2, (height - small.height) // 2))
        return sheet

    def _padding(self, mode: str) -> int | tuple[int, ...]:
        """The background as a colour of the mode, fully transparent where images keep their alpha."""
        colour = ImageColor.getcolor(self.background, mode)
        return (*colour[:3], 0) if isinstance(colour, tuple) and mode == "RGBA" else colour


def _box(crop: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[int, int, int, int]:
    left, top, width, height = crop
    if left + width > size[0] or top + height > size[1]:
        raise Unfit("smaller than the crop")
    return left, top, left + width, top + height


def wide(image: Picture) -> np.ndarray:
    """The grays of a picture with more than 8 bits as an array (H, W); 16-bit ones as uint16."""
    values = np.asarray(image)
    return values.astype(np.uint16) if values.dtype.kind in "iu" and values.dtype.itemsize == 2 else values


def _bytes(values: np.ndarray, span: tuple[float, float] | None) -> np.ndarray:
    """Numbers scaled to uint8; without a span, 16 bits span 0 to 65535 and floats 0 to 1. Raises Unfit."""
    if values.dtype == np.uint8 and span is None:
        return values
    if values.dtype.kind not in "fiub":
        raise Unfit(f"{values.dtype}, not numbers")
    low, high = span or (0.0, 1.0 if values.dtype.kind in "fb" else 65535.0)
    floats = values.astype(np.float32)
    if not np.isfinite(floats).all():
        raise Unfit("not finite")
    if span is None and (floats.min(initial=low) < low or floats.max(initial=low) > high):
        raise Unfit(f"values beyond {low:g} to {high:g}: give --range")
    return ((floats.clip(low, high) - low) * (255 / (high - low))).round().astype(np.uint8)


def _picture_of(pixels: np.ndarray) -> Image.Image:
    """A Pillow image of uint8 (H, W) or (H, W, C), with 1 to 4 channels; raises Unfit for other shapes."""
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.ndim not in {2, 3} or (pixels.ndim == 3 and pixels.shape[2] not in {2, 3, 4}) or not pixels.size:
        raise Unfit(f"of shape {'x'.join(map(str, pixels.shape))}")
    return Image.fromarray(np.ascontiguousarray(pixels))


def reason(error: Exception) -> str:
    """Why a picture cannot be used, in a few words, which are the same for all errors of a kind."""
    if isinstance(error, Unfit):
        return str(error)
    if isinstance(error, Image.DecompressionBombError):
        return "too large"
    if isinstance(error, UnidentifiedImageError):
        return "no image"
    if isinstance(error, FileNotFoundError | PermissionError):
        return "missing" if isinstance(error, FileNotFoundError) else "not readable"
    return "damaged"
