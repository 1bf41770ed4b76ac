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

SEARCHED = 20_000  # names that are read before a folder is held to have no image in it


class Folder(Dataset):
    """Images in any format that Pillow reads, however deep; where every image lies in a sub-folder, the first level
    on which folders part are the classes. Of folders called train and test, train is taken."""

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether it is an image file, or one lies somewhere below."""
        if path.is_file():
            return unwanted((path.name,)) is None
        return path.is_dir() and any(unwanted(parts) is None for parts, _ in islice(_walk(path), SEARCHED))

    def open(self) -> Records:
        """The image files below the folder, in the order of their names; or the one file."""
        if self.path.is_file():
            return Files(self.path.parent, [(self.path.name,)], None, ())
        if not self.path.is_dir():
            raise GanError(f"{self.path} is no folder.")
        return Files.below(self.path)


class Files(Records):
    """Image files, given by the parts of their paths below a folder."""

    def __init__(
        self, root: Path, paths: list[tuple[str, ...]], labels: np.ndarray | None, classes: tuple[str, ...]
    ) -> None:
        self.root, self.paths, self.labels, self.classes = root, paths, labels, classes

    @classmethod
    def below(cls, root: Path) -> "Files":
        """All image files below a folder; raises GanError where there is none."""
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

    Links to folders are followed, but not into a folder that leads here.
    """
    try:
        state = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield parts or (folder.name,), "folder not readable" if isinstance(error, PermissionError) else "folder missing"
        return
    here = (state.st_dev, state.st_ino)
    if here in above:
        yield parts, "link that leads back"
        return
    for entry in entries:
        path = (*parts, entry.name)
        if _is_folder(entry):
            if entry.name.startswith(".") or entry.name in HIDDEN_FOLDERS:
                yield path, None
            else:
                yield from _walk(folder / entry.name, path, (*above, here))
        else:
            yield path, None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
