"""Going through shards once: which samples there are, where each image lies, and what cannot be used."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gancli import Skipped, Tarball, Unfit, digest_of, file_mark
from gancli_webdataset.samples import Wanted, samples


class Row(NamedTuple):
    """A sample: the number of its shard, its key, where its image lies and how long it is, and its class if any."""

    shard: int
    key: str
    at: int
    size: int
    label: str | None


@dataclass(frozen=True)
class Listing:
    """What is in some shards; the fingerprint changes with any of them, and with what is wanted of them."""

    tarballs: Sequence[Tarball]
    rows: Sequence[Row]
    skipped: Sequence[Skipped]
    fingerprint: str

    @classmethod
    def of(cls, paths: Sequence[Path], wanted: Wanted) -> "Listing":
        """Read the headers of all members; where some samples have a class, those that have none are left out."""
        skipped: list[Skipped] = []
        tarballs = [shard for path in paths if (shard := _opened(path, skipped))]
        rows = [row for number in range(len(tarballs)) for row in _rows(number, tarballs[number], wanted, skipped)]
        if any(row.label is not None for row in rows):
            skipped += [Skipped(name_of(tarballs[row.shard], row.key), "no label") for row in rows if row.label is None]
            rows = [row for row in rows if row.label is not None]
        marks = [(str(shard.path.resolve()), file_mark(shard.path)) for shard in tarballs]
        return cls(tarballs, rows, skipped, digest_of(marks, wanted))


def name_of(shard: Tarball, key: str) -> str:
    """What a user knows a sample as."""
    return f"{shard.path.name}/{key}"


def _opened(path: Path, skipped: list[Skipped]) -> Tarball | None:
    try:
        return Tarball(path)
    except OSError:
        skipped.append(Skipped(str(path), "not readable" if path.exists() else "missing"))
        return None


def _rows(number: int, shard: Tarball, wanted: Wanted, skipped: list[Skipped]) -> Iterator[Row]:
    """The samples of a shard that have what is wanted."""
    try:
        for sample in samples(shard.members()):
            try:
                image, label = wanted.image_of(sample), wanted.label_of(sample, shard)
                yield Row(number, sample.key, image.place, image.size, label)
            except Unfit as error:
                skipped.append(Skipped(name_of(shard, sample.key), str(error)))
    except Unfit as error:
        skipped.append(Skipped(shard.path.name, str(error)))
    finally:
        shard.close()
