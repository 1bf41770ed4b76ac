"""A table of image files and their labels: CSV, TSV or JSON lines."""

import csv
import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any, ClassVar

from gancli.base.errors import GanError
from gancli.base.text import clean
from gancli.data.dataset import Dataset
from gancli.data.folder import Files
from gancli.data.images import Skipped
from gancli.data.records import LABEL_KEYS, Records, digest_of, file_mark, labelled, nothing_in

FILE_KEYS = ("file", "file_name", "filename", "image", "path", "image_id", "image_path", "img")
csv.field_size_limit(1 << 20)


class Table(Dataset):
    """A .csv, .tsv or .jsonl whose lines name a file, relative to the folder of the table, and perhaps a label."""

    suffixes: ClassVar = (".csv", ".tsv", ".jsonl")

    def open(self) -> Records:
        """The listing of the files, in the order of the table; where some have a label, those without are left out."""
        path = self.path
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                lines = _json_lines(file) if path.suffix.lower() == ".jsonl" else _table_lines(file)
                rows = list(_rows(lines, path))
        except (OSError, UnicodeDecodeError, ValueError, csv.Error, RecursionError) as error:
            raise GanError(f"{clean(path)} cannot be read as a table: {clean(error)}.") from error
        return Listed.of(path, rows)


class Listed(Files):
    """The image files that a table names."""

    table: Path

    @classmethod
    def of(cls, path: Path, rows: list[tuple[str, str]]) -> "Listed":
        """The listing of the files in (name, label) rows; raises GanError where there is none."""
        has_labels = any(label for _, label in rows)
        usable = [(name, label) for name, label in rows if name and (label or not has_labels)]
        if not usable:
            raise nothing_in(path)
        labels = labelled([label for _, label in usable]) if has_labels else (None, ())
        files = cls(path.parent, [(name,) for name, _ in usable], *labels)
        files.table = path
        files.skipped = [Skipped(name, "no label" if name else "no file") for name, label in rows
                         if not name or (has_labels and not label)]  # fmt: skip
        return files

    @cached_property
    def fingerprint(self) -> str:
        return digest_of(file_mark(self.table), super().fingerprint)


def _table_lines(file: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The rows of a table, by lower-case column; without a header the columns are the file and the label."""
    lines = iter(file)
    first = list(islice(lines, 5))
    head = "".join(first[:1])
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(chain(first, lines), delimiter=delimiter, strict=True)
    columns = [cell.strip().lower() for cell in next(reader, [])]
    if not set(columns) & set(FILE_KEYS):
        yield dict(zip(("file", "label"), next(csv.reader(first, delimiter=delimiter), []), strict=False))
        columns = ["file", "label"]
    for row in reader:
        if row:
            yield dict(zip(columns, row, strict=False))


def _json_lines(file: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in file:
        if line.strip():
            row = json.loads(line)
            yield {str(key).lower(): value for key, value in row.items()} if isinstance(row, dict) else {}


def _rows(lines: Iterable[dict[str, Any]], path: Path) -> Iterator[tuple[str, str]]:
    """File and label of each line, empty where one is missing; raises GanError where no column names files."""
    for row in lines:
        name = next((row[key] for key in FILE_KEYS if key in row), None)
        if name is None:
            raise GanError(
                f"{clean(path)} has no column that names files: there are {clean(', '.join(map(str, row))[:200])}.",
                f"Call it {' or '.join(FILE_KEYS[:3])}, and that of the labels {LABEL_KEYS[0]}.",
            )
        label = next((row[key] for key in LABEL_KEYS if row.get(key) is not None), "")
        yield str(name).strip(), str(label).strip()
