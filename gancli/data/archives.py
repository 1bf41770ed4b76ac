"""A .zip or .tar of images, read in place: nothing is extracted, and no name in it becomes a path."""

import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np
from PIL import Image

from gancli.base.errors import GanError
from gancli.base.text import clean
from gancli.data import tarball
from gancli.data.dataset import Dataset
from gancli.data.images import Skipped
from gancli.data.names import classes_of, training_part, unwanted
from gancli.data.records import MOST_BYTES, Records, Unfit, check_bytes, digest_of, file_mark, nothing_in, open_picture
from gancli.data.tarball import Member, Tarball

HEADER = struct.Struct("<26x2H")  # of a member in a zip: the lengths of its name and extra field
FAULTS = (*tarball.FAULTS, zipfile.BadZipFile, NotImplementedError)


class Packed(Records):
    """The images in an archive; a subclass lists the members and reads one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        listed: list[tuple[tuple[str, ...], Member]] = []
        ignored, skipped = Counter[str](), []
        for member in self._members():
            parts = tuple(part for part in member.name.replace("\\", "/").split("/") if part not in {"", "."})
            kind = unwanted(parts) if parts else "folder"
            fault = "name that leaves the archive" if ".." in parts else member.fault
            if fault:
                skipped.append(Skipped(member.name, fault))
            elif kind is not None:
                ignored[kind] += 1
            else:
                listed.append((parts, member))
        if not listed:
            raise nothing_in(path)
        listed.sort(key=lambda pair: pair[0])
        self.ignored, self.skipped = ignored, skipped
        self._choose([parts for parts, _ in listed], [member for _, member in listed])

    def _choose(self, paths: list[tuple[str, ...]], members: list[Member]) -> None:
        """Keep the members to train on, with their labels; both lists are in the same order."""
        chosen, self.notes = training_part(paths)
        self.members = [members[number] for number in chosen]
        self.labels, self.classes = classes_of([paths[number] for number in chosen])

    def __len__(self) -> int:
        return len(self.members)

    def name(self, number: int) -> str:
        return self.members[number].name

    @cached_property
    def fingerprint(self) -> str:
        return digest_of(str(self.path.resolve()), file_mark(self.path), self.members)

    def picture(self, number: int) -> Image.Image:
        member = self.members[number]
        check_bytes(member.size)
        return open_picture(self._read(member))

    def __getstate__(self) -> dict[str, Any]:
        # An open file is opened anew in another process.
        return {name: value for name, value in self.__dict__.items() if name != "_opened"}

    def _members(self) -> Iterable[Member]:
        raise NotImplementedError

    def _read(self, member: Member) -> bytes:
        raise NotImplementedError


class Zip(Dataset):
    """Images in a .zip, flat or with one folder a class."""

    suffixes: ClassVar = (".zip",)

    def open(self) -> Records:
        """The listing of the images in the archive, in the order of their names."""
        return _listed(Zipped, self.path)


class Tar(Dataset):
    """Images in a .tar, compressed or not, flat or with one folder a class."""

    suffixes: ClassVar = tarball.SUFFIXES

    def open(self) -> Records:
        """The listing of the images, in the order of their names, or of the archive where it is compressed."""
        return _listed(Tarred, self.path)


def _listed(kind: type[Packed], path: Path) -> Records:
    try:
        return kind(path)
    except FAULTS as error:
        raise GanError(f"{clean(path)} cannot be read as an archive: {clean(error) or 'it is damaged'}.") from error


class Zipped(Packed):
    """The images in a zip, read at the offsets that its directory gives; only the listing parses the directory."""

    @cached_property
    def _opened(self) -> IO[bytes]:
        return self.path.open("rb")

    def _members(self) -> Iterator[Member]:
        with zipfile.ZipFile(self.path) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    place = (info.header_offset, info.compress_size, info.compress_type, info.CRC)
                    yield Member(info.filename, info.file_size, place, _zip_fault(info))

    def _read(self, member: Member) -> bytes:
        offset, packed, kind, checksum = member.place
        self._opened.seek(offset)
        name, extra = HEADER.unpack(self._opened.read(HEADER.size))
        self._opened.seek(name + extra, 1)
        data = self._opened.read(min(packed, MOST_BYTES))
        if kind == zipfile.ZIP_DEFLATED:
            data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, member.size)
        if len(data) != member.size or zlib.crc32(data) != checksum:
            raise Unfit("damaged")
        return data


def _zip_fault(info: zipfile.ZipInfo) -> str | None:
    if info.flag_bits & 1:
        return "encrypted"
    return None if info.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} else "unusual compression"


class Tarred(Packed):
    """The images in a tar. A compressed one can be read only from its beginning, so it has to fit into the cache."""

    def __init__(self, path: Path) -> None:
        self.tarball = Tarball(path)
        self.anywhere = self.tarball.anywhere
        super().__init__(path)

    def _members(self) -> Iterator[Member]:
        return self.tarball.members()

    def _choose(self, paths: list[tuple[str, ...]], members: list[Member]) -> None:
        super()._choose(paths, members)
        if not self.anywhere:
            order = np.argsort([member.place for member in self.members], kind="stable")
            self.members = [self.members[number] for number in order]
            self.labels = None if self.labels is None else self.labels[order]

    def _read(self, member: Member) -> bytes:
        return self.tarball.read(member.place, member.size)
