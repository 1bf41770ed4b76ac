"""Pictures: from tensors to grids, files and frames."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from gancli.base.errors import GanError, UsageError
from gancli.base.files import replacing, sync_everything
from gancli.base.text import clean

if TYPE_CHECKING:
    from torch import Tensor

GAP = 2  # pixels between the images of a grid


def to_uint8(images: "Tensor") -> np.ndarray:
    """Images (N, C, H, W) in [-1, 1] as uint8 pixels of the same shape, on the host."""
    pixels: np.ndarray = images.float().clamp(-1, 1).add(1).mul(127.5).round().byte().cpu().numpy()
    return pixels


def grid(pixels: np.ndarray, columns: int, gap: int = GAP) -> np.ndarray:
    """One picture (H, W, C) of uint8 images (N, C, H, W), row by row, `gap` black pixels between them."""
    count, channels, height, width = pixels.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    sheet = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), np.uint8)
    for number, image in enumerate(pixels):
        top, left = (number // columns) * (height + gap), (number % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image.transpose(1, 2, 0)
    return sheet


def columns(kinds: int, count: int) -> int:
    """The columns of a grid of so many images, of each kind in turn: as square as it gets, each of one kind if few."""
    square = max(1, round(count**0.5))
    return kinds * max(1, square // kinds) if kinds <= min(count, 16) else square


def side_by_side(left: np.ndarray, right: np.ndarray, gap: int = 12) -> np.ndarray:
    """Two pictures (H, W, C) of one height beside each other, with a light bar between them."""
    bar = np.full((left.shape[0], gap, left.shape[2]), 128, np.uint8)
    return np.concatenate([left, bar, right], 1)


def picture(pixels: np.ndarray) -> Image.Image:
    """A Pillow image of uint8 pixels (H, W, C), C 1, 3 or 4."""
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def save(path: Path, pixels: np.ndarray, *, synced: bool = True) -> None:
    """Write one picture (H, W, C) in the format of the file's suffix; raises UsageError where that is none.

    synced: whether the disk is to hold it before this returns.
    """
    with replacing(path, synced=synced) as temporary, _fitting(path):
        picture(pixels).save(temporary, format=_format(path))


def save_each(named: Iterable[tuple[Path, np.ndarray]]) -> None:
    """Write many pictures (H, W, C), each into a folder that is made if need be; the disk is waited for once."""
    for path, pixels in named:
        path.parent.mkdir(parents=True, exist_ok=True)
        save(path, pixels, synced=False)
    sync_everything()


def save_animation(path: Path, frames: Sequence[np.ndarray], seconds: float) -> None:
    """Write pictures (H, W, C) as an endless GIF or WebP, each shown for `seconds`; raises UsageError too."""
    first, *rest = [picture(frame) for frame in frames]
    with replacing(path) as temporary, _fitting(path):
        milliseconds = round(seconds * 1000)
        first.save(temporary, _format(path), save_all=True, append_images=rest, duration=milliseconds, loop=0)


def _format(path: Path) -> str:
    """The name of the format that a file's suffix stands for; raises UsageError where Pillow writes none such."""
    name = Image.registered_extensions().get(path.suffix.lower())
    if name not in Image.SAVE:
        kind = f"files named {clean(path.suffix)}" if path.suffix else "a file without a suffix"
        raise UsageError(f"{clean(path)}: no picture is written to {kind}.", "Name it .png, .jpg, .webp or .gif.")
    return str(name)


@contextmanager
def _fitting(path: Path) -> Iterator[None]:
    """Raise GanError for a picture that a format has no room for."""
    try:
        yield
    except ValueError as error:
        raise GanError(f"{clean(path)} cannot be written: {clean(error)}.", "A .png may be of any size.") from error


LARGEST = 64_000_000  # pixels of a grid


def load(path: Path) -> "np.ndarray | None":
    """A picture (H, W, C) from a file; None where it cannot be read."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > LARGEST:
                return None
            pixels = np.asarray(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return pixels[:, :, None] if pixels.ndim == 2 else pixels
