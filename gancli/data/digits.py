"""The dataset that needs no files: digits in ten classes, drawn when they are loaded."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from gancli.data.dataset import Dataset
from gancli.data.records import Records, Whole, digest_of
from gancli.data.strokes import draw_digits


def half(width: Any) -> Any:
    """The width of networks for digits: half of that for photographs, but at least 16, or the width if it is less."""
    return max(width // 2, min(width, 16)) if isinstance(width, int) else width


class Digits(Dataset):
    """Handwriting-like digits of any size, in gray, colour, or colour and alpha; always the same for one seed."""

    suggests: ClassVar = {"steps": 3000, "arch.width": half}

    count: int = Field(10_000, ge=10, le=10_000_000, description="How many are drawn.")
    seed: int = Field(0, ge=0, description="Seed of the drawing.")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """False: digits are chosen by name."""
        return False

    def open(self) -> Records:
        """The listing of `count` images of `size` (28 if unset), with `channels` (1 for `auto`)."""
        height, width = self.size or (28, 28)
        channels = 1 if self.channels == "auto" else self.channels
        pixels, labels = draw_digits(self.count, height, width, channels, self.seed)
        drawn = digest_of("digits", pixels.shape, self.seed)
        return Whole(pixels, labels.astype(np.int64), tuple("0123456789"), drawn, rows=False)
