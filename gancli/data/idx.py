"""MNIST's format: IDX files of images and labels, gzipped or not."""

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np

from gancli.data.base import Dataset, Images
from gancli.data.prepare import resized
from gancli.errors import GanError
from gancli.text import clean

IMAGES, LABELS = 3, 1


class IDX(Dataset):
    """A folder with `*-images-idx3-ubyte[.gz]` and `*-labels-idx1-ubyte[.gz]`, or one such file of images;
    of several, those that begin with `train` are taken."""

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether an IDX file of images is there."""
        return bool(_images_in(path))

    def load(self) -> Images:
        """The images, and their labels where a file of labels lies beside them."""
        files = _images_in(self.path)
        if not files:
            raise GanError(f"{clean(self.path)} holds no *-images-idx3-ubyte file.")
        file = next((file for file in files if file.name.startswith("train")), files[0])
        pixels = read(file, IMAGES)[:, None]
        if not len(pixels):
            raise GanError(f"{clean(file)} holds no images.")
        beside = file.with_name(file.name.replace("images", "labels").replace("idx3", "idx1"))
        labels, classes = _labels(beside, len(pixels)) if beside != file and beside.is_file() else (None, ())
        return Images(resized(pixels, self.size, None if self.channels == "auto" else self.channels), labels, classes)


def read(path: Path, dimensions: int) -> np.ndarray:
    """The uint8 array in an IDX file; raises GanError where it is not whole or has other dimensions."""
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise GanError(f"{clean(path)} cannot be read: {clean(error)}.") from error
    start = 4 + 4 * dimensions
    if len(data) < start or data[:4] != bytes([0, 0, 8, dimensions]):
        raise GanError(f"{clean(path)} is no IDX file of bytes in {dimensions} dimensions.")
    shape = struct.unpack(f">{dimensions}I", data[4:start])
    if len(data) - start != np.prod(shape, dtype=object):
        raise GanError(f"{clean(path)} should hold {'x'.join(map(str, shape))} bytes; it holds {len(data) - start}.")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _labels(path: Path, count: int) -> tuple[np.ndarray, tuple[str, ...]]:
    numbers = read(path, LABELS)
    if len(numbers) != count:
        raise GanError(f"{clean(path)} has {len(numbers)} labels for {count} images.")
    values, labels = np.unique(numbers, return_inverse=True)
    return labels.astype(np.int64), tuple(map(str, values))


def _images_in(path: Path) -> list[Path]:
    candidates = [path] if path.is_file() else sorted(path.iterdir()) if path.is_dir() else []
    return [file for file in candidates if "idx3-ubyte" in file.name and file.suffix in {"", ".gz"} and file.is_file()]
