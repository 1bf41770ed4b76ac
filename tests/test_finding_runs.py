"""Which run or checkpoint is meant: from any folder, by any path, and while others train, begin and delete."""

import os
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Barrier, Thread

import pytest
from conftest import Gan
from small import TINY_WORDS, made

from gancli.base.errors import GanError, UsageError
from gancli.runs import finding
from gancli.runs.checkpoint import verify
from gancli.runs.finding import find_run, new_run, run_of
from gancli.runs.lock import Lock
from gancli.runs.run import Run

SETTINGS = '[arch]\nname = "dcgan"\n[loss]\nname = "gan"\n[data]\nname = "digits"\nsource = "digits"\n'
TRAIN = ["train", *TINY_WORDS, "--display", "none", "--steps", 4, "--checkpoint-every", 2]


def saved(name: str, *steps: int) -> Run:
    """A run with empty checkpoints."""
    run = made(Path("runs") / name)
    run.config.write_text(SETTINGS)
    for step in steps:
        run.checkpoint(step).touch()
        os.utime(run.checkpoint(step), (step, step))
    return run


def test_runs_that_begin_at_once_get_numbers_of_their_own() -> None:
    count = 8
    barrier, begun = Barrier(count), list[Run]()

    def begin() -> None:
        barrier.wait()
        begun.append(new_run(Path("runs"), "label", None))

    threads = [Thread(target=begin) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(run.name for run in begun) == [f"{number:04d}-label" for number in range(1, count + 1)]


def test_a_number_that_another_takes_after_it_was_chosen_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    make = Run.make

    def make_second(self: Run, *, again: bool = False) -> None:
        self.path.mkdir(parents=True, exist_ok=True) if self.name == "0001-label" else None
        make(self, again=again)

    monkeypatch.setattr(Run, "make", make_second)
    assert new_run(Path("runs"), "label", None).name == "0002-label"


def test_a_name_that_was_asked_for_is_never_another() -> None:
    new_run(Path("runs"), "label", "mine")
    with pytest.raises(UsageError, match="There is a run"):
        new_run(Path("runs"), "label", "mine")


@pytest.mark.parametrize("deleted", ["all of it", "its checkpoints", "the oldest"])
def test_the_newest_run_is_found_while_a_trainer_deletes_checkpoints(
    deleted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved("old", 10)
    busy = saved("busy", 20, 30)
    listed = Run.checkpoints

    def then_deleted(self: Run) -> list[Path]:
        paths = listed(self)
        if self.name == "busy":
            for path in {"the oldest": paths[:1]}.get(deleted, paths):
                path.unlink()
        return paths

    monkeypatch.setattr(Run, "checkpoints", then_deleted)
    assert find_run(None).name == ("busy" if deleted == "the oldest" else "old")
    assert busy.path.exists()


def test_nothing_is_found_where_no_run_has_a_checkpoint() -> None:
    saved("empty")
    with pytest.raises(GanError, match="no run with a checkpoint"):
        find_run(None)


@pytest.mark.parametrize("cwd", [".", "runs", "runs/mine", "runs/mine/checkpoints"])
def test_a_run_is_known_by_its_name_from_every_folder(cwd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved("mine", 10).checkpoint(10).absolute()
    monkeypatch.chdir(cwd)
    run = run_of(Path(os.path.relpath(path)))
    assert run is not None
    assert (run.name, run.checkpoint(10).resolve()) == ("mine", path.resolve())


@pytest.mark.parametrize(("cwd", "word"), [("runs/mine", "."), ("runs/mine/checkpoints", ".."), (".", "runs/mine/")])
def test_a_run_has_its_name_however_it_is_pointed_at(cwd: str, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    saved("mine", 10)
    monkeypatch.chdir(cwd)
    assert find_run(word).name == "mine"


def test_a_checkpoint_beside_a_run_is_not_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    run = saved("mine", 10)
    (run.path / "given.safetensors").touch()
    monkeypatch.chdir(run.path)
    assert run_of(Path("given.safetensors")) is None


@pytest.mark.parametrize("word", [".", "step-00000002.safetensors", "../checkpoints/step-00000002.safetensors"])
def test_a_run_is_resumed_from_within(gan: Gan, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gan(*TRAIN, "--name", "mine").code == 0
    run = Run(Path("runs/mine").resolve())
    monkeypatch.chdir(run.path if word == "." else run.path / "checkpoints")
    before = set(run.path.parent.iterdir())
    resumed = gan("train", "--resume", word, "--steps", 6, "--display", "none")
    assert resumed.code == 0, resumed.err
    assert Path(resumed.out.strip()).resolve() == run.path
    assert verify(run.latest()).step == 6
    assert set(run.path.parent.iterdir()) == before
    assert finding.home() == Path("runs")


def test_a_run_that_is_deleted_before_it_goes_on_does_not_begin_anew(gan: Gan, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gan(*TRAIN, "--name", "mine").code == 0
    lock = Run.lock

    def deleted(self: Run) -> AbstractContextManager[Lock]:
        for path in self.checkpoints():
            path.unlink()
        return lock(self)

    monkeypatch.setattr(Run, "lock", deleted)
    refused = gan("train", "--resume", "mine", "--steps", 9, "--display", "none")
    assert refused.code == 1
    assert "no checkpoint to continue from" in refused.err
    assert not Run(Path("runs/mine")).checkpoints()
