"""Checkpoints that were damaged on the disk: noticed, named, and the one before is taken."""

import json
import random
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Gan
from faults.processes import ended, finished

from gancli.base.errors import GanError
from gancli.runs import checkpoint
from gancli.runs.run import DamageWarning, Run

Copied = Callable[[], Run]
LONGER = ["train", "--resume", "whole", "--steps", 40, "--display", "none"]


def flipped(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1 << (place % 8)
    path.write_bytes(data)


def test_a_byte_flipped_anywhere_is_noticed(undisturbed: Run, tmp_path: Path) -> None:
    path, whole = tmp_path / "x.safetensors", undisturbed.latest().read_bytes()
    table = 8 + int.from_bytes(whole[:8], "little")
    rng = random.Random(0)
    places = [*range(8), *(rng.randrange(table) for _ in range(100)), *(rng.randrange(len(whole)) for _ in range(100))]
    for place in places:
        path.write_bytes(whole)
        flipped(path, place)
        with pytest.raises(GanError, match=r"x\.safetensors"):
            checkpoint.verify(path)


def test_a_file_cut_at_50_random_places_is_noticed(undisturbed: Run, tmp_path: Path) -> None:
    path, whole = tmp_path / "x.safetensors", undisturbed.latest().read_bytes()
    rng = random.Random(0)
    for length in [0, 1, 7, 8, 9, len(whole) - 1, *(rng.randrange(len(whole)) for _ in range(44))]:
        path.write_bytes(whole[:length])
        with pytest.raises(GanError, match=r"x\.safetensors"):
            checkpoint.verify(path)


@pytest.mark.parametrize("harm", ["flip", "cut", "header", "remove"])
def test_the_checkpoint_before_is_taken_and_the_damaged_one_named(copied: Copied, gan: Gan, harm: str) -> None:
    run = copied()
    newest = run.checkpoint(30)
    size = newest.stat().st_size
    if harm == "remove":
        newest.unlink()
    elif harm == "cut":
        newest.write_bytes(newest.read_bytes()[: size // 2])
    else:
        flipped(newest, size - 100 if harm == "flip" else 200)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert run.latest() == run.checkpoint(20)
    told = [str(each.message) for each in caught if each.category is DamageWarning]
    assert len(told) == (0 if harm == "remove" else 1)
    assert all("step-00000030" in text and "before it is taken" in text for text in told)
    done = gan("sample", str(run.path), "-n", 4)
    assert done.code == 0, done.err
    assert "of step 20" in done.out


def test_a_resumed_run_goes_on_before_the_damage_and_ends_as_if_there_were_none(copied: Copied, tmp_path: Path) -> None:
    ends = []
    for harm in (False, True):
        run = copied()
        if harm:
            flipped(run.checkpoint(30), 5000)
            (run.path / "checkpoints" / ".step-00000030.safetensors.abc.tmp").write_bytes(b"left behind")
        said = finished(tmp_path, *LONGER)
        assert ("step-00000030" in said) is harm
        assert not list((run.path / "checkpoints").glob(".*"))
        assert (run.path / "checkpoints" / "aside" / "step-00000030.safetensors").exists() is harm
        ends.append(checkpoint.verify(run.checkpoint(40)).digests)
    assert ends[0] == ends[1]


def test_a_run_without_a_whole_checkpoint_says_so(copied: Copied, tmp_path: Path) -> None:
    run = copied()
    for path in run.checkpoints():
        flipped(path, 3000)
    code, said = ended(tmp_path, *LONGER)
    assert code == 1
    assert "No checkpoint of run whole is whole" in said


def test_a_run_resumed_from_an_older_checkpoint_sets_the_newer_aside(copied: Copied, tmp_path: Path) -> None:
    run = copied()
    finished(tmp_path, "train", "--resume", run.checkpoint(10), "--steps", 15, "--display", "none")
    assert [path.name for path in run.checkpoints()] == ["step-00000010.safetensors", "step-00000015.safetensors"]
    assert len(list((run.path / "checkpoints" / "aside").iterdir())) == 2


@pytest.mark.parametrize("part", ["arch", "optim"])
@pytest.mark.parametrize("odd", ["dcgan", None, ["x"]])
def test_settings_that_are_no_tables_are_refused_in_a_line(part: str, odd: object, tmp_path: Path, gan: Gan) -> None:
    old = Path(__file__).with_name("format-1.safetensors")
    header = json.loads(old.read_bytes()[8 : 8 + int.from_bytes(old.read_bytes()[:8], "little")])
    told = json.loads(header["__metadata__"]["gancli"])
    told["settings"][part] = odd
    header["__metadata__"]["gancli"] = json.dumps(told)
    text = json.dumps(header).encode()
    data = old.read_bytes()[8 + int.from_bytes(old.read_bytes()[:8], "little") :]
    (tmp_path / "odd.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data)
    for command in ("info", "sample"):
        done = gan(command, tmp_path / "odd.safetensors")
        assert (done.code, len(done.err.splitlines())) == (1, 1), done.err
        assert "damaged" in done.err


def test_a_checkpoint_of_the_first_format_is_resumed(tmp_path: Path, gan: Gan) -> None:
    old = Path(__file__).with_name("format-1.safetensors")
    header = checkpoint.verify(old)
    assert (header.step, header.optim.horizon, header.optim.rollbacks) == (10, 160, 0)
    run = Run(tmp_path / "runs" / "old")
    run.make()
    run.config.write_text("")
    run.checkpoint(10).write_bytes(old.read_bytes())
    assert gan("sample", str(run.path), "-n", 2).code == 0
    done = gan("train", "--resume", str(run.path), "--steps", 12, "--display", "none")
    assert done.code == 0, done.err
    assert set(checkpoint.verify(run.latest()).digests) == set(header.digests)


def test_a_newer_format_is_named(undisturbed: Run, tmp_path: Path) -> None:
    data = undisturbed.latest().read_bytes()
    path = tmp_path / "new.safetensors"
    assert data.count(b'\\"format\\": 2') == 1
    path.write_bytes(data.replace(b'\\"format\\": 2', b'\\"format\\": 9'))
    with pytest.raises(GanError, match="format 9"):
        checkpoint.verify(path)
