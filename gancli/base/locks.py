"""Locks on files, which end with the process that holds them: the one place that asks the system for them."""

import os
import time
import weakref
from enum import Enum
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PAUSE = 0.05  # seconds between tries


class Grip(Enum):
    """Whether somebody holds a lock, as far as this system and file system can tell."""

    FREE = "free"
    HELD = "held"
    UNKNOWN = "unknown"


class FileLock:
    """A lock on a file, until it is released or the process ends; where there are no locks it keeps nobody out."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        _held.add(self)

    @property
    def works(self) -> bool:
        """Whether others are kept out."""
        return self._descriptor is not None

    def release(self) -> None:
        """Let others in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


_held: "weakref.WeakSet[FileLock]" = weakref.WeakSet()


def hold(path: Path, patience: float | None = 0.0) -> FileLock:
    """Lock a file, which is made if need be, and wait for it so many seconds at most, or with None as long as it takes.

    Raises BlockingIOError where another has it, and OSError where the file cannot be opened.
    """
    until = None if patience is None else time.monotonic() + patience
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        grip = _locked(descriptor, path)
        if grip is Grip.FREE:
            return FileLock(descriptor)
        os.close(descriptor)
        if grip is Grip.UNKNOWN:
            return FileLock(None)
        if until is not None and time.monotonic() >= until:
            raise BlockingIOError(f"{path} is locked")
        time.sleep(PAUSE)


def look(path: Path) -> Grip:
    """Whether somebody, this process included, holds the lock of a file; a file that is not there is free."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return Grip.FREE
    except OSError:
        return Grip.UNKNOWN
    try:
        return _asked(descriptor, shared=True)
    finally:
        os.close(descriptor)


def _locked(descriptor: int, path: Path) -> Grip:
    """FREE where the lock was free and is ours now."""
    grip = _asked(descriptor)
    if grip is not Grip.FREE:
        return grip
    # Whoever had the lock may have deleted the file at the end: then this lock is of no file, or of another one.
    return Grip.FREE if _is_same(descriptor, path) else Grip.HELD


def _asked(descriptor: int, *, shared: bool = False) -> Grip:
    if fcntl is None:
        return Grip.UNKNOWN
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return Grip.HELD
    except OSError:  # a file system without locks
        return Grip.UNKNOWN
    return Grip.FREE


def _is_same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _let_go() -> None:
    for lock in _held:
        lock.release()


# A child that was forked would keep a lock after its parent was killed.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
