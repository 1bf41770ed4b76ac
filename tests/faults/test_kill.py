"""kill -9 at any moment loses no run: what goes on is, bit for bit, what would have come without it."""

import random
import signal
import time
from pathlib import Path

import pytest
from faults.processes import TRAIN, Command, finished

from gancli.base.errors import GanError
from gancli.runs.checkpoint import verify
from gancli.runs.run import Run

# The networks are wide enough that a save takes some milliseconds.
WIDE = [*TRAIN, "--arch.units", 64, "--steps", 120, "--checkpoint-every", 6, "--log-every", 6, "--keep", 3]


def digests(run: Run) -> dict[str, str]:
    """Of all tensors at the end."""
    return verify(run.checkpoint(120)).digests


def whole(run: Run) -> list[int]:
    """The steps of all whole checkpoints."""
    found = []
    for path in run.checkpoints():
        try:
            found.append(verify(path).step)
        except GanError:
            continue
    return found


def temporaries(run: Run) -> list[Path]:
    return list((run.path / "checkpoints").glob(".*.tmp"))


def killed(command: Command, run: Run, rng: random.Random, *, saving: bool) -> bool:
    """Kill it at a random moment, or once a checkpoint is being written; False where it had ended by then."""
    if saving:
        pause = rng.uniform(0, 0.4)
        time.sleep(pause)
        command.until(lambda: temporaries(run), pause=0.0)
    else:
        time.sleep(rng.uniform(0, 1.5))
    alive = command.process.is_alive()
    command.send(signal.SIGKILL)
    command.end()
    return bool(alive and command.process.exitcode == -signal.SIGKILL)


@pytest.mark.parametrize("kills", [6, pytest.param(100, marks=[pytest.mark.endurance, pytest.mark.timeout(3000)])])
def test_kill_at_random_moments_a_third_of_them_inside_a_save(kills: int, tmp_path: Path) -> None:
    expected = digests(trained(tmp_path, "straight"))
    rng, done, inside, runs = random.Random(0), 0, 0, 0
    run = Run(tmp_path / "runs" / "k0")
    while done < kills:
        before = whole(run)
        command = Command(tmp_path, *WIDE, "--name", run.name, "--resume", "auto")
        saving = 3 * inside < done + 1
        if killed(command, run, rng, saving=saving):
            done += 1
            inside += bool(temporaries(run))
        # What was whole before is there, or newer ones are, and never fewer than two once there were two.
        after = whole(run)
        assert max(after, default=0) >= max(before, default=0)
        assert len(after) >= min(len(before), 2)
        if run.checkpoint(120).exists():
            assert digests(run) == expected
            runs += 1
            run = Run(tmp_path / "runs" / f"k{runs}")
    assert digests(trained(tmp_path, run.name)) == expected
    print(f"\n{kills} kills, {inside} of them inside a save, of {runs + 1} runs: none lost, all as if undisturbed")


def trained(folder: Path, name: str) -> Run:
    """A run of that name, begun or continued to its end."""
    finished(folder, *WIDE, "--name", name, "--resume", "auto")
    run = Run(folder / "runs" / name)
    assert not temporaries(run)
    return run
