"""A checkpoint is opened once, and what it holds is read and held against its digests once."""

import hashlib
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import Gan

from gancli.base import tensor_file
from gancli.base.errors import GanError
from gancli.generation.model import TrainedModel
from gancli.runs import checkpoint
from gancli.runs.checkpoint import Checkpoint
from gancli.runs.run import Run

OPENED: list[str] = []  # the library, which looks at the table of each, tells nobody


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and str(arguments[0]).endswith(".safetensors"):
        OPENED.append(Path(str(arguments[0])).name)


sys.addaudithook(_note)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Bytes that digests were taken of until now."""
    count, real = [0], hashlib.blake2b

    class Counting:
        def __init__(self, data: bytes = b"", **given: Any) -> None:
            count[0] += len(data)
            self.digest = (made := real(data, **given)).digest
            self.hexdigest, self._update = made.hexdigest, made.update

        def update(self, part: Any) -> None:
            count[0] += len(part)
            self._update(part)

    monkeypatch.setattr(hashlib, "blake2b", Counting)
    return lambda: count[0]


@pytest.mark.parametrize("words", [[], ["--truncation", 0.7], ["--sample.truncation=0.7", "--seed", 3]])
def test_sampling_a_run_opens_its_checkpoint_once_and_hashes_it_once(
    words: list[object], copied: Callable[[], Run], gan: Gan, hashed: Callable[[], int]
) -> None:
    run = copied()
    OPENED.clear()
    done = gan("sample", str(run.path), "-n", 4, *words)
    assert done.code == 0, done.err
    # With options that depend on the model, its header is read before the words are understood.
    assert ["step-00000030.safetensors"] * (2 if words else 1) == OPENED
    assert hashed() < 1.1 * run.checkpoint(30).stat().st_size


def test_sampling_a_damaged_run_opens_each_checkpoint_once_and_takes_the_one_before(
    copied: Callable[[], Run], gan: Gan
) -> None:
    run = copied()
    newest = run.checkpoint(30)
    data = bytearray(newest.read_bytes())
    data[-100] ^= 1
    newest.write_bytes(data)
    OPENED.clear()
    done = gan("sample", str(run.path), "-n", 4)
    assert done.code == 0, done.err
    assert OPENED == ["step-00000030.safetensors", "step-00000020.safetensors"]
    assert "of step 20" in done.out


def test_a_model_reads_no_tensors_but_its_own(undisturbed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    take = tensor_file.TensorFile._tensor
    monkeypatch.setattr(
        tensor_file.TensorFile, "_tensor", lambda self, name, digests: (read.append(name), take(self, name, digests))[1]
    )
    TrainedModel.load(undisturbed.latest(), "cpu")
    assert read
    assert all(name.startswith("G_ema.") for name in read)


def test_the_header_of_a_run_is_had_without_reading_its_tensors(
    copied: Callable[[], Run], hashed: Callable[[], int]
) -> None:
    run = copied()
    assert run.header().step == 30
    assert hashed() < 10_000
    run.checkpoint(30).write_bytes(b"no checkpoint")
    assert run.header().step == 20


def test_a_closed_checkpoint_keeps_what_was_read(undisturbed: Run) -> None:
    with Checkpoint(undisturbed.latest()) as file:
        tensors = file.tensors("G.")
    assert all(torch.equal(tensor, tensor) for tensor in tensors.values())
    with pytest.raises(ValueError, match="closed"):
        file.verify()


def test_a_mistake_in_a_call_is_not_called_a_damaged_file(undisturbed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise AttributeError("ours")

    monkeypatch.setattr(tensor_file.TensorFile, "verify", broken)
    with pytest.raises(AttributeError, match="ours"):
        checkpoint.verify(undisturbed.checkpoint(30))
    monkeypatch.setattr(tensor_file.TensorFile, "_tensor", broken)
    with pytest.raises(AttributeError, match="ours"):
        TrainedModel.load(undisturbed.checkpoint(30), "cpu")


def test_files_are_closed_whatever_is_in_them(undisturbed: Run, tmp_path: Path) -> None:
    place = tmp_path / "x.safetensors"
    whole = undisturbed.checkpoint(30).read_bytes()
    before = _descriptors()
    for data in (b"", whole[:500], whole[:-1], whole.replace(b'\\"step\\"', b'\\"stop\\"')):
        place.write_bytes(data)
        with suppress(GanError):
            checkpoint.verify(place)
    assert _descriptors() == before


def _descriptors() -> int:
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("needs /proc")
    return len(list(folder.iterdir()))
