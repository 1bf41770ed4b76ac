"""Locks: one holder, also where files are deleted, processes forked, and where there are no locks at all."""

import errno
import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Timer

import pytest

from gancli.base import locks
from gancli.base.locks import Grip, hold, look
from gancli.runs.run import Run


def child_says(body: Callable[[], bool]) -> bool:
    """Whether the body holds in a forked child."""
    child = os.fork()
    if child == 0:
        holds = False
        try:
            holds = body()
        finally:
            os._exit(not holds)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def unheard_of(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", unheard_of)


def test_one_holds_it_until_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert look(path) is Grip.FREE
    lock = hold(path)
    assert lock.works
    assert look(path) is Grip.HELD
    with pytest.raises(BlockingIOError):
        hold(path)
    Timer(0.2, lock.release).start()
    hold(path, patience=None).release()
    assert look(path) is Grip.FREE


def test_whoever_waits_has_the_lock_of_the_file_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = hold(path)

    def ended() -> None:
        path.unlink()
        first.release()

    Timer(0.2, ended).start()
    second = hold(path, patience=None)
    assert path.exists()
    assert look(path) is Grip.HELD
    second.release()


def test_where_there_are_no_locks_nobody_is_kept_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_locks(monkeypatch)
    first, second = hold(tmp_path / "lock"), hold(tmp_path / "lock")
    assert not first.works
    assert not second.works
    assert look(tmp_path / "lock") is Grip.UNKNOWN
    monkeypatch.setattr(locks, "fcntl", None)
    assert look(tmp_path / "lock") is Grip.UNKNOWN


@pytest.mark.skipif(sys.platform == "win32", reason="nothing forks there")
def test_a_forked_child_does_not_keep_the_lock(tmp_path: Path) -> None:
    (forked, forks), (release, releases) = os.pipe(), os.pipe()
    lock = hold(tmp_path / "lock")
    child = os.fork()
    if child == 0:
        os.write(forks, b"x")
        os.read(release, 1)
        os._exit(0)
    os.read(forked, 1)
    lock.release()
    grip = look(tmp_path / "lock")
    os.write(releases, b"x")
    os.waitpid(child, 0)
    assert grip is Grip.FREE


@pytest.mark.skipif(sys.platform == "win32", reason="nothing forks there")
def test_a_forked_child_closes_no_descriptor_that_is_not_the_locks(tmp_path: Path) -> None:
    def opens_files_while_locks_are_collected() -> bool:
        others = [os.open(tmp_path / f"{number}", os.O_CREAT) for number in range(20)]
        context.pop()
        gc.collect()
        return all(os.fstat(each) for each in others)

    run = Run(tmp_path / "run")
    run.make()
    context = [run.lock()]
    context[0].__enter__()
    assert child_says(opens_files_while_locks_are_collected)
    context[0].__exit__(None, None, None)
