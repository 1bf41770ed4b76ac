"""Decoded images on disk, each set in a folder under its key: whole or not there, whoever builds it, however it ends.

A folder `<key>` holds `about.json` and, unless it only says which pictures are good, `pixels`, raw bytes. It is built
under the lock `<key>.lock` in a folder of the builder's own, and renamed when all is written; the lock ends with its
process. Where there are no locks several may build at once, and the first one's set is everybody's.
"""

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np

from gancli.base import files, locks
from gancli.base.locks import FileLock
from gancli.base.moved import keep_old_names
from gancli.base.text import clean

FORMAT = 1
OTHERS = {"extractors": "weights of extractors", "references": "features of real images"}
"""Folders of the cache that hold no pictures, and what they hold."""
ABOUT, PIXELS, LOCK = "about.json", "pixels", ".lock"
KEY = re.compile("[0-9a-f]{32}")
STALE = 3600.0  # seconds without a write after which nobody builds, where no lock tells


@dataclass(frozen=True)
class About:
    """What is known of a prepared set: shape (N, C, H, W), the skipped by their position, a digest of the pixels.

    The digest is empty where the pictures have not been read.
    """

    source: str
    shape: tuple[int, int, int, int]
    skipped: tuple[tuple[int, str], ...]
    digest: str
    kept: bool

    @property
    def size(self) -> int:
        """Bytes of the pixels."""
        return int(np.prod(self.shape, dtype=object))


def home() -> Path:
    """The folder of the cache: what GAN_CACHE says, or `gancli` where a user's caches are."""
    if folder := os.environ.get("GAN_CACHE"):
        return Path(folder).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gancli"


def find(key: str) -> About | None:
    """What is known of the set under a key; None where no complete one is there."""
    about = _read(home() / key)
    if about is not None:
        with suppress(OSError):  # `gan data cache` tells when each was used last
            os.utime(home() / key)
    return about


def pixels(key: str, about: About) -> np.ndarray:
    """The pixels, a memory map; copy-on-write, as torch asks for arrays that can be written."""
    return np.memmap(home() / key / PIXELS, np.uint8, "c", shape=about.shape)


@contextmanager
def locked(key: str, busy: Callable[[], None] | None = None) -> Iterator[bool]:
    """Hold the lock of a key. Where another process has it, call `busy` and wait, or yield False without `busy`.

    Where there are no locks a build is still safe: each has a folder of its own.
    """
    try:
        lock = _hold(key, patience=0)
    except BlockingIOError:
        if busy is None:
            yield False
            return
        busy()
        lock = _hold(key, patience=None)
    try:
        for folder in _builds(key):
            # Under the lock, what is there was left behind by a build that was ended.
            if lock.works or not _is_in_use(folder):
                shutil.rmtree(folder, ignore_errors=True)
        yield True
    finally:
        with suppress(OSError):
            (home() / (key + LOCK)).unlink(missing_ok=True)
        lock.release()


class Writer:
    """Writes one set under its key; where the disk refuses, `fault` says why and the pixels are not kept."""

    def __init__(self, key: str, *, keep: bool) -> None:
        self.place = home() / key
        self.fault: str | None = None
        self._draft: files.Draft | None = None
        self._file: IO[bytes] | None = None
        self._attempt(lambda: self._begin(keep))

    def add(self, images: np.ndarray) -> None:
        """Append images (n, C, H, W)."""
        if self._file is not None:
            file = self._file
            self._attempt(lambda: file.write(images.tobytes()))

    def finish(self, about: About) -> About:
        """Make the set findable; returns what is known of it, `kept` only if it is."""
        self._attempt(lambda: self._settle(about))
        return about if self.fault is None else replace(about, kept=False)

    def _begin(self, keep: bool) -> None:
        self._draft = files.Draft(self.place)
        if keep:
            self._file = (self._draft.folder / PIXELS).open("wb")

    def _settle(self, about: About) -> None:
        assert self._draft is not None
        if self._file is not None:
            self._file.close()
        (self._draft.folder / ABOUT).write_text(json.dumps({"format": FORMAT, **asdict(about)}))
        if self._is_there(about):
            return
        try:
            self._draft.settle()
        except OSError:
            if not self._is_there(about):
                raise

    def _is_there(self, about: About) -> bool:
        """Whether another process has built as much meanwhile."""
        there = _read(self.place)
        return there is not None and there.kept >= about.kept

    def _attempt(self, action: Callable[[], object]) -> None:
        """Do it; a disk that is full or read-only ends the writing and frees what was written."""
        try:
            if self.fault is None:
                action()
        except OSError as error:
            self.fault = error.strerror or str(error)
            self.abandon()

    def abandon(self) -> None:
        """Leave nothing behind."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None
        if self._draft is not None:
            self._draft.discard()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.abandon()


@dataclass(frozen=True)
class CachedSet:
    """One folder of the cache, whole or not, with its bytes on disk and the time it was last used."""

    key: str
    about: About | None
    size: int
    used: float


def entries() -> list[CachedSet]:
    """All sets in the cache, the one used last first; other files in the folder are left out."""
    entries = []
    for folder in home().iterdir() if home().is_dir() else ():
        key = _key_of(folder)
        if folder.is_dir() and (KEY.fullmatch(key) or folder.name in OTHERS):
            entries.append(CachedSet(key, _read(folder), files.size_of(folder), files.changed(folder) / 1e9))
    return sorted(entries, key=lambda entry: -entry.used)


def clear() -> tuple[int, int]:
    """Delete what no process is building; returns the bytes freed and how many sets were in use."""
    before, busy = entries(), 0
    for key in sorted({entry.key for entry in before}):
        with locked(key) as free:
            if not free or _builds(key):
                busy += 1
                continue
            with suppress(OSError):
                files.delete_folder(home() / key)
    return sum(entry.size for entry in before) - sum(entry.size for entry in entries()), busy


def _hold(key: str, patience: float | None) -> FileLock:
    """The lock of a key; one that keeps nobody out where there are none. Raises BlockingIOError."""
    try:
        home().mkdir(parents=True, exist_ok=True)
        return locks.hold(home() / (key + LOCK), patience)
    except BlockingIOError:
        raise
    except OSError:
        return FileLock(None)


def _builds(key: str) -> list[Path]:
    """The folders in which a set is built, or was; version 0.1.0 had one for all."""
    old = home() / f"{key}{files.TEMPORARY}"
    return [*files.drafts(home() / key), *([old] if old.is_dir() else [])]


def _key_of(folder: Path) -> str:
    return files.drafted(folder) or folder.name.removesuffix(files.TEMPORARY)


def _is_in_use(folder: Path) -> bool:
    """Whether somebody may be building in a folder, where no lock tells."""
    written = max(map(files.changed, [folder, folder / PIXELS]))
    return time.time() - written / 1e9 < STALE


def _read(folder: Path) -> About | None:
    try:
        document = json.loads((folder / ABOUT).read_text())
        skipped = tuple((int(position), clean(why)) for position, why in document["skipped"])
        count, channels, height, width = map(int, document["shape"])
        about = About(
            str(document["source"]),
            (count, channels, height, width),
            skipped,
            str(document["digest"]),
            bool(document["kept"]),
        )
        whole = not about.kept or (folder / PIXELS).stat().st_size == about.size
        return about if whole and document["format"] == FORMAT and _key_of(folder) == folder.name else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


keep_old_names(globals())
