"""Who trains a run, and how that ended: a small file, locked for as long as its process lives.

Locks of some file systems reach no further than one machine, and some have none. So the file also says which machine
trains, and its time is renewed meanwhile: a heartbeat that is seen from everywhere.
"""

import json
import os
import platform
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread

from gancli.base import locks
from gancli.base.errors import DivergedError, GanError
from gancli.base.locks import FileLock, Grip
from gancli.base.text import clean

TRAINING, FINISHED, STOPPED, CRASHED, DIVERGED, FAILED = (
    "training",
    "finished",
    "stopped",
    "crashed",
    "diverged",
    "failed",
)
WRITTEN = frozenset({TRAINING, FINISHED, STOPPED, DIVERGED, FAILED})
PATIENCE = 1.0  # seconds: whoever reads the state holds the lock for a moment
BEAT = 10.0  # seconds from one heartbeat to the next
SILENCE = 3 * BEAT  # seconds without one after which nobody trains
FRESH = 120.0  # seconds: how old a heartbeat may look to a machine whose clock differs from the other's


class LockWarning(UserWarning):
    """A run may be trained on another machine, which takes a while to find out."""


@dataclass(frozen=True)
class LockEntry:
    """What the file says; `host` is None where it was written by version 0.1.0, which has no heartbeat."""

    state: str = STOPPED
    process: int | None = None
    time: float | None = None
    host: str | None = None


class Lock:
    """A run's lock while it is held: `begin` says that training begins, `end` how it ended."""

    def __init__(self, path: Path, beat: float = BEAT) -> None:
        self._path, self._pause = path, beat
        self._over = Event()
        self.is_training = False
        """Whether it has begun, and not ended."""

    def begin(self) -> None:
        """Write `training`, and renew it regularly: where the process then ends without `end`, the run has crashed."""
        self.is_training = True
        self._write(TRAINING)
        Thread(target=self._beat, daemon=True).start()

    def end(self, state: str) -> None:
        """Write down a state."""
        self.close()
        self._write(state)

    def close(self) -> None:
        """End the heartbeat."""
        self.is_training = False
        self._over.set()

    def _write(self, state: str) -> None:
        text = json.dumps(asdict(LockEntry(state, os.getpid(), round(time.time(), 3), host())))
        with suppress(OSError), self._path.open("r+", encoding="ascii") as file:
            # In one piece, over what is there: a full disk has room for that, and nobody reads half of it.
            file.write(text.ljust(self._path.stat().st_size))

    def _beat(self) -> None:
        while not self._over.wait(self._pause):
            with suppress(OSError):
                os.utime(self._path)


def host() -> str:
    """What this machine is called."""
    return platform.node()


@contextmanager
def locked(path: Path, silence: float = SILENCE) -> Iterator[Lock]:
    """Keep others out; raises GanError where somebody else is in, or nothing can be written.

    Where another machine may train, that is known only after some seconds of `silence`.
    """
    held = _hold(path)
    lock = Lock(path)
    try:
        _check_silence(path, held, silence)
        yield lock
    except BaseException as error:
        if lock.is_training:
            lock.end(_ended_by(error))
        raise
    finally:
        lock.close()
        held.release()


def state(path: Path) -> str:
    """The state of a run: `training`, or how it ended; `crashed` where the file says training but nobody holds it."""
    grip = locks.look(path)
    if grip is Grip.HELD:
        return TRAINING
    record = read(path)  # only now: the last word is written before the lock is let go
    if record.state != TRAINING:
        return record.state
    if grip is Grip.UNKNOWN and record.host is None:
        return TRAINING
    return TRAINING if _may_be_elsewhere(record, grip) and _beats(path) else CRASHED


def read(path: Path) -> LockEntry:
    """The entry in the file; `stopped` where there is none, as in a copied run."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        state = document["state"] if document["state"] in WRITTEN else STOPPED
        name = document.get("host")
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return LockEntry()
    return LockEntry(state, host=name if isinstance(name, str) else None)


def _hold(path: Path) -> FileLock:
    try:
        return locks.hold(path, PATIENCE)
    except BlockingIOError:
        raise _taken(path, "by another process") from None
    except OSError as error:
        raise GanError(f"Run {clean(path.parent)} cannot be written: {error.strerror}.") from error


def _check_silence(path: Path, held: FileLock, silence: float) -> None:
    """Raise GanError where another machine, which the lock does not reach, trains the run."""
    record, beaten = read(path), _beaten(path)
    if not _may_be_elsewhere(record, Grip.FREE if held.works else Grip.UNKNOWN) or not _beats(path):
        return
    where = clean(record.host)
    warnings.warn(
        f"Run {clean(path.parent.name)} was trained on {where} a moment ago: waiting {silence:.0f} s to see if it is.",
        LockWarning,
        stacklevel=4,
    )
    until = time.monotonic() + silence
    while time.monotonic() < until and read(path).state == TRAINING:
        if _beaten(path) != beaten:
            raise _taken(path, f"on {where}")
        time.sleep(locks.PAUSE)


def _may_be_elsewhere(record: LockEntry, grip: Grip) -> bool:
    """Whether another machine may be training, although the lock is free on this one."""
    return record.state == TRAINING and record.host is not None and (grip is Grip.UNKNOWN or record.host != host())


def _beats(path: Path) -> bool:
    beaten = _beaten(path)
    return beaten is not None and abs(time.time() - beaten) < FRESH


def _beaten(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _taken(path: Path, where: str) -> GanError:
    return GanError(f"Run {clean(path.parent.name)} is being trained {where}.", "Wait, or stop that.")


def _ended_by(error: BaseException) -> str:
    if isinstance(error, DivergedError):
        return DIVERGED
    return FAILED if isinstance(error, Exception) else STOPPED
