"""Images in files of numpy, with or without labels."""

from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic import Field

from gancli.base.errors import GanError
from gancli.base.text import clean
from gancli.data.dataset import Dataset
from gancli.data.fields import Layout
from gancli.data.records import Records, Whole, digest_of, file_mark, labelled, nothing_in

IMAGE_KEYS = ("images", "x", "x_train", "data", "arr_0")
LABEL_KEYS = ("labels", "y", "y_train", "arr_1")
AXES = {"NHW": (0, 1, 2), "HWN": (2, 0, 1), "NHWC": (0, 1, 2, 3), "NCHW": (0, 2, 3, 1), "HWCN": (3, 0, 1, 2)}
CHANNELS = frozenset({1, 3, 4})
MOST_CLASSES = 100_000


class Arrays(Dataset):
    """A `.npy`, or a `.npz` with `images` and perhaps `labels`: (N, H, W), (N, H, W, C), (N, C, H, W), (H, W, N) or
    (H, W, C, N), of bytes, 16-bit numbers, or floats in [0, 1], [-1, 1] or [0, 255]; --range gives another range."""

    suffixes: ClassVar = (".npy", ".npz")

    layout: Layout = Field("auto", description="Order of the axes; default: what the shape allows.")

    def open(self) -> Records:
        """The listing of the images, and the labels as classes in sorted order; raises GanError."""
        arrays = _read(self.path)
        images, values = _first(arrays, IMAGE_KEYS), _first(arrays, LABEL_KEYS)
        if images is None:
            names = f": there are {', '.join(map(clean, list(arrays)[:8]))}" if arrays else ""
            raise GanError(f"{clean(self.path)} has no array named images or x{names}.")
        layout = _layout(images.shape, self.layout, 0 if values is None else values.size, self.path)
        images = images.transpose(AXES[layout])
        if not images.size:
            raise nothing_in(self.path)
        labels, classes = _labels(values, len(images), self.path)
        mark = digest_of(str(self.path.resolve()), file_mark(self.path), layout)
        records = Whole(images, labels, classes, mark)
        if self.range is None:
            records.range = _range(images, self.path)
        return records


def _read(path: Path) -> dict[str, np.ndarray]:
    """The arrays in a file, by name; that of a .npy is a memory map. Raises GanError."""
    try:
        # Python objects in an array would have to be unpickled, which runs code.
        loaded = np.load(path, allow_pickle=False, mmap_mode="r" if path.suffix.lower() == ".npy" else None)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            return {"images": loaded}
        with loaded:
            return {name: loaded[name] for name in loaded.files if name in {*IMAGE_KEYS, *LABEL_KEYS}} or dict.fromkeys(
                loaded.files, np.empty(0)
            )
    # numpy parses headers with Python's own parser, which raises errors of many types for damaged ones.
    except Exception as error:
        raise GanError(f"{clean(path)} cannot be read as a numpy file: {clean(error)}.") from error


def _first(arrays: dict[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray | None:
    return next((arrays[name] for name in names if name in arrays), None)


def _layout(shape: tuple[int, ...], option: str, labels: int, path: Path) -> str:
    """The order of the axes: the option, or for `auto` the only one that fits the shape; raises GanError."""
    fitting = [name for name in AXES if len(name) == len(shape) and _fits(name, shape, labels)]
    if option != "auto":
        if len(option) != len(shape):
            raise GanError(f"{clean(path)} has the shape {shape}: that is not {option}.")
        return option
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise GanError(
            f"{clean(path)} has the shape {shape}, which may be {' or '.join(fitting)}.",
            f"Say which: --layout {fitting[0]}.",
        )
    raise GanError(
        f"{clean(path)} holds an array of shape {shape}.",
        "Images are (N, H, W), (N, H, W, C), (N, C, H, W) or (H, W, N), with 1, 3 or 4 channels.",
    )


def _fits(layout: str, shape: tuple[int, ...], labels: int) -> bool:
    """Whether a shape may have this layout: it has 1, 3 or 4 channels, and as many labels as images. Without labels and
    channels, images have to be square, or many more than they have rows."""
    axes = dict(zip(layout, shape, strict=True))
    count, height, width = (axes[axis] for axis in "NHW")
    if "C" in axes:
        return axes["C"] in CHANNELS and (not labels or labels == count) and min(height, width) not in CHANNELS
    return labels == count if labels else height == width or count >= 4 * max(height, width)


def _range(images: np.ndarray, path: Path) -> tuple[float, float] | None:
    """The numbers for black and white in an array, by its values; None for bytes. Raises GanError."""
    if images.dtype == np.uint8:
        return None
    if images.dtype.kind not in "fiub":
        raise GanError(f"{clean(path)} holds {clean(images.dtype)}, not numbers.")
    if images.dtype.kind == "b":
        return 0.0, 1.0
    low, high = float(images.min()), float(images.max())
    whole = images.dtype.kind in "iu"
    spans = ((0.0, 255.0), (0.0, 65535.0)) if whole else ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
    for span in spans:
        if span[0] <= low and high <= span[1]:
            return span
    raise GanError(
        f"{clean(path)} holds values from {low:g} to {high:g}.",
        f"Say which are black and white: --range {low:g},{high:g}.",
    )


def _labels(values: np.ndarray | None, count: int, path: Path) -> tuple[np.ndarray | None, tuple[str, ...]]:
    if values is None:
        return None, ()
    if values.shape not in {(count,), (count, 1)}:
        raise GanError(f"{clean(path)} has labels of shape {values.shape} for {count} images.")
    different, numbers = np.unique(values.reshape(-1), return_inverse=True)
    if len(different) > MOST_CLASSES:
        raise GanError(f"{clean(path)} has {len(different):,} different labels: they are no classes.")
    ranks, classes = labelled([_word(name) for name in different.tolist()])
    return ranks[numbers.reshape(-1)], classes


def _word(label: object) -> str:
    """A label as text: 3 rather than 3.0, and bytes decoded."""
    if isinstance(label, bytes):
        return label.decode("utf-8", "replace")
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)
