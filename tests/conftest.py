"""What every test shares: one thread, folders of its own, and `gan` as a function."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from gancli.pytest_plugin import Gan, Outcome, gan
from gancli.runs.run import Run

__all__ = ["Gan", "Outcome", "gan"]

# Networks here are tiny: threads would only wait for each other, and xdist has its own processes.
os.environ["OMP_NUM_THREADS"] = "1"

# Where the tests themselves run in the background, a shell has them ignore signals, and processes they start would too.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test works in an empty folder, with a cache of its own and no settings from outside."""
    for name in [name for name in os.environ if name.startswith("GAN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path_factory.mktemp("work"))
    monkeypatch.setenv("GAN_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of 30 steps, with checkpoints of steps 10, 20 and 30, that nothing happened to."""
    from faults.processes import TRAIN, finished

    folder = tmp_path_factory.mktemp("undisturbed")
    finished(folder, *TRAIN, "--steps", 30, "--checkpoint-every", 10, "--log-every", 10, "--name", "whole")
    return Run(folder / "runs" / "whole")


@pytest.fixture
def copied(undisturbed: Run, tmp_path: Path) -> Callable[[], Run]:
    """A fresh copy of that run in the folder runs/whole of the test."""

    def copy() -> Run:
        target = tmp_path / "runs" / "whole"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(undisturbed.path, target, symlinks=True)
        return Run(target)

    return copy
