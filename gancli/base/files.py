"""Files and folders that are whole or not there: each is made under a name of its own, and renamed when it is done."""

import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gancli.base.errors import GanError
from gancli.base.text import clean

TEMPORARY = ".tmp"
WINDOWS = os.name == "nt"
# What SMB, 9p and some FUSE file systems answer: they hold what is written when they do, and cannot be told to.
UNSYNCABLE = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF, errno.ENOSYS}


@contextmanager
def replacing(path: Path, *, synced: bool = True) -> Iterator[Path]:
    """Yield a temporary file beside `path` to write to, which then takes its place.

    Unless it is to be synced, a power cut right afterwards may lose it. Raises GanError where it cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=_prefix(path), suffix=TEMPORARY, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            temporary.chmod(0o666 & ~_UMASK)
            if synced:
                sync(temporary)
            temporary.replace(path)
            if synced:
                sync(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise GanError(f"{clean(path)} cannot be written: {error.strerror or error}.") from error


class Draft:
    """A new folder beside the place that it takes when it is settled; raises OSError where it cannot be made."""

    def __init__(self, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        self.place = place
        self.folder = Path(tempfile.mkdtemp(prefix=_prefix(place), suffix=TEMPORARY, dir=place.parent))

    def settle(self) -> None:
        """Take the place, instead of a folder that may be there; raises OSError where that fails."""
        for path in self.folder.iterdir():
            sync(path)
        self.folder.chmod(0o777 & ~_UMASK)
        delete_folder(self.place)
        self.folder.rename(self.place)
        sync(self.place.parent)

    def discard(self) -> None:
        """Leave nothing behind, unless it was settled."""
        shutil.rmtree(self.folder, ignore_errors=True)


def drafts(place: Path) -> list[Path]:
    """The unfinished folders for a place, of any process."""
    if not place.parent.is_dir():
        return []
    return [path for path in place.parent.iterdir() if path.is_dir() and drafted(path) == place.name[:48]]


def drafted(folder: Path) -> str | None:
    """The name of the place that an unfinished folder is for; None where the folder is no such one."""
    name = folder.name
    is_temporary = name.startswith(".") and name.endswith(TEMPORARY) and name.count(".") >= 3
    return name[1:].removesuffix(TEMPORARY).rpartition(".")[0] if is_temporary else None


def write_text(path: Path, text: str) -> None:
    """Write a whole text file; raises GanError where it cannot be written."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sync(path: Path) -> None:
    """Have the disk hold what was written to a file or a folder, where it can be told to; raises OSError."""
    try:
        # Windows syncs only what is open for writing, and opens no folders.
        descriptor = os.open(path, os.O_RDWR if WINDOWS else os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if not _is_harmless(error, path):
            raise


def sync_everything() -> None:
    """Have the disks hold all that was written: quicker than file by file where there are many."""
    if hasattr(os, "sync"):
        os.sync()


def delete_folder(folder: Path) -> None:
    """Take a folder away as a whole, then free its space; nothing where there is none. Raises OSError."""
    # Renamed first: nobody meets a half of it, and what a killed process leaves is known for what it is.
    away = folder.with_name(f"{_prefix(folder)}{secrets.token_hex(4)}{TEMPORARY}")
    with suppress(FileNotFoundError):
        folder.rename(away)
        shutil.rmtree(away)


def changed(path: Path) -> int:
    """The time a file was last written, in nanoseconds; 0 where it does not exist."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def size_of(folder: Path) -> int:
    """The bytes of all files below a folder, links left out; what is deleted meanwhile counts nothing."""
    return sum(map(_size, folder.rglob("*")))


def remove_stale(folder: Path) -> None:
    """Delete the temporary files and folders that a killed process left; only who holds the folder's lock may."""
    for path in folder.glob(f".*{TEMPORARY}"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def remove_drafts(parent: Path) -> None:
    """Free the space of folders that nobody settled, or whose deletion was cut short."""
    for path in sorted(parent.iterdir()) if parent.is_dir() else ():
        if path.is_dir() and drafted(path) is not None:
            shutil.rmtree(path, ignore_errors=True)


def _prefix(path: Path) -> str:
    # A name has at most 255 bytes, and a letter up to four.
    return f".{path.name[:48]}."


def _is_harmless(error: OSError, path: Path) -> bool:
    """Whether a failed sync says only that there is no such thing here."""
    if not path.is_dir():
        return error.errno in UNSYNCABLE
    return WINDOWS or error.errno in UNSYNCABLE | {errno.EACCES, errno.EPERM}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() and not path.is_symlink() else 0
    except OSError:
        return 0


def _umask() -> int:
    # There is no way to read it without setting it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


_UMASK = _umask()  # now, while there is one thread: for another a file might fall into the moment between
