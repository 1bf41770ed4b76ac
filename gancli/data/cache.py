"""Decoded images on disk, each set in a folder under its key: whole or not there, whoever builds it, however it ends.

A folder `<key>` holds `about.json` and, unless it only says which pictures are good, `pixels`, raw bytes. It is built
as `<key>.tmp` under the lock `<key>.lock`, and renamed when all is written; the lock ends with its process.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np

from gancli.base.files import sync
from gancli.base.text import clean

FORMAT = 1
OTHERS = {"extractors": "weights of extractors", "references": "features of real images"}
"""Folders of the cache that hold no pictures, and what they hold."""
ABOUT, PIXELS, BUILDING, LOCK = "about.json", "pixels", ".tmp", ".lock"
KEY = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class About:
    """What is known of a prepared set: shape (N, C, H, W), the skipped by their position, a digest of the pixels."""

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
    if told := os.environ.get("GAN_CACHE"):
        return Path(told).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gancli"


def find(key: str) -> About | None:
    """What the cache holds under a key; None where there is nothing whole."""
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

    Where there are no locks a build is still safe: what is renamed last is whole too.
    """
    with suppress(OSError):
        home().mkdir(parents=True, exist_ok=True)
    path = home() / (key + LOCK)
    try:
        handle = _lock(path, wait=False)
    except BlockingIOError:
        if busy is None:
            yield False
            return
        busy()
        handle = _lock(path, wait=True)
    try:
        yield True
    finally:
        if handle is not None:
            path.unlink(missing_ok=True)
            handle.close()


class Writer:
    """Writes one set under its key; where the disk refuses, `fault` says why and the pixels are not kept."""

    def __init__(self, key: str, *, keep: bool) -> None:
        self.place, self.folder = home() / key, home() / (key + BUILDING)
        self.fault: str | None = None
        self._file: IO[bytes] | None = None
        self._attempt(lambda: self._begin(keep))

    def add(self, images: np.ndarray) -> None:
        """Append images (n, C, H, W)."""
        if self._file is not None:
            file = self._file
            self._attempt(lambda: file.write(images.tobytes()))

    def finish(self, about: About) -> About:
        """Make the set findable; returns what is known of it, `kept` only if it is."""
        self._attempt(self._close)
        about = About(**{**asdict(about), "kept": about.kept and self.fault is None})
        if self.fault is None:
            self._attempt(lambda: self._settle(about))
        return about if self.fault is None else About(**{**asdict(about), "kept": False})

    def _begin(self, keep: bool) -> None:
        # Under the lock, what is there was left behind by a build that was ended.
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        if keep:
            self._file = (self.folder / PIXELS).open("wb")

    def _close(self) -> None:
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def _settle(self, about: About) -> None:
        (self.folder / ABOUT).write_text(json.dumps({"format": FORMAT, **asdict(about)}))
        sync(self.folder / ABOUT)
        shutil.rmtree(self.place, ignore_errors=True)
        self.folder.rename(self.place)
        sync(self.place.parent)

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
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.abandon()


@dataclass(frozen=True)
class Entry:
    """One folder of the cache, whole or not, with its bytes on disk and the time it was last used."""

    key: str
    about: About | None
    size: int
    used: float


def entries() -> list[Entry]:
    """All folders of the cache, the one used last first; what somebody else keeps beside them is left alone."""
    found = []
    for folder in home().iterdir() if home().is_dir() else ():
        key = folder.name.removesuffix(BUILDING)
        if folder.is_dir() and (KEY.fullmatch(key) or folder.name in OTHERS):
            size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
            found.append(Entry(key, _read(folder), size, folder.stat().st_mtime))
    return sorted(found, key=lambda entry: -entry.used)


def clear() -> tuple[int, int]:
    """Delete what no process is building; returns the bytes freed and how many folders were in use."""
    freed = busy = 0
    for entry in entries():
        with locked(entry.key) as free:
            if not free:
                busy += 1
                continue
            for folder in (home() / entry.key, home() / (entry.key + BUILDING)):
                shutil.rmtree(folder, ignore_errors=True)
            freed += entry.size
    return freed, busy


def _read(folder: Path) -> About | None:
    try:
        told = json.loads((folder / ABOUT).read_text())
        skipped = tuple((int(at), clean(why)) for at, why in told["skipped"])
        count, channels, height, width = map(int, told["shape"])
        about = About(
            str(told["source"]), (count, channels, height, width), skipped, str(told["digest"]), bool(told["kept"])
        )
        whole = not about.kept or (folder / PIXELS).stat().st_size == about.size
        return about if whole and told["format"] == FORMAT and not folder.name.endswith(BUILDING) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _lock(path: Path, *, wait: bool) -> IO[bytes] | None:
    """The lock file, locked; None where there are no locks. Raises BlockingIOError rather than wait, unless told to."""
    try:
        import fcntl

        while True:
            handle = path.open("ab")
            try:
                fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Whoever had the lock deletes the file at the end: then the lock is of no file, or of another one.
                if path.stat().st_ino == os.fstat(handle.fileno()).st_ino:
                    return handle
            except FileNotFoundError:
                pass
            except OSError:
                handle.close()
                raise
            handle.close()
    except BlockingIOError:
        raise
    except (OSError, ImportError):
        return None
