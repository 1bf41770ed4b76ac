"""What every test shares: one thread, folders of its own, and `gan` as a function."""

import os
from collections.abc import Callable
from typing import NamedTuple

import pytest

# Networks here are tiny: threads would only wait for each other, and xdist has its own processes.
os.environ["OMP_NUM_THREADS"] = "1"


class Outcome(NamedTuple):
    """What a command left: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


Gan = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test works in an empty folder, with a cache of its own and no settings from outside."""
    for name in [name for name in os.environ if name.startswith("GAN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path_factory.mktemp("work"))
    monkeypatch.setenv("GAN_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def gan(capsys: pytest.CaptureFixture[str]) -> Gan:
    """`gan("train", "--steps", 3)` runs the command in this process."""
    from gancli.cli import main

    def run(*words: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        return Outcome(int(stopped.value.code or 0), out, err)

    return run
