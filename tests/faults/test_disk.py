"""A disk that is full, forbidden or taken away: training goes on, says so, tries again, and ends truthfully."""

import json
import resource
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from faults.processes import TRAIN, Command, ended, finished

from gancli.loggers.jsonl import JSONL
from gancli.runs.checkpoint import verify
from gancli.runs.run import Run
from gancli.telemetry import metrics_file
from gancli.telemetry.ticks import Tick

# A checkpoint of these networks has about 0.6 MB.
WORDS = [*TRAIN, "--arch.units", 48, "--checkpoint-every", 5, "--log-every", 5, "--display", "plain", "--name", "mine"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place], capture_output=True)
    if made.returncode:
        pytest.skip("needs the right to mount a file system")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def whole(run: Run) -> list[int]:
    """The steps of its checkpoints, all of which are whole."""
    return [verify(path).step for path in run.checkpoints()]


def test_a_full_disk_ends_nothing_but_is_told_and_the_run_goes_on_later(disk: Path, tmp_path: Path) -> None:
    run = Run(disk / "mine")
    code, said = ended(tmp_path, *WORDS, "--out", disk, "--keep", 5, "--steps", 60)
    assert code == 1
    assert "No space left on device" in said
    assert "Training goes on" in said
    assert "step       60" in said
    last = said.strip().splitlines()[-1]
    assert last.startswith("Error: Step 60 could not be saved")
    kept = whole(run)
    assert len(kept) >= 2
    assert kept[-1] < 60
    assert str(run.checkpoint(kept[-1])) in last
    assert not list((run.path / "checkpoints").glob(".*"))
    (run.path / "checkpoints" / run.checkpoint(kept[0]).name).unlink()
    finished(tmp_path, "train", "--resume", run.path, "--steps", 60, "--keep", 2, "--display", "none")
    assert whole(run)[-1] == 60


def test_it_tries_again_and_all_is_well_once_there_is_room(disk: Path, tmp_path: Path) -> None:
    run, filler = Run(disk / "mine"), disk / "filler"
    filler.write_bytes(b"x" * 2_900_000)
    command = Command(tmp_path, *WORDS, "--out", disk, "--steps", 3000, "--keep", 2)
    assert command.until(lambda: "No space left" in command.said), command.said
    filler.unlink()
    assert command.end() == 0, command.said
    assert whole(run)[-1] == 3000


def test_ticks_are_whole_lines_again_once_there_is_room(disk: Path) -> None:
    run, filler = Run(disk / "mine"), disk / "filler"
    run.make()
    logger = JSONL(run)
    many = {f"name {number}": 0.5 for number in range(400)}  # a line longer than a page, so that half of one fits
    for step in (1, 2):
        logger.tick(Tick(step, step, 1.0, 1.0, None, many))
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    with pytest.raises(OSError, match="No space left"):
        logger.tick(Tick(3, 3, 1.0, 1.0, None, many))
    assert [tick.step for tick in metrics_file.ticks(run.metrics)] == [1, 2]
    filler.unlink()
    for step in (4, 5):
        logger.tick(Tick(step, step, 1.0, 1.0, None, many))
    assert [tick.step for tick in metrics_file.ticks(run.metrics)] == [1, 2, 4, 5]
    assert all(json.loads(line) is not None for line in run.metrics.read_text().splitlines())


def test_a_limit_on_file_sizes(tmp_path: Path) -> None:
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (100_000, 100_000))
    code, said = ended(tmp_path, *WORDS, "--steps", 20, before=limit)
    assert code == 1
    assert "File too large" in said
    assert "Nothing of it is kept" in said


def test_a_folder_that_becomes_read_only_while_it_trains(disk: Path, tmp_path: Path) -> None:
    run = Run(disk / "mine")
    command = Command(tmp_path, *WORDS, "--out", disk, "--steps", 3000, "--keep", 2)
    assert command.until(lambda: len(run.checkpoints()) == 2), command.said
    folder = run.path / "checkpoints"
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        assert command.end() == 1
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
    assert "Read-only file system" in command.said
    assert "Error: Step 3,000 could not be saved" in command.said
    assert whole(run)


def test_a_read_only_folder_is_told_before_anything_begins(disk: Path, tmp_path: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    code, said = ended(tmp_path, *WORDS, "--out", disk, "--steps", 20)
    assert code == 1
    assert len(said.strip().splitlines()) == 1
    assert "Read-only file system" in said


def test_reading_a_run_on_a_read_only_disk(disk: Path, tmp_path: Path) -> None:
    finished(tmp_path, *WORDS, "--out", disk, "--steps", 10, "--keep", 2)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert "images" not in finished(tmp_path, "sample", disk / "mine", "-n", 2, "--out", tmp_path / "x.png")
    finished(tmp_path, "info", disk / "mine")
    code, said = ended(tmp_path, "train", "--resume", disk / "mine", "--steps", 20, "--display", "none")
    assert code == 1
    assert "Read-only file system" in said
