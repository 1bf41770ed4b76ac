"""A .tar, compressed or not: its members, and their bytes, which are read in place."""

import tarfile
import zlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, Any, ClassVar, NamedTuple

from gancli.base.text import clean
from gancli.data.records import MOST_BYTES, Unfit

try:
    from lzma import LZMAError
except ImportError:  # a Python that was built without it opens no .xz
    LZMAError = OSError  # type: ignore[misc, assignment]

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
FAULTS = (OSError, EOFError, ValueError, tarfile.TarError, zlib.error, LZMAError)


class Member(NamedTuple):
    """A file in an archive: its name, its size in bytes, its place in the archive, and why it cannot be read, if so."""

    name: str
    size: int
    place: Any
    fault: str | None = None


class Tarball:
    """The archive at a path; it pickles, and is opened anew in another process.

    suffixes: how the names of such archives end.
    anywhere: whether members can be read in any order at little cost; a compressed one is read from its beginning.
    """

    suffixes: ClassVar = SUFFIXES

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self.anywhere = not file.read(6).startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ"))

    def members(self) -> Iterator[Member]:
        """Every file in the archive, in its order; raises Unfit where it is not a tar.

        The last member of a damaged archive has the damage as its fault.
        """
        try:
            archive = tarfile.open(self.path)  # noqa: SIM115
        except FAULTS as error:
            raise Unfit(f"no tar, or damaged ({clean(error)[:60]})") from error
        with archive:
            try:
                for info in archive:
                    if info.isdir():
                        continue
                    plain = info.isreg() and not info.issparse()
                    yield Member(info.name, info.size, info.offset_data, None if plain else "no plain file")
            except FAULTS as error:
                yield Member(self.path.name, 0, 0, f"archive cut off or damaged ({clean(error)[:60]})")

    def read(self, offset: int, size: int) -> bytes:
        """The bytes of a member; raises Unfit where some are missing, or where there are more than MOST_BYTES."""
        if size > MOST_BYTES:
            raise Unfit("file too large")
        self._opened.seek(offset)
        data = self._opened.read(size)
        if len(data) < size:
            raise Unfit("cut off")
        return data

    def close(self) -> None:
        """Close the file; the next read opens it again."""
        if opened := self.__dict__.pop("_opened", None):
            opened.close()

    @cached_property
    def _opened(self) -> IO[bytes]:
        if self.anywhere:
            return self.path.open("rb")
        # tarfile is not needed here: the listing has the offsets of members in the decompressed bytes.
        import bz2
        import gzip
        import lzma

        opener: Any = {b"\x1f\x8b": gzip, b"BZ": bz2, b"\xfd7": lzma}[self.path.open("rb").read(2)]
        return opener.open(self.path)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_opened"}
