"""Who trains a run, and how that ended: a small file, locked for as long as its process lives."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from gancli.base.errors import DivergedError, GanError
from gancli.base.text import clean

try:
    import fcntl
except ImportError:  # Windows: nobody is kept out there, and a crash shows only by its silence
    fcntl = None  # type: ignore[assignment]

TRAINING, FINISHED, STOPPED, CRASHED, DIVERGED, FAILED = (
    "training",
    "finished",
    "stopped",
    "crashed",
    "diverged",
    "failed",
)
PATIENCE = 1.0  # seconds: whoever reads the state holds the lock for a moment

_held: set[int] = set()
# A child that was forked would keep the lock after its parent was killed.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _let_go())


class Lock:
    """A run's lock while it is held: `begin` says that training begins, `end` how it ended."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def begin(self) -> None:
        """Write down that it trains: if it ends without a word, it has crashed."""
        self.end(TRAINING)

    def end(self, state: str) -> None:
        """Write down a state."""
        with suppress(OSError):  # a full disk
            self._file.seek(0)
            self._file.truncate()
            json.dump({"state": state, "process": os.getpid(), "time": round(time.time(), 3)}, self._file)
            self._file.flush()


@contextmanager
def locked(path: Path) -> Iterator[Lock]:
    """Keep others out; raises GanError where another process is in, or nothing can be written."""
    with _opened(path) as file:
        if not _take(file):
            raise GanError(f"Run {clean(path.parent.name)} is being trained by another process.", "Wait, or stop that.")
        _held.add(file.fileno())
        lock = Lock(file)
        try:
            yield lock
        except BaseException as error:
            if _said(path) == TRAINING:
                lock.end(_ended_by(error))
            raise
        finally:
            _held.discard(file.fileno())


def state(path: Path) -> str:
    """Training while the lock is held, else how it ended; one that says it trains, but holds no lock, has crashed."""
    if held(path):
        return TRAINING
    said = _said(path)  # only now: the last word is written before the lock is let go
    return CRASHED if said == TRAINING else said


def held(path: Path) -> bool:
    """Whether a living process holds the lock."""
    if fcntl is None:
        return _said(path) == TRAINING
    try:
        with path.open("r", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return _said(path) == TRAINING
    return False


def _opened(path: Path) -> IO[str]:
    try:
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        raise GanError(f"Run {clean(path.parent)} cannot be written: {error.strerror}.") from error


def _ended_by(error: BaseException) -> str:
    if isinstance(error, DivergedError):
        return DIVERGED
    return FAILED if isinstance(error, Exception) else STOPPED


def _let_go() -> None:
    for descriptor in _held:
        os.close(descriptor)


def _take(file: IO[str]) -> bool:
    if fcntl is None:
        return True
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        except OSError:  # a file system without locks keeps nobody out
            return True
        else:
            return True
        if time.monotonic() > until:
            return False
        time.sleep(0.02)


def _said(path: Path) -> str:
    """The state in the file; a run without one was left by somebody else's program, or copied: stopped."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))["state"]
    except (OSError, ValueError, TypeError, KeyError):
        return STOPPED
    return said if said in {TRAINING, FINISHED, STOPPED, DIVERGED, FAILED} else STOPPED
