"""Rows of a table as pictures: which column has the images, which the classes."""

from pathlib import Path
from typing import Any

import datasets
import numpy as np
from PIL import Image

from gancli import (
    LABEL_KEYS,
    GanError,
    Records,
    Skipped,
    Unfit,
    clean,
    digest_of,
    file_mark,
    labelled,
    nothing_in,
    open_picture,
)

ENCODED = ("binary", "large_binary", "binary_view")


class Rows(Records):
    """The images of a column, as the bytes of their files; `numbers` are the rows that are used."""

    def __init__(self, table: datasets.Dataset, column: str, numbers: np.ndarray, fingerprint: str) -> None:
        self.table, self.column, self.numbers, self.fingerprint = table, column, numbers, fingerprint

    @classmethod
    def of(cls, table: datasets.Dataset, image: str, label: str, source: str) -> "Rows":
        """The rows of a table; where some have a class, those without are left out; raises GanError."""
        column = image or _image_column(table.features, source)
        of_label = label or _label_column(table.features)
        for each in filter(None, (column, of_label)):
            if each not in table.features:
                raise GanError(f"{clean(source)} has no column {clean(each)}, only {_names(table.features)}.")
        words = _words(table, of_label) if of_label else [None] * len(table)
        some = any(word is not None for word in words)
        numbers = np.array([at for at, word in enumerate(words) if word is not None or not some], np.int64)
        if not len(numbers):
            raise nothing_in(source)
        files = [file_mark(Path(each["filename"])) for each in table.cache_files]
        rows = cls(_undecoded(table, column), column, numbers, digest_of(files, str(table.split), column, of_label))
        if some:
            rows.labels, rows.classes = labelled([words[at] or "" for at in numbers])
            rows.skipped = [Skipped(f"row {at}", "no label") for at, word in enumerate(words) if word is None]
        return rows

    def __len__(self) -> int:
        return len(self.numbers)

    def picture(self, number: int) -> Image.Image:
        data, path = self._held(number)
        if data is not None:
            return open_picture(data)
        if path is None or not Path(path).is_file():
            raise Unfit("missing" if path else "no image in the row")
        return open_picture(Path(path))

    def name(self, number: int) -> str:
        return self._held(number)[1] or f"row {self.numbers[number]}"

    def _held(self, number: int) -> tuple[bytes | None, str | None]:
        """The bytes of a picture's file, and its path, either where the row has it."""
        held = self.table[int(self.numbers[number])][self.column]
        return (held.get("bytes"), held.get("path")) if isinstance(held, dict) else (held, None)


def _undecoded(table: datasets.Dataset, column: str) -> datasets.Dataset:
    """The column alone, its images as bytes: what decodes them here is gan's own choice of formats."""
    alone = table.select_columns([column])
    if _is_image(alone.features[column]):
        return alone.cast_column(column, datasets.Image(decode=False))
    return alone


def _image_column(features: datasets.Features, source: str) -> str:
    """The first column of images, or of what may be the bytes of their files."""
    for holds in (_is_image, _holds_bytes):
        for name, feature in features.items():
            if holds(feature):
                return str(name)
    raise GanError(f"{clean(source)} has no column of images, only {_names(features)}.", "Say which: --image COLUMN.")


def _is_image(feature: Any) -> bool:
    return isinstance(feature, datasets.Image)


def _holds_bytes(feature: Any) -> bool:
    inner = feature.get("bytes") if isinstance(feature, dict) else feature
    return isinstance(inner, datasets.Value) and inner.dtype in ENCODED


def _label_column(features: datasets.Features) -> str | None:
    """The column of a usual name, or the first of classes."""
    usual = [name for key in LABEL_KEYS for name in features if name.lower() == key and _is_word(features[name])]
    return next(iter([*usual, *(name for name in features if isinstance(features[name], datasets.ClassLabel))]), None)


def _is_word(feature: Any) -> bool:
    kind = feature.dtype if isinstance(feature, datasets.Value | datasets.ClassLabel) else ""
    return kind.startswith(("int", "uint", "bool", "string", "large_string"))


def _words(table: datasets.Dataset, column: str) -> list[str | None]:
    """The class of every row as a word, None where there is none."""
    feature, values = table.features[column], table.select_columns([column])[:][column]
    if isinstance(feature, datasets.ClassLabel):
        names = feature.names
        return [names[at] if at is not None and 0 <= at < len(names) else None for at in values]
    if not _is_word(feature):
        raise GanError(f"Column {clean(column)} holds no classes, but {clean(feature)[:80]}.")
    return [None if value is None or value == "" else str(value) for value in values]


def _names(features: datasets.Features) -> str:
    return clean(", ".join(features))[:200]
