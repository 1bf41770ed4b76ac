"""Images written to files as they are made, a chunk at a time: an array, a folder of pictures, or one picture."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from gancli.base.errors import UsageError
from gancli.base.files import replacing
from gancli.base.text import clean
from gancli.generation import pictures

Chunk = tuple[np.ndarray, np.ndarray | None]
"""Images, uint8 (n, C, H, W), and their classes, int64 (n,), or None where they have none."""
MOST_PIXELS = 178_956_970  # of a picture; programs take more for an attack, and Pillow opens none


def write(target: Path, chunks: Iterable[Chunk], count: int, columns: int) -> None:
    """Write so many images as an array (.npz), a grid, or a folder of PNGs where the target has no suffix.

    What is interrupted leaves no file that is not whole; raises GanError where something cannot be written.
    """
    if target.suffix.lower() == ".npz":
        _write_array(target, chunks, count)
    elif target.suffix:
        pictures.save(target, pictures.grid(joined(chunks), columns))
    else:
        _write_folder(target, chunks)


def joined(chunks: Iterable[Chunk]) -> np.ndarray:
    """All images, uint8 (N, C, H, W)."""
    return np.concatenate([pixels for pixels, _ in chunks])


def check_grid(name: object, shape: tuple[int, int, int], count: int, columns: int) -> None:
    """Raise UsageError where a grid of so many images (C, H, W) would be larger than what anybody opens."""
    _, height, width = shape
    across = min(columns, count)
    pixels = across * (width + pictures.GAP) * -(-count // across) * (height + pictures.GAP)
    if pixels > MOST_PIXELS:
        raise UsageError(
            f"{clean(name)} would have {pixels:,} pixels: that is no picture that opens.",
            "Give a smaller -n, or write an array (--out all.npz) or a folder.",
        )


def _write_array(target: Path, chunks: Iterable[Chunk], count: int) -> None:
    """`images`, and `labels` where there are classes, as `numpy.savez_compressed` has them."""
    with replacing(target) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        labels = _write_images(archive, chunks, count)
        if labels:
            with archive.open("labels.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.concatenate(labels), allow_pickle=False)


def _write_images(archive: zipfile.ZipFile, chunks: Iterable[Chunk], count: int) -> list[np.ndarray]:
    """Write the member of the images; returns the classes of each chunk that has some."""
    labels = []
    with archive.open("images.npy", "w", force_zip64=True) as member:
        for number, (pixels, classes) in enumerate(chunks):
            if number == 0:
                header = {"descr": "|u1", "fortran_order": False, "shape": (count, *pixels.shape[1:])}
                np.lib.format.write_array_header_1_0(member, header)
            member.write(np.ascontiguousarray(pixels).data)
            if classes is not None:
                labels.append(classes)
    return labels


def _write_folder(target: Path, chunks: Iterable[Chunk]) -> None:
    """A PNG an image, named by its number."""
    images = (image.transpose(1, 2, 0) for pixels, _ in chunks for image in pixels)
    pictures.save_each((target / f"{number:06d}.png", image) for number, image in enumerate(images))
