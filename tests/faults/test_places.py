"""Where runs lie and who may read them: odd names, links, copies, clocks, masks, and two trainers at once."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.processes import TRAIN, Command, ended, finished

from gancli.runs.checkpoint import verify
from gancli.runs.run import Run

FEW = ["--steps", 10, "--checkpoint-every", 5, "--log-every", 5]
DEEP = "/".join(["deeper"] * 120)


@pytest.mark.parametrize(
    "where", ["ünïcödé 图像 🎨", "x" * 250, DEEP, "with 'quotes\" and $dollars", "-dash"], ids=ascii
)
def test_a_run_in_an_odd_place_trains_resumes_and_samples(where: str, tmp_path: Path) -> None:
    place = tmp_path / where
    place.mkdir(parents=True)
    name = "läuft 走 " + "ü" * 100
    finished(tmp_path, *TRAIN, *FEW, f"--out={place}", "--name", name)
    run = place / name
    finished(tmp_path, "train", "--resume", run, "--steps", 20, "--display", "none")
    finished(tmp_path, "sample", run, "-n", 2, "--out", place / ("ü" * 120 + ".png"))
    finished(tmp_path, "info", run)
    assert verify(Run(run).latest()).step == 20


def test_a_name_that_is_too_long_is_told_in_one_line(tmp_path: Path) -> None:
    code, said = ended(tmp_path, *TRAIN, *FEW, "--name", "x" * 300)
    assert code == 1
    assert "File name too long" in said
    assert len(said.strip().splitlines()) == 1


def test_a_run_through_a_link_and_one_that_was_copied_go_on_alike(copied: Callable[[], Run], tmp_path: Path) -> None:
    run = copied()
    ends = []
    (tmp_path / "link").symlink_to(run.path, target_is_directory=True)
    for place in ("link", "elsewhere"):
        if place == "elsewhere":
            shutil.copytree(copied().path, tmp_path / place, symlinks=True)
        finished(tmp_path, "train", "--resume", tmp_path / place, "--steps", 40, "--display", "none")
        ends.append(verify(Run(tmp_path / place).checkpoint(40)).digests)
    assert ends[0] == ends[1]


def test_a_clock_set_back_changes_nothing(copied: Callable[[], Run], tmp_path: Path) -> None:
    run = copied()
    os.utime(run.checkpoint(30), (1, 1))
    finished(tmp_path, "train", "--resume", "whole", "--steps", 40, "--display", "none", before=_set_clock_back)
    assert verify(run.latest()).step == 40
    assert "step 30" in run.log.read_text()


def _set_clock_back() -> None:
    clock = time.time
    time.time = lambda: clock() - 10 * 365 * 86400


def test_files_are_as_the_mask_says(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "gancli", *map(str, [*TRAIN, *FEW, "--name", "mine"])]
    subprocess.run(words, cwd=tmp_path, umask=0o027, check=True, capture_output=True)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "runs").rglob("*")}
    assert modes["step-00000010.safetensors"] == 0o640
    assert {mode for name, mode in modes.items() if "." in name} == {0o640}
    assert modes["checkpoints"] == 0o750


def test_the_best_checkpoint_is_kept_however_old(copied: Callable[[], Run], tmp_path: Path) -> None:
    run = copied()
    run.mark_best(run.checkpoint(10))
    finished(tmp_path, *["train", "--resume", "whole", "--steps", 60, "--checkpoint-every", 10], "--keep", 2)
    assert [path.name[5:13] for path in run.checkpoints()] == ["00000010", "00000050", "00000060"]
    assert run.best.resolve() == run.checkpoint(10).resolve()
    finished(tmp_path, "sample", run.best, "-n", 2)


def test_one_trainer_a_run(tmp_path: Path) -> None:
    words = [*TRAIN, "--checkpoint-every", 5, "--log-every", 5, "--name", "mine", "--resume", "auto"]
    (tmp_path / "other").mkdir()
    first = Command(tmp_path, *words, "--steps", 1_000_000)
    assert first.until(lambda: Run(tmp_path / "runs" / "mine").checkpoints()), first.said
    code, said = ended(tmp_path / "other", *words, "--out", tmp_path / "runs", "--steps", 20)
    assert code == 1
    assert "being trained by another process" in said
    assert Run(tmp_path / "runs" / "mine").state == "training"
    first.process.kill()
    first.end()
    assert Run(tmp_path / "runs" / "mine").state == "crashed"


def test_auto_begins_continues_and_is_content_with_what_is_finished(tmp_path: Path) -> None:
    words = [*TRAIN, *FEW, "--name", "mine", "--resume", "auto"]
    run = Run(tmp_path / "runs" / "mine")
    (run.path / "checkpoints").mkdir(parents=True)  # what is left of one that was killed at once
    finished(tmp_path, *words)
    stamp = run.checkpoint(10).stat().st_mtime_ns
    finished(tmp_path, *words)
    assert run.checkpoint(10).stat().st_mtime_ns == stamp
    finished(tmp_path, *words, "--steps", 15)
    assert verify(run.latest()).step == 15
    code, said = ended(tmp_path, *TRAIN, *FEW, "--resume", "auto")
    assert code == 2
    assert "--name" in said


def test_a_checkpoint_outside_of_a_run_is_not_resumed_in_place(copied: Callable[[], Run], tmp_path: Path) -> None:
    shutil.copy(copied().checkpoint(30), tmp_path / "given.safetensors")
    before = set(tmp_path.parent.iterdir())
    code, said = ended(tmp_path, "train", "--resume", "given.safetensors", "--steps", 40, "--display", "none")
    assert code == 2
    assert "--config given.safetensors" in said
    assert set(tmp_path.parent.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--arch", "dcgan"], 2, "trained with arch.name = gan, not dcgan"),
        (["--arch.units", 16], 2, "trained with arch.units = 8, not 16"),
        (["--steps", 50, "--keep", 5, "--log-every", 3], 0, ""),
        (["--steps", 50, "--optim.lr", 0.01], 0, "optim.lr was 0.0004 and is 0.01: the run will differ"),
        (["--steps", 50, "--data.count", 50], 0, "the images are not those it was trained on"),
        (["--steps", 50, "--optim.algorithm", "sgd"], 0, "optim.algorithm was adam and is sgd"),
        (["--size", 16], 2, "size"),
        (["--steps", 50, "--optim.clip", 1.5], 0, "optim.clip was unset and is 1.5: the run will differ"),
        (["--steps", 50, "--workers", 1, "--cache-limit", "1GB"], 0, ""),
        (["--steps", 50, "--conditional"], 2, "was trained without classes"),
        (["--steps", 50, "--name", "other"], 2, "Give one of them"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_what_may_change_on_a_resume(
    copied: Callable[[], Run], tmp_path: Path, words: list[object], code: int, told: str
) -> None:
    copied()
    got, said = ended(tmp_path, "train", "--resume", "whole", "--display", "none", *words)
    assert got == code, said
    assert told in said
    assert ("from one that never stopped" in said) is (code == 0 and bool(told))
