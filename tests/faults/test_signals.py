"""SIGINT, SIGTERM and SLURM's SIGUSR1 at any moment: what was learned is saved, and the exit code tells of it."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from faults.processes import SMALL, TRAIN, Command, finished, handles
from PIL import Image
from terminal import Terminal

from gancli.runs.checkpoint import verify
from gancli.runs.run import Run
from gancli.terminal.display import Display
from gancli.terminal.signals import Ended, handled, unwound

# Samples and checkpoints all the time: a signal comes in the middle of any of them.
WORDS = [*TRAIN, "--sample-every", 20, "--checkpoint-every", 15, "--log-every", 5, "--name", "mine"]
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGUSR1: 143, signal.SIGHUP: 129}


def steps(run: Run) -> int:
    return max((int(path.stem[5:]) for path in run.checkpoints()), default=0)


@pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)
def test_a_signal_ends_the_step_saves_and_says_how_to_go_on(number: signal.Signals, tmp_path: Path) -> None:
    command, run = Command(tmp_path, *WORDS, "--steps", 1_000_000), Run(tmp_path / "runs" / "mine")
    assert command.until(lambda: steps(run) >= 30), command.said
    command.send(number)
    assert command.end() == CODES[number]
    assert "Stopped and saved. Continue with: gan train --resume mine" in command.said
    assert run.state == "stopped"
    last = verify(run.latest()).step
    finished(tmp_path, "train", "--resume", "mine", "--steps", last + 10, "--display", "none")
    assert verify(run.latest()).step == last + 10


def test_a_second_signal_ends_it_at_once_and_the_checkpoint_before_is_whole(tmp_path: Path) -> None:
    run = Run(tmp_path / "runs" / "mine")
    slow = ["--batch-size", 40_000]  # steps of a second or more
    command = Command(tmp_path, *WORDS, *slow, "--checkpoint-every", 1, "--steps", 1_000_000)
    assert command.until(lambda: steps(run) >= 1), command.said
    # Two of one kind could be taken for one while a long operation runs.
    command.send(signal.SIGINT)
    command.send(signal.SIGTERM)
    assert command.end() == 143
    assert "Continue with" not in command.said
    assert "Traceback" not in command.said
    assert verify(run.latest()).step >= 1


@pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)
def test_a_signal_to_all_processes_of_a_run_leaves_it_those_that_decode(number: int, tmp_path: Path) -> None:
    run = Run(tmp_path / "runs" / "mine")
    with decoding_elsewhere(tmp_path) as process:
        os.killpg(process.pid, number)
        _, said = process.communicate(timeout=250)
    assert process.returncode == CODES[number], said
    assert said == "Stopped and saved. Continue with: gan train --resume mine\n"
    assert verify(run.latest()).step > 30


def test_the_loss_of_a_process_that_decodes_is_told_in_a_line(tmp_path: Path) -> None:
    with decoding_elsewhere(tmp_path) as process:
        for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text():
                os.kill(int(child), signal.SIGKILL)
        _, said = process.communicate(timeout=250)
    assert process.returncode == 1
    assert re.fullmatch(
        r"Error: A process that decodes images was ended from outside, .* Try fewer: --workers 1; .*\n", said
    ), said


@contextmanager
def decoding_elsewhere(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A run that has images decoded by two processes, in a process group of its own, after some steps."""
    pictures = folder / "pictures"
    pictures.mkdir()
    for shade in range(40):
        Image.new("RGB", (9, 9), (6 * shade, 99, 0)).save(pictures / f"{shade}.png")
    streamed = ["--batch-size", 8, "--cache-limit", 0, "--workers", 2, "--checkpoint-every", 15, "--name", "mine"]
    words = ["train", pictures, *SMALL, *streamed, "--display", "none", "--steps", 1_000_000]
    command = [sys.executable, "-m", "gancli", *map(str, words)]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        while steps(Run(folder / "runs" / "mine")) < 30 and process.poll() is None:
            time.sleep(0.01)
        yield process


def test_what_nohup_ignores_stays_ignored(tmp_path: Path) -> None:
    command, run = Command(tmp_path, *WORDS, "--steps", 1_000_000, before=_nohup), Run(tmp_path / "runs" / "mine")
    assert command.until(lambda: steps(run) >= 30), command.said
    command.send(signal.SIGHUP)
    before = steps(run)
    assert command.until(lambda: steps(run) > before + 30), command.said
    command.send(signal.SIGTERM)
    assert command.end() == 143


def _nohup() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def test_the_time_a_process_was_stopped_is_not_training_time(tmp_path: Path) -> None:
    looked = [time.monotonic()]
    command, run = Command(tmp_path, *WORDS, "--steps", 1_000_000), Run(tmp_path / "runs" / "mine")

    def trains() -> bool:
        looked.append(time.monotonic())
        return handles(command.process.pid, signal.SIGCONT)

    assert command.until(trains), command.said
    launched = looked[-2]  # it did not train yet
    assert command.until(lambda: steps(run) >= 30), command.said
    command.send(signal.SIGSTOP)
    assert command.until(lambda: is_stopped(command.process.pid)), command.said
    # Longer than all the time before that was not training either, however slow the machine is.
    stopped_at = time.monotonic()
    time.sleep(2 * (stopped_at - launched))
    stopped = time.monotonic() - stopped_at
    command.send(signal.SIGCONT)
    before = steps(run)
    assert command.until(lambda: steps(run) > before + 15), command.said
    command.send(signal.SIGTERM)
    command.end()
    running = time.monotonic() - launched - stopped
    assert verify(run.latest()).seconds < running


def is_stopped(pid: int) -> bool:
    """Whether a process stands still, by Ctrl-Z or SIGSTOP."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("moments", [4, pytest.param(20, marks=[pytest.mark.endurance, pytest.mark.timeout(3000)])])
def test_signals_at_random_moments(moments: int, tmp_path: Path) -> None:
    rng, saved = random.Random(0), 0
    for moment in range(moments):
        folder = tmp_path / str(moment)
        folder.mkdir()
        number = rng.choice([signal.SIGINT, signal.SIGTERM])
        command, run = Command(folder, *WORDS, "--steps", 1_000_000), Run(folder / "runs" / "mine")
        command.until(lambda command=command: handles(command.process.pid, signal.SIGTERM))
        time.sleep(rng.uniform(0.02, 1.5))
        command.send(number)
        assert command.end() == CODES[number], command.said
        assert "Traceback" not in command.said
        kept = run.checkpoints()
        assert bool(kept) is ("Stopped and saved" in command.said)
        saved += bool(kept)
        assert all(verify(path) for path in kept)
        assert not [path for path in folder.rglob("*.tmp") if path.name.startswith(".")]
    print(
        f"\n{moments} signals: {saved} after the first step, saved; {moments - saved} before it, with nothing to save"
    )


@pytest.mark.slow
@pytest.mark.parametrize("moments", [2, pytest.param(20, marks=[pytest.mark.endurance, pytest.mark.timeout(3000)])])
def test_signals_in_a_terminal_leave_it_sane(moments: int) -> None:
    rng = random.Random(1)
    for moment in range(moments):
        number = rng.choice([signal.SIGINT, signal.SIGTERM])
        words = [word for word in WORDS if word not in {"--display", "none", "--name", "mine"}]
        terminal = Terminal(*words, "--name", f"run{moment}", "--steps", 1_000_000)
        terminal.until(lambda _, terminal=terminal: handles(terminal.process.pid, signal.SIGTERM))
        terminal.read(rng.uniform(0.1, 13.0))
        terminal.process.kill(number)
        assert terminal.end() == CODES[number], terminal.text
        assert terminal.sane
        assert not re.search("Traceback", terminal.raw.decode())


def test_a_signal_while_it_starts_is_told_in_a_line(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "gancli", *map(str, [*TRAIN, "--steps", 10])]
    starting = subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not handles(starting.pid, signal.SIGTERM) and starting.poll() is None:
        time.sleep(0.01)
    starting.terminate()
    _, said = starting.communicate(timeout=250)
    assert starting.returncode == 143
    assert said.strip() == "Ended."


def begin_after(number: int) -> None:
    """Begin a training after a signal whose exception a library has caught."""
    with unwound():
        with suppress(BaseException):
            signal.raise_signal(number)
        with handled(SimpleNamespace(), Display()):  # type: ignore[arg-type]
            pytest.fail("the training began")


@pytest.mark.parametrize(("number", "error"), [(signal.SIGTERM, Ended), (signal.SIGINT, KeyboardInterrupt)])
def test_a_signal_that_a_library_catches_before_a_training_still_ends_it(
    number: int, error: type[BaseException]
) -> None:
    with pytest.raises(error):
        begin_after(number)
