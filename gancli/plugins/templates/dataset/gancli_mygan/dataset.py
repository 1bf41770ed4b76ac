"""The images of MyGAN: a .pictures file lists the paths of images, one a line, each followed by its class."""

from functools import cached_property
from pathlib import Path
from typing import ClassVar

from PIL import Image

from gancli import Dataset, Field, Records, digest_of, file_mark, labelled, open_picture


class MyGAN(Dataset):
    """A list of files with their classes."""

    suffixes: ClassVar = (".pictures",)

    separator: str = Field(" ", min_length=1, description="What stands between a path and its class.")

    def open(self) -> Records:
        """The images in the list."""
        return Listed(self.path, self.separator)


class Listed(Records):
    """Sent to other processes: it holds paths and numbers, and opens a file when its picture is wanted."""

    def __init__(self, path: Path, separator: str) -> None:
        lines = [line.rpartition(separator) for line in path.read_text(encoding="utf-8").splitlines() if line]
        self.files = [path.parent / name for name, _, _ in lines]
        self.labels, self.classes = labelled([label for _, _, label in lines])

    def __len__(self) -> int:
        return len(self.files)

    def picture(self, number: int) -> Image.Image:
        """The picture with that number, opened."""
        return open_picture(self.files[number])

    def name(self, number: int) -> str:
        """The path, as a user knows it."""
        return str(self.files[number])

    @cached_property
    def fingerprint(self) -> str:
        """Changes when a file does."""
        return digest_of([(str(file), file_mark(file)) for file in self.files], self.labels.tolist())
