"""A folder of images, flat or with one folder a class."""

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from gancli.data.base import Dataset, Images
from gancli.data.prepare import channels_of, native_size, prepare
from gancli.errors import GanError
from gancli.text import clean, plural

MOST_PIXELS = 200_000_000
FAULTS = (OSError, SyntaxError, ValueError, Image.DecompressionBombError, MemoryError, OverflowError)


class Folder(Dataset):
    """Images in any format that Pillow reads, however deep; where every image lies in a sub-folder, the first level
    of sub-folders are the classes. Files that cannot be read are skipped and counted."""

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether an image file lies anywhere below."""
        return path.is_dir() and next(_files(path), None) is not None

    def load(self) -> Images:
        """All images that can be read, at one size, and their classes."""
        files = sorted(_files(self.path))
        looks = _in_parallel(_look, files)
        good = [(file, look) for file, look in zip(files, looks, strict=True) if not isinstance(look, str)]
        if not good:
            raise GanError(f"No image in {clean(self.path)} can be read{_faults(looks)}.")
        size = self.size or native_size(size for _, (size, _) in good)
        channels = max(channels for _, (_, channels) in good) if self.channels == "auto" else self.channels
        pixels = _in_parallel(partial(_read, size=size, channels=channels), [file for file, _ in good])
        kept = [(file, image) for (file, _), image in zip(good, pixels, strict=True) if isinstance(image, np.ndarray)]
        if not kept:
            raise GanError(f"No image in {clean(self.path)} can be read{_faults(pixels)}.")
        labels, classes = _classes(self.path, [file for file, _ in kept])
        skipped = len(files) - len(kept)
        notes = (f"{plural(skipped, 'file')} skipped{_faults([*looks, *pixels])}.",) if skipped else ()
        return Images(np.stack([image for _, image in kept]), labels, classes, notes)


def _files(folder: Path) -> Iterator[Path]:
    """Every file with the suffix of an image format, hidden ones and links to folders left out."""
    suffixes = Image.registered_extensions()
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__MACOSX")
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in suffixes:
                yield Path(parent) / name


def _in_parallel(function, items):  # type: ignore[no-untyped-def]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, items))


def _look(path: Path) -> tuple[tuple[int, int], int] | str:
    """The (height, width) and channels of an image, or why it cannot be read."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > MOST_PIXELS:
                return "too large"
            turned = image.getexif().get(0x0112, 1) in {5, 6, 7, 8}
            return (image.width, image.height) if turned else (image.height, image.width), channels_of(_mode(image))
    except FAULTS as error:
        return _reason(error)


def _mode(image: Image.Image) -> str:
    return str(image.palette.mode) if image.palette else image.mode


def _read(path: Path, size: tuple[int, int], channels: int) -> np.ndarray | str:
    try:
        with Image.open(path) as image:
            image.draft(None, (size[1] * 2, size[0] * 2))
            return prepare(image, size, channels)
    except FAULTS as error:
        return _reason(error)


def _reason(error: Exception) -> str:
    return "empty or no image" if isinstance(error, Image.UnidentifiedImageError) else "damaged"


def _faults(results: list[object]) -> str:
    reasons = Counter(result for result in results if isinstance(result, str))
    return " (" + ", ".join(f"{count} {reason}" for reason, count in reasons.most_common()) + ")" if reasons else ""


def _classes(root: Path, files: list[Path]) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Labels and names by the first level of sub-folders; none where images lie at the top, or in one folder."""
    parts = [file.relative_to(root).parts for file in files]
    if any(len(part) == 1 for part in parts):
        return None, ()
    names, labels = np.unique([part[0] for part in parts], return_inverse=True)
    return (labels.astype(np.int64), tuple(map(clean, names))) if len(names) > 1 else (None, ())
