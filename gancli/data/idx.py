"""MNIST's format: IDX files of images and labels, gzipped or not."""

import gzip
import struct
import zlib
from pathlib import Path
from typing import IO, cast

import numpy as np

from gancli.base.errors import GanError
from gancli.base.text import clean
from gancli.data.dataset import Dataset
from gancli.data.records import Records, Whole, digest_of, file_mark, labelled, nothing_in

IMAGES, LABELS = 3, 1
STEP = 1 << 20


class IDX(Dataset):
    """A folder with `*-images-idx3-ubyte[.gz]` and `*-labels-idx1-ubyte[.gz]`, or one such file of images; of several
    files, the one whose name begins with `train` is used."""

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether the path is an IDX file of images, or a folder with one."""
        return bool(_images_in(path))

    def open(self) -> Records:
        """The listing of the images, with labels where a file of labels lies beside them; raises GanError."""
        files = _images_in(self.path)
        if not files:
            raise GanError(f"{clean(self.path)} holds no *-images-idx3-ubyte file.")
        file = next((file for file in files if file.name.startswith("train")), files[0])
        pixels = read(file, IMAGES)
        if not pixels.size:
            raise nothing_in(file)
        beside = file.with_name(file.name.replace("images", "labels").replace("idx3", "idx1"))
        if beside == file or not beside.is_file():
            return Whole(pixels, None, (), digest_of(str(file.resolve()), file_mark(file)))
        labels, classes = _labels(beside, len(pixels))
        return Whole(pixels, labels, classes, digest_of(str(file.resolve()), file_mark(file), file_mark(beside)))


def read(path: Path, dimensions: int) -> np.ndarray:
    """The uint8 array in an IDX file; raises GanError where it is incomplete or has another number of dimensions."""
    try:
        with path.open("rb") as file:
            unpacked = cast(IO[bytes], gzip.GzipFile(fileobj=file)) if path.suffix == ".gz" else file
            return _array(unpacked, path, dimensions)
    except (OSError, EOFError, zlib.error) as error:
        raise GanError(f"{clean(path)} cannot be read: {clean(error)}.") from error


def _array(file: IO[bytes], path: Path, dimensions: int) -> np.ndarray:
    start = 4 + 4 * dimensions
    head = file.read(start)
    if len(head) < start or head[:4] != bytes([0, 0, 8, dimensions]):
        raise GanError(f"{clean(path)} is no IDX file of bytes in {dimensions} dimensions.")
    shape = struct.unpack(f">{dimensions}I", head[4:])
    count = int(np.prod(shape, dtype=object))
    data = _at_most(file, count + 1)
    if len(data) != count:
        size = f"only {len(data)}" if len(data) < count else "more"
        raise GanError(f"{clean(path)} should hold {'x'.join(map(str, shape))} bytes; it holds {size}.")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _at_most(file: IO[bytes], most: int) -> bytearray:
    """The bytes of a file, at most `most` of them."""
    # In steps, so that a wrong header takes no more memory than the file has bytes.
    data = bytearray()
    while len(data) < most and (part := file.read(min(STEP, most - len(data)))):
        data += part
    return data


def _labels(path: Path, count: int) -> tuple[np.ndarray, tuple[str, ...]]:
    numbers = read(path, LABELS)
    if len(numbers) != count:
        raise GanError(f"{clean(path)} has {len(numbers)} labels for {count} images.")
    return labelled([str(number) for number in numbers.tolist()])


def _images_in(path: Path) -> list[Path]:
    try:
        candidates = [path] if path.is_file() else sorted(path.iterdir()) if path.is_dir() else []
    except OSError:
        return []
    return [file for file in candidates if "idx3-ubyte" in file.name and file.suffix in {"", ".gz"} and file.is_file()]
