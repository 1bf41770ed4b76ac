"""What cannot be saved is refused before training where that can be known, and is told in every other case."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small import made, trainer
from torch import Tensor, nn

from gancli.architectures.dcgan import DCGAN
from gancli.base.errors import GanError, UsageError
from gancli.data.images import Images
from gancli.runs import checkpoint, saver
from gancli.runs.checkpoint import Checkpoint, Header
from gancli.runs.run import Run
from gancli.runs.saver import Saver
from gancli.telemetry.ticks import Kind
from gancli.training.trainer import Trainer

KEPT = [
    torch.uint16,
    torch.uint32,
    torch.uint64,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
    torch.complex64,
    torch.float16,
    torch.bool,
]


@pytest.fixture
def with_buffer(monkeypatch: pytest.MonkeyPatch) -> Callable[[Tensor], None]:
    """Have every dcgan bear a buffer in each of its networks."""

    def bear(value: Tensor) -> None:
        build = DCGAN.build

        def built(self: DCGAN, spec: Any, conditional: bool) -> dict[str, nn.Module]:
            networks = build(self, spec, conditional)
            for network in networks.values():
                network.register_buffer("odd", value.clone())
            return networks

        monkeypatch.setattr(DCGAN, "build", built)

    return bear


def tensors_of(path: Path) -> dict[str, Tensor]:
    with Checkpoint(path) as file:
        return file.tensors()


def unsaved(saver: Saver) -> list[str]:
    return [event.text for event in saver.news() if event.kind is Kind.UNSAVED]


@pytest.mark.parametrize("dtype", KEPT, ids=str)
def test_buffers_of_any_type_that_a_file_holds_are_trained_with_and_saved(
    dtype: torch.dtype, with_buffer: Callable[[Tensor], None], tmp_path: Path
) -> None:
    with_buffer(torch.tensor([0.0, 1.0, 1.0]).to(dtype))
    training = trainer(tmp_path / "run", steps=2)
    *_, last = training
    assert [event.kind for event in last.events if event.kind in {Kind.CHECKPOINT, Kind.UNSAVED}] == [Kind.CHECKPOINT]
    kept = tensors_of(training.run.checkpoint(2))["G_ema.odd"]
    assert kept.dtype is dtype
    assert kept.to(torch.complex64).real.tolist() == [0, 1, 1]
    trainer(steps=4).resume(training.run.checkpoint(2))


@pytest.mark.parametrize("dtype", [torch.float8_e5m2, torch.complex64], ids=str)
def test_what_is_not_finite_is_found_in_every_type(
    dtype: torch.dtype, with_buffer: Callable[[Tensor], None], tmp_path: Path
) -> None:
    with_buffer(torch.tensor([0.0, torch.inf]).to(dtype))
    with pytest.raises(GanError, match="odd is no longer finite"):
        list(trainer(tmp_path / "run", steps=2))


def test_a_buffer_that_no_file_holds_is_refused_before_training(
    with_buffer: Callable[[Tensor], None], tmp_path: Path
) -> None:
    with_buffer(torch.zeros(3, dtype=torch.complex128))
    with pytest.raises(GanError, match=r"odd is complex128, which no safetensors file holds\. There are: bool, "):
        trainer()


def test_images_too_large_for_a_checkpoint_are_refused_before_training() -> None:
    pixels = np.broadcast_to(np.uint8(0), (4, 3, 4096, 4096))
    with pytest.raises(UsageError, match=r"Images of 4096x4096 in 3 channels are too large.*smaller --size"):
        trainer(data=Images(pixels))


def labelled(length: int) -> Images:
    """Four images of 100,000 classes whose names have so many letters."""
    names = tuple(f"{number:0{length}d}" for number in range(100_000))
    return Images(np.zeros((4, 1, 8, 8), np.uint8), np.arange(4), names)


def test_a_hundred_thousand_class_names_are_saved_and_read_again(tmp_path: Path) -> None:
    training = trainer(tmp_path / "run", labelled(12), steps=1, conditional=False, arch__width=2)
    list(training)
    assert training.saved
    assert len(checkpoint.verify(training.run.checkpoint(1)).spec.classes) == 100_000


def test_more_class_names_than_a_checkpoint_has_room_for_are_refused_before_training() -> None:
    with pytest.raises(GanError, match=r"could not be saved: the names of 100,000 classes and \d+ tensors take"):
        trainer(data=labelled(120), conditional=False, arch__width=2)


@pytest.fixture
def training(tmp_path: Path) -> Trainer:
    return trainer(tmp_path / "run")


class Writes:
    """Stands for the writing of checkpoints: `error` is raised, and it takes until `gate` is open."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, path: Path, tensors: dict[str, Tensor], header: Header) -> None:
        self.gate.wait(30)
        if self.error:
            raise self.error
        path.write_bytes(b"")


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> Writes:
    stand_in = Writes()
    monkeypatch.setattr(saver.checkpoint, "save", stand_in)
    return stand_in


def submit(saver: Saver, training: Trainer, step: int = 0, *, best: bool = False) -> None:
    saver.submit(training.tensors(), training.state.header().model_copy(update={"step": step}), best=best)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), "there is no memory for a copy"),
        (KeyError("torch.complex128"), "KeyError: 'torch.complex128'"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (GanError("The disk is full.", "Clear it."), "The disk is full. Clear it."),
    ],
)
def test_whatever_keeps_a_checkpoint_from_being_written_is_told(
    error: Exception, reason: str, training: Trainer, writes: Writes, tmp_path: Path
) -> None:
    saver = Saver(made(tmp_path / "run"), 2, pause=0.0)
    writes.error = error
    submit(saver, training)
    saver.wait()
    assert reason in saver.fault
    (text,) = unsaved(saver)
    assert text == f"{saver.fault} Training goes on, and tries again."
    assert saver.wants_another_try
    writes.error = None
    submit(saver, training)
    saver.wait()
    assert (saver.fault, saver.wants_another_try) == ("", False)


def test_a_copy_for_which_there_is_no_memory_is_told(
    training: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory")

    saver = Saver(made(tmp_path / "run"), 2, pause=0.0)
    with monkeypatch.context() as patch:
        patch.setattr(torch, "empty", full)
        submit(saver, training)
    assert "there is no memory for a copy" in saver.fault
    assert saver.wants_another_try
    submit(saver, training)
    saver.wait()
    assert not saver.fault
    assert saver.run.latest() == saver.run.checkpoint(0)


def test_nothing_is_tried_again_while_the_next_try_is_still_being_written(
    training: Trainer, writes: Writes, tmp_path: Path
) -> None:
    saver = Saver(made(tmp_path / "run"), 2, pause=0.0)
    writes.error = OSError(28, "No space left on device")
    submit(saver, training)
    saver.wait()
    assert saver.wants_another_try
    writes.gate.clear()
    submit(saver, training)
    assert not saver.wants_another_try
    writes.gate.set()
    saver.wait()
    assert saver.wants_another_try


def test_a_failed_checkpoint_is_tried_again_only_after_a_pause(
    training: Trainer, writes: Writes, tmp_path: Path
) -> None:
    saver = Saver(made(tmp_path / "run"), 2, pause=0.3)
    writes.error = OSError(28, "No space left on device")
    submit(saver, training)
    saver.wait()
    assert not saver.wants_another_try
    time.sleep(0.4)
    assert saver.wants_another_try


def test_old_checkpoints_that_cannot_be_deleted_take_nothing_from_the_new_one(
    training: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("Symlink loop")

    monkeypatch.setattr(Run, "prune", broken)
    saver = Saver(made(tmp_path / "run"), 2)
    submit(saver, training)
    saver.wait()
    assert not saver.fault
    assert unsaved(saver) == ["Old checkpoints of run cannot be deleted: RuntimeError: Symlink loop."]
    assert saver.run.latest() == saver.run.checkpoint(0)


def test_the_steps_that_were_the_best_and_are_lost_are_named_once(
    training: Trainer, writes: Writes, tmp_path: Path
) -> None:
    saver = Saver(made(tmp_path / "run"), 2)
    writes.error = OSError(28, "No space left on device")
    for step, best in ((3, True), (5, False), (7, True)):
        submit(saver, training, step, best=best)
    saver.wait()
    assert saver.lost() == [3, 7]
    assert saver.lost() == []
