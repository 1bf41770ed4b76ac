"""Who trains a run: on this machine, on another one, and where file systems have no locks."""

import errno
import json
import os
import time
from pathlib import Path
from threading import Thread

import pytest
from conftest import Gan
from small import made

from gancli.base.errors import GanError
from gancli.runs import lock
from gancli.runs.lock import FRESH, Lock, LockWarning
from gancli.runs.run import Run

SETTINGS = '[arch]\nname = "dcgan"\n[loss]\nname = "gan"\n[data]\nname = "digits"\nsource = "digits"\n'


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that has no checkpoint."""
    run = made(tmp_path / "runs" / "mine")
    run.config.write_text(SETTINGS)
    return run


def trained_on(run: Run, host: str | None, seconds_ago: float = 0) -> Path:
    """Its lock file as a machine leaves it that trains it, with the heartbeat of so many seconds ago."""
    path = run.path / "lock"
    path.write_text(json.dumps({"state": "training", "process": 1, "time": 1.0, **({"host": host} if host else {})}))
    os.utime(path, (time.time() - seconds_ago,) * 2)
    return path


def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def unheard_of(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", unheard_of)


def test_what_another_machine_trains_is_training_while_its_heart_beats(run: Run) -> None:
    trained_on(run, "elsewhere")
    assert run.state == "training"
    trained_on(run, "elsewhere", seconds_ago=FRESH + 10)
    assert run.state == "crashed"


@pytest.mark.parametrize("host", [None, lock.host()], ids=["by version 0.1.0", "here"])
def test_what_this_machine_trained_has_crashed_at_once(run: Run, host: str | None) -> None:
    trained_on(run, host)
    assert run.state == "crashed"


def test_without_locks_a_crash_shows_by_the_silence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    without_locks(monkeypatch)
    trained_on(run, lock.host())
    assert run.state == "training"
    trained_on(run, lock.host(), seconds_ago=FRESH + 10)
    assert run.state == "crashed"
    trained_on(run, None, seconds_ago=FRESH + 10)
    assert run.state == "training"  # nobody can tell


def test_the_heart_beats_from_the_beginning_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    held = Lock(path, beat=0.02)
    held.begin()
    os.utime(path, (1, 1))
    time.sleep(0.5)
    assert path.stat().st_mtime > 1
    held.end("finished")
    time.sleep(0.1)
    os.utime(path, (1, 1))
    time.sleep(0.1)
    assert path.stat().st_mtime == 1
    assert lock.read(path).state == "finished"


def test_a_run_that_another_machine_trains_is_kept_from_others(run: Run) -> None:
    path = trained_on(run, "elsewhere")
    beating = Thread(target=lambda: (time.sleep(0.3), os.utime(path)))
    beating.start()
    with (
        pytest.warns(LockWarning, match="was trained on elsewhere"),
        pytest.raises(GanError, match="being trained on elsewhere"),
        lock.locked(path, silence=20),
    ):
        pass
    beating.join()
    assert lock.read(path).host == "elsewhere"


def test_a_run_goes_on_here_once_the_other_machine_is_silent(run: Run) -> None:
    path = trained_on(run, "elsewhere")
    context = lock.locked(path, silence=0.3)
    with pytest.warns(LockWarning):
        held = context.__enter__()
    held.begin()
    assert lock.read(path).host == lock.host()
    held.end("finished")
    context.__exit__(None, None, None)
    assert run.state == "finished"


def test_what_fails_before_it_begins_leaves_the_state_as_it_was(run: Run) -> None:
    trained_on(run, None)
    with pytest.raises(GanError), run.lock():
        raise GanError("no images")
    assert run.state == "crashed"


def test_a_shorter_word_is_written_over_a_longer_one_which_is_never_cut(run: Run) -> None:
    path = run.path / "lock"
    path.write_text(json.dumps({"state": "training", "host": lock.host(), "more": "x" * 200}))
    with run.lock() as held:
        held.end("diverged")
    assert path.stat().st_size > 200  # a full disk has room for what is there
    assert run.state == "diverged"


def test_what_another_machine_trains_is_not_deleted(gan: Gan, run: Run) -> None:
    trained_on(run, "elsewhere")
    refused = gan("runs", "clean", str(run.path), "--yes")
    assert refused.code == 2
    assert "is being trained" in refused.err
    assert run.config.exists()


def test_a_run_that_goes_on_while_one_is_asked_stays(gan: Gan, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    resumed = run.lock()
    monkeypatch.setattr("click.confirm", lambda *_, **__: resumed.__enter__())
    refused = gan("runs", "clean", str(run.path))
    resumed.__exit__(None, None, None)
    assert refused.code == 1
    assert "being trained by another process" in refused.err
    assert run.config.exists()


def test_nobody_can_resume_what_is_being_deleted(gan: Gan, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from gancli.base import files

    states = []

    def delete(folder: Path) -> None:
        states.append(run.state)
        delete_folder(folder)

    delete_folder = files.delete_folder
    monkeypatch.setattr(files, "delete_folder", delete)
    assert gan("runs", "clean", str(run.path), "--yes").code == 0
    assert states == ["training"]  # the lock is held
    assert not run.path.exists()
    assert not list(run.path.parent.iterdir())


@pytest.mark.parametrize(
    "text", ["", "theme = 'dark'\n", "not toml", "[arch]\nname = 'x'\n", "arch = 1\nloss = 2\ndata = 3\n"], ids=repr
)
def test_a_folder_with_settings_of_something_else_is_no_run(gan: Gan, text: str) -> None:
    folder = Path("runs/editor")
    (folder / "notes").mkdir(parents=True)
    (folder / "config.toml").write_text(text)
    assert gan("runs", "clean", "--yes").out == "There is nothing to delete.\n"
    assert gan("runs", "clean", "editor", "--yes").code == 1
    assert gan("runs", "clean", str(folder), "--yes").code == 1
    assert gan("train", "--resume", "auto", "--name", "editor").code == 2
    assert (folder / "config.toml").read_text() == text
    assert (folder / "notes").is_dir()
