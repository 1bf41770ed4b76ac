"""The cache is right whoever builds it, and however that ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zoo
from conftest import Gan
from preparing import SCRIPT, until
from sources import load

from gancli.data import cache


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "pictures"
    place.mkdir()
    for number in range(40):
        (place / f"{number}.png").write_bytes(zoo.saved(zoo.noise(), "PNG"))
    (place / "bad.png").write_bytes(b"x")
    return place


def start(folder: Path, slow: float = 0, *more: object) -> "subprocess.Popen[str]":
    """A process of its own that prepares the folder."""
    words = [sys.executable, "-c", SCRIPT, str(folder), str(slow), *map(str, more)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def building() -> bool:
    return any(cache.home().glob("*.tmp/pixels"))


def leftovers() -> list[str]:
    return [path.name for path in cache.home().iterdir() if path.suffix in {".tmp", ".lock"}]


def test_decodes_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(folder, size=32)
    monkeypatch.setattr("gancli.data.prepare.Preparation.prepare", None)
    again = load(folder, size=32)
    assert isinstance(again.pixels, np.memmap)
    assert np.array_equal(first.pixels, again.pixels)
    assert first.fingerprint == again.fingerprint
    assert first.skipped == again.skipped
    assert len(cache.entries()) == 1
    assert not leftovers()


@pytest.mark.parametrize("change", ["content", "time", "new", "gone", "renamed"])
def test_a_changed_file_invalidates_it(change: str, folder: Path) -> None:
    load(folder, size=8)
    file = folder / "3.png"
    if change == "content":
        state = file.stat()
        file.write_bytes(zoo.saved(zoo.noise(), "PNG"))
        os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    elif change == "time":
        os.utime(file)
    elif change == "new":
        (folder / "new.png").write_bytes(zoo.PNG)
    elif change == "gone":
        file.unlink()
    else:
        file.rename(folder / "a.png")
    load(folder, size=8)
    assert len(cache.entries()) == 2


def test_other_preparations_have_sets_of_their_own(folder: Path) -> None:
    for options in ({}, {"fit": "pad"}, {"channels": 1}, {"crop": "0,0,8,8"}, {"limit": 5}, {"background": "red"}):
        load(folder, size=8, **options)
    load(folder, size=8, flip=True, workers=0, cache_limit="1GB")
    assert len(cache.entries()) == 6


def test_two_processes_at_once_build_one_set(folder: Path) -> None:
    first = start(folder, 0.01)
    until(building)
    first.send_signal(signal.SIGSTOP)
    second = start(folder)
    assert second.stderr is not None
    assert "waiting for it" in second.stderr.readline()
    first.send_signal(signal.SIGCONT)
    done = [process.communicate(timeout=120) for process in (first, second)]
    assert [process.returncode for process in (first, second)] == [0, 0]
    assert done[0][0] == done[1][0]
    assert len(cache.entries()) == 1
    assert not leftovers()


def test_a_build_that_was_killed_leaves_nothing_that_counts(folder: Path) -> None:
    killed = start(folder, 0.05)
    until(building)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    (entry,) = cache.entries()
    assert entry.about is None
    expected = load(folder, size=32, cache_limit=0).fingerprint
    again = start(folder)
    assert again.communicate(timeout=120)[0].split()[:2] == [expected, "memmap"]
    assert not leftovers()


def test_workers_end_with_their_parent(folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "many.py"
    script.write_text(SCRIPT.replace('"workers": 0', '"workers": 2'))
    words = [sys.executable, str(script), str(folder), "0.2"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as parent:
        until(building)
        until(lambda: len(children(parent.pid)) >= 2)
        family = children(parent.pid)
        parent.kill()
    until(lambda: not any(alive(pid) for pid in family))


def test_a_script_without_a_guard_is_told_so_and_does_not_hang(folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from gancli.config.layers import rebuild\n"
        "from gancli.config.sources import find_dataset\n"
        f"data = {{'name': 'folder', 'source': {str(folder)!r}, 'workers': 2}}\n"
        "rebuild('data', {'data': data}).load()\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "runs again in each process that it starts" in done.stderr
    assert 'if __name__ == "__main__":' in done.stderr.splitlines()[-1]


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_full_disk_streams_instead_and_says_so(folder: Path) -> None:
    expected = load(folder, size=32, cache_limit=0).fingerprint
    full = start(folder, 0, 50_000)  # of the 122,880 bytes that it takes
    out, err = full.communicate(timeout=120)
    assert full.returncode == 0, err
    assert out.split()[:2] == [expected, "Streamed"]
    assert "cannot be written (File too large)" in out
    assert not any(entry.about and entry.about.kept for entry in cache.entries())
    assert not leftovers()


def test_a_folder_that_cannot_be_written_streams(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("GAN_CACHE", str(tmp_path / "file"))
    images = load(folder, size=8)
    assert len(images) == 40
    assert any("cannot be written" in note for note in images.notes)


@pytest.mark.parametrize("damage", ["about.json", "pixels", "empty"])
def test_a_damaged_set_is_built_anew(damage: str, folder: Path) -> None:
    load(folder, size=8)
    place = cache.home() / cache.entries()[0].key
    if damage == "empty":
        (place / "about.json").unlink()
    else:
        (place / damage).write_bytes((place / damage).read_bytes()[:-5])
    assert load(folder, size=8).pixels.shape == (40, 3, 8, 8)


def test_what_exceeds_the_limit_is_checked_once_and_kept_when_it_fits(folder: Path) -> None:
    first = load(folder, size=8, cache_limit=100)
    assert not isinstance(first.pixels, np.ndarray)
    assert [entry.size < 1000 for entry in cache.entries()] == [True]
    kept = load(folder, size=8)
    assert isinstance(kept.pixels, np.memmap)
    assert first.fingerprint == kept.fingerprint
    assert first.skipped == kept.skipped


def test_the_cache_is_listed_and_cleared(gan: Gan, folder: Path) -> None:
    images = load(folder, size=8)
    load(folder, size=16)
    listed = gan("data", "cache").out
    assert "40 x 8 x 3" in listed
    assert "2 sets" in listed
    assert {entry["bytes"] > 7000 for entry in json.loads(gan("data", "cache", "--json").out)} == {True}
    with cache.locked(cache.entries()[0].key):
        assert "1 in use" in gan("data", "cache", "--clear").out
    assert "freed" in gan("data", "cache", "--clear").out
    assert gan("data", "cache").out.startswith("0 sets")
    assert images.pixels.sum() > 0  # still mapped
    assert not leftovers()


def test_what_somebody_else_keeps_beside_the_cache_is_left_alone(gan: Gan, folder: Path) -> None:
    load(folder, size=8)
    others = [cache.home() / name for name in ("photos", "f" * 31, "0123456789abcdef" * 2 + "x")]
    for other in others:
        other.mkdir()
        (other / "mine.txt").write_text("mine")
    assert "1 set," in gan("data", "cache").out
    assert json.loads(gan("data", "cache", "--clear", "--json").out)["freed"] > 0
    assert all((other / "mine.txt").exists() for other in others)
    assert not cache.entries()
