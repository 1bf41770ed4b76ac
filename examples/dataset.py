"""A dataset in one file: the binary version of CIFAR-10, a label byte and 3,072 bytes of pixels an image.

It is shown on digits, which are first written in that format:

    python examples/dataset.py [STEPS]

With the files from https://www.cs.toronto.edu/~kriz/cifar.html it reads CIFAR itself.
"""

import sys
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import numpy as np

from gancli import Dataset, Digits, GanError, Records, Trainer, digest_of, file_mark, labelled, register

BYTES = 1 + 3 * 32 * 32


class CifarBinary(Dataset):
    """A .bin of CIFAR-10."""

    suffixes: ClassVar = (".bin",)

    def open(self) -> Records:
        if self.path.stat().st_size % BYTES:
            raise GanError(f"{self.path} is not of {BYTES} bytes an image.")
        return Binary(self.path)


class Binary(Records):
    """Sent to other processes: it holds the path, and maps the file where its pictures are wanted."""

    def __init__(self, path: Path) -> None:
        self.path, self.fingerprint = path, digest_of(str(path.resolve()), file_mark(path))
        self.labels, self.classes = labelled([str(label) for label in self._rows[:, 0]])

    @cached_property
    def _rows(self) -> np.ndarray:
        return np.memmap(self.path, np.uint8, "r").reshape(-1, BYTES)

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "_rows"}

    def __len__(self) -> int:
        return len(self._rows)

    def picture(self, number: int) -> np.ndarray:
        """(32, 32, 3); Pillow images will do as well."""
        return self._rows[number, 1:].reshape(3, 32, 32).transpose(1, 2, 0)


def written(path: Path) -> Path:
    """Digits in CIFAR's format."""
    digits = Digits(name="digits", count=400, size=(32, 32), channels=3).load()
    assert digits.labels is not None
    rows = np.concatenate([digits.labels[:, None], digits.pixels[:].reshape(-1, BYTES - 1)], axis=1)
    path.write_bytes(rows.astype(np.uint8).tobytes())
    return path


def main(steps: int) -> None:
    register("dataset", "cifar-binary", CifarBinary)
    with TemporaryDirectory() as folder:
        source = written(Path(folder) / "data_batch_1.bin")
        trainer = Trainer.of({"data": str(source), "arch.width": 4, "conditional": True, "steps": steps})
        print(f"{len(trainer.data):,} images, {trainer.data.spec}")
        for tick in trainer:
            print(tick.step, {name: round(tick.statistics[name], 3) for name in ("loss_D", "loss_G")})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
