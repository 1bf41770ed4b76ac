"""A folder of images, flat or with one folder a class."""

import os
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from gancli.base.errors import GanError
from gancli.data.dataset import Dataset
from gancli.data.images import Skipped
from gancli.data.names import HIDDEN_FOLDERS, classes_of, training_part, unwanted
from gancli.data.records import Records, digest_of, file_mark, nothing_in, open_picture

SEARCHED = 20_000  # names that are read before a folder counts as one without images


class Folder(Dataset):
    """Images in any format that Pillow reads, at any depth. Where every image lies in a sub-folder, the folders of the
    first level with more than one are the classes. Of folders called train and test, only train is used."""

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether the path is an image file, or a folder with one at any depth."""
        if path.is_file():
            return unwanted((path.name,)) is None
        return path.is_dir() and any(unwanted(parts) is None for parts, _ in islice(_walk(path), SEARCHED))

    def open(self) -> Records:
        """The listing of the image files below the folder, in the order of their names; or of the one file."""
        if self.path.is_file():
            return Files(self.path.parent, [(self.path.name,)], None, ())
        if not self.path.is_dir():
            raise GanError(f"{self.path} is no folder.")
        return Files.below(self.path)


class Files(Records):
    """The listing of image files, by the parts of their paths below a folder."""

    def __init__(
        self, root: Path, paths: list[tuple[str, ...]], labels: np.ndarray | None, classes: tuple[str, ...]
    ) -> None:
        self.root, self.paths, self.labels, self.classes = root, paths, labels, classes

    @classmethod
    def below(cls, root: Path) -> "Files":
        """The listing of all image files below a folder; raises GanError where there is none."""
        paths: list[tuple[str, ...]] = []
        ignored, skipped = Counter[str](), []
        for parts, fault in _walk(root):
            kind = unwanted(parts) if fault is None else None
            if fault is not None:
                skipped.append(Skipped(str(Path(*parts)), fault))
            elif kind is not None:
                ignored[kind] += 1
            else:
                paths.append(parts)
        if not paths:
            raise nothing_in(root)
        chosen, notes = training_part(paths)
        paths = [paths[number] for number in chosen]
        files = cls(root, paths, *classes_of(paths))
        files.ignored, files.skipped, files.notes = ignored, skipped, notes
        return files

    def __len__(self) -> int:
        return len(self.paths)

    def picture(self, number: int) -> Image.Image:
        return open_picture(self._path(number))

    def name(self, number: int) -> str:
        return str(Path(*self.paths[number]))

    @cached_property
    def fingerprint(self) -> str:
        marks = (self._mark(number) for number in range(len(self)))
        return digest_of(str(self.root.resolve()), *marks, None if self.labels is None else self.labels.tobytes())

    def _mark(self, number: int) -> tuple[object, ...]:
        try:
            return self.paths[number], *file_mark(self._path(number))
        except (OSError, ValueError) as error:  # not there, or a name that no file can have
            return self.paths[number], type(error).__name__

    def _path(self, number: int) -> Path:
        return self.root.joinpath(*self.paths[number])


def _walk(
    folder: Path, parts: tuple[str, ...] = (), above: tuple[tuple[int, int], ...] = ()
) -> Iterator[tuple[tuple[str, ...], str | None]]:
    """Every file below, by the parts of its path, and every folder that cannot be entered, with the reason.

    Links to folders are followed, but not back into one of the folders `above`, by device and inode.
    """
    try:
        here, entries = _identity(folder), sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield parts or (folder.name,), "folder not readable" if isinstance(error, PermissionError) else "folder missing"
        return
    if here in above:
        yield parts, "link that leads back"
        return
    for entry in entries:
        path = (*parts, entry.name)
        if _is_folder(entry) and not _is_hidden(entry.name):
            yield from _walk(folder / entry.name, path, (*above, here))
        else:
            yield path, None


def _identity(folder: Path) -> tuple[int, int]:
    state = folder.stat()
    return state.st_dev, state.st_ino


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name in HIDDEN_FOLDERS


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
