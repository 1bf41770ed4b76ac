"""Images in numpy's files, with or without labels."""

import zipfile
from pathlib import Path
from typing import ClassVar

import numpy as np

from gancli.data.base import Dataset, Images
from gancli.data.prepare import resized
from gancli.errors import GanError
from gancli.text import clean

IMAGE_KEYS = ("images", "x", "x_train", "data", "arr_0")
LABEL_KEYS = ("labels", "y", "y_train", "arr_1")


class Arrays(Dataset):
    """A `.npy`, or a `.npz` with `images` and perhaps `labels`: (N, H, W), (N, H, W, C) or (N, C, H, W), uint8 or
    floats in [0, 1], [-1, 1] or [0, 255]."""

    suffixes: ClassVar = (".npy", ".npz")

    def load(self) -> Images:
        """The images as uint8, and the labels as classes in sorted order."""
        arrays = _read(self.path)
        images = _first(arrays, IMAGE_KEYS)
        if images is None:
            raise GanError(f"{clean(self.path)} has no array named {' or '.join(IMAGE_KEYS[:2])}.")
        pixels = _bytes(_channels_first(images, self.path), self.path)
        labels, classes = _labels(_first(arrays, LABEL_KEYS), len(pixels), self.path)
        return Images(resized(pixels, self.size, None if self.channels == "auto" else self.channels), labels, classes)


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        # Python objects in an array would have to be unpickled, which runs code.
        loaded = np.load(path, allow_pickle=False)
        return dict(loaded) if isinstance(loaded, np.lib.npyio.NpzFile) else {"images": loaded}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError, MemoryError) as error:
        raise GanError(f"{clean(path)} cannot be read as a numpy file: {clean(error)}.") from error


def _first(arrays: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray | None:
    return next((arrays[name] for name in names if name in arrays), None)


def _channels_first(images: np.ndarray, path: Path) -> np.ndarray:
    """(N, C, H, W) of whichever layout it is."""
    shape = images.shape
    if len(shape) == 3:
        images = images[:, None]
    elif len(shape) == 4 and shape[3] in {1, 3, 4} and shape[1] not in {1, 3, 4}:
        images = images.transpose(0, 3, 1, 2)
    elif len(shape) != 4 or shape[1] not in {1, 3, 4}:
        raise GanError(
            f"{clean(path)} holds an array of shape {shape}.",
            "Images are (N, H, W), (N, H, W, C) or (N, C, H, W), with 1, 3 or 4 channels.",
        )
    if not images.size:
        raise GanError(f"{clean(path)} holds no images.")
    return images


def _bytes(images: np.ndarray, path: Path) -> np.ndarray:
    """Any range of numbers as uint8."""
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images)
    if images.dtype.kind not in "fiub":
        raise GanError(f"{clean(path)} holds {images.dtype}, not numbers.")
    low, high = float(images.min()), float(images.max())
    if not np.isfinite([low, high]).all() or low < -1 or high > 255 or (low < 0 and high > 1):
        raise GanError(
            f"{clean(path)} holds values from {low:g} to {high:g}.", "Images are in [0, 255], [0, 1] or [-1, 1]."
        )
    floats = images.astype(np.float32)
    scaled = (floats + 1) * 127.5 if low < 0 else floats * 255 if high <= 1 else floats
    return np.ascontiguousarray(scaled.round().astype(np.uint8))


def _labels(values: np.ndarray | None, count: int, path: Path) -> tuple[np.ndarray | None, tuple[str, ...]]:
    if values is None:
        return None, ()
    if values.shape not in {(count,), (count, 1)}:
        raise GanError(f"{clean(path)} has labels of shape {values.shape} for {count} images.")
    names, labels = np.unique(values.reshape(-1), return_inverse=True)
    return labels.astype(np.int64), tuple(clean(name) for name in names)
