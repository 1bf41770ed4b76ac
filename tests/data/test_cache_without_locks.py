"""The cache where nobody can be kept out: each builder has a folder of its own, and what is whole stays whole."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import zoo
from conftest import Gan
from preparing import SCRIPT, until

from gancli.base import files
from gancli.data import cache
from gancli.data.cache import About, Writer

KEY = "0123456789abcdef" * 2
LOCKLESS = """
import fcntl
def refuse(*_):
    raise OSError(38, "Function not implemented")
fcntl.flock = refuse
"""


@pytest.fixture(autouse=True)
def _without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def unheard_of(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", unheard_of)


def images(value: int, count: int = 4) -> np.ndarray:
    return np.full((count, 1, 8, 8), value, np.uint8)


def about(count: int = 4) -> About:
    return About("pictures", (count, 1, 8, 8), (), "digest", True)


def builds() -> list[Path]:
    return [path for path in cache.home().iterdir() if path.name.endswith(".tmp")]


def test_two_that_build_at_once_both_get_it_whole() -> None:
    with Writer(KEY, keep=True) as first:
        first.add(images(1, 2))
        with Writer(KEY, keep=True) as second:
            second.add(images(1, 3))
            first.add(images(1, 2))
            assert first.finish(about()).kept
            seen = cache.find(KEY)
            assert seen is not None
            pixels = cache.pixels(KEY, seen)
            second.add(images(1, 1))
            assert second.finish(about()).kept
    assert (first.fault, second.fault) == (None, None)
    assert np.array_equal(pixels, images(1))
    found = cache.find(KEY)
    assert found is not None
    assert np.array_equal(cache.pixels(KEY, found), images(1))
    assert not builds()


def test_one_that_gives_up_takes_nothing_from_another() -> None:
    with Writer(KEY, keep=True) as first:
        first.add(images(2))
        with Writer(KEY, keep=True) as second:
            second.add(images(2, 1))
        assert first.finish(about()).kept
    assert cache.find(KEY) is not None


def test_two_processes_build_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number}.png").write_bytes(zoo.saved(zoo.noise(), "PNG"))
    script = LOCKLESS + SCRIPT
    words = [[sys.executable, "-c", script, str(folder), slow] for slow in ("0.02", "0.01")]
    both = [subprocess.Popen(each, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for each in words]
    until(lambda: len(builds()) == 2)
    ends = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    assert ends[0][0] == ends[1][0]
    assert "memmap" in ends[0][0]
    assert not builds()


def left_behind(seconds: float) -> Path:
    """The folder of a build that was killed so long ago."""
    folder = files.Draft(cache.home() / KEY).folder
    (folder / "pixels").write_bytes(images(3).tobytes())
    for path in (folder / "pixels", folder):
        os.utime(path, (time.time() - seconds,) * 2)
    return folder


def test_what_was_left_behind_long_ago_is_cleared_by_the_next_build() -> None:
    left_behind(cache.STALE + 10)
    with cache.locked(KEY) as free:
        assert free
        assert not builds()


def test_what_may_be_in_use_is_listed_and_stays(gan: Gan) -> None:
    folder = left_behind(5)
    (entry,) = cache.entries()
    assert (entry.key, entry.about, entry.size) == (KEY, None, images(3).nbytes)
    assert "not finished" in gan("data", "cache").out
    assert "1 in use" in gan("data", "cache", "--clear").out
    assert folder.exists()


def test_what_was_left_behind_long_ago_is_listed_and_cleared(gan: Gan) -> None:
    left_behind(cache.STALE + 10)
    assert len(cache.entries()) == 1
    assert "in use" not in gan("data", "cache", "--clear").out
    assert not builds()


def test_what_version_0_1_0_left_behind_is_listed_and_cleared(gan: Gan) -> None:
    folder = cache.home() / f"{KEY}.tmp"
    folder.mkdir()
    (folder / "pixels").write_bytes(b"half")
    os.utime(folder, (1, 1))
    os.utime(folder / "pixels", (1, 1))
    assert [entry.key for entry in cache.entries()] == [KEY]
    assert "freed" in gan("data", "cache", "--clear").out
    assert not folder.exists()


def test_a_disk_that_cannot_be_told_to_hold_it_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", fsync)
    with Writer(KEY, keep=True) as writer:
        writer.add(images(4))
        assert writer.finish(about()).kept
    assert cache.find(KEY) is not None
