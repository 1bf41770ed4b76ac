"""Where memory runs out while images are made or looked at, fewer are taken at a time; the training goes on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import Gan
from small import TINY_WORDS, trainer
from torch import Tensor, nn

from gancli.architectures.dcgan import DCGAN
from gancli.base.errors import GanError
from gancli.compute.memory import BatchSize, out_of_memory
from gancli.evaluation import monitor
from gancli.extractors.embedder import Embedder
from gancli.extractors.random_features import RandomConvolutions
from gancli.generation.sampler import Sampler
from gancli.runs.run import Run
from gancli.telemetry.ticks import Kind

CPU = torch.device("cpu")
ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("MPS backend out of memory (MPS allocated: 9.00 GB, other allocations: 1.00 GB)."),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
]


class Room:
    """Memory with room for batches of so many; notes every batch that is tried."""

    def __init__(self, most: int, error: Exception = ERRORS[0]) -> None:
        self.most, self.error = most, error
        self.tried: list[int] = []

    def take(self, count: int) -> None:
        self.tried.append(count)
        if count > self.most:
            raise self.error


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Callable[[Room], Room]:
    """Have every dcgan sample only batches that there is room for; what it makes in its training always has room."""

    def limit(room: Room) -> Room:
        generate = DCGAN.generate

        def generated(self: DCGAN, networks: dict[str, nn.Module], z: Tensor, *rest: object) -> Tensor:
            if not networks["G"].training:
                room.take(len(z))
            return generate(self, networks, z, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(DCGAN, "generate", generated)
        return room

    return limit


def sampler() -> Sampler:
    return trainer().gallery.sampler


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: str(error)[:24])
def test_batches_are_halved_where_memory_runs_out_and_stay_so(
    error: Exception, limited: Callable[[Room], Room]
) -> None:
    make = sampler()
    z = make.latents(0, range(100))
    whole = make(z, None)
    room = limited(Room(20, error))
    fewer = make(z, None)
    assert room.tried == [64, 32, *[16] * 7]
    assert whole.shape == fewer.shape
    assert np.abs(whole.astype(int) - fewer).max() <= 1  # other kernels, other last bits
    room.tried.clear()
    make(z[:20], None)
    assert room.tried == [16, 16]


def test_an_image_does_not_depend_on_how_many_are_asked_for_in_smaller_batches_either(
    limited: Callable[[Room], Room],
) -> None:
    limited(Room(20))
    make = sampler()
    z = make.latents(0, range(40))
    many = make(z, None)
    assert all(np.array_equal(many[:count], make(z[:count], None)) for count in (1, 3, 16, 17))


def test_a_model_with_room_for_no_image_says_so_in_a_line(limited: Callable[[Room], Room]) -> None:
    make = sampler()
    z = make.latents(0, range(4))
    room = limited(Room(0))
    with pytest.raises(GanError, match="Out of memory on cpu: there is no room to make one image of 16"):
        make(z, None)
    assert room.tried == [64, 32, 16, 8, 4, 2, 1]


def test_any_other_error_is_not_tried_again() -> None:
    size, tried = BatchSize(8), []

    def broken(count: int) -> None:
        tried.append(count)
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    with pytest.raises(RuntimeError, match="illegal"):
        size.compute(broken)
    assert tried == [8]


def test_what_a_failed_batch_held_is_free_before_the_next_one() -> None:
    held: list[object] = []

    class Big:
        def __del__(self) -> None:
            held.remove(id(self))

    def full(count: int) -> int:
        assert not held
        big = Big()
        held.append(id(big))
        if count > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return count

    assert BatchSize(8).compute(full) == 2


def test_an_extractor_sees_fewer_at_a_time_where_memory_runs_out() -> None:
    room = Room(10)

    class Limited(RandomConvolutions):
        def forward(self, pixels: Tensor) -> Tensor:
            room.take(len(pixels))
            return super().forward(pixels)

    pixels = np.random.default_rng(0).integers(0, 256, (70, 1, 8, 8), np.uint8)
    see = Embedder("limited", Limited(1), (), CPU)
    assert np.allclose(see(pixels).rows, Embedder("all", RandomConvolutions(1), (), CPU)(pixels).rows, atol=1e-5)
    assert see.batch.size == 8


def test_a_training_goes_on_with_smaller_batches_of_samples(limited: Callable[[Room], Room], tmp_path: Path) -> None:
    training = trainer(tmp_path / "run", steps=4, sample_every=2)
    room = limited(Room(20))
    events = [event for tick in training for event in tick.events]
    assert not [event for event in events if event.kind is Kind.UNSAVED]
    assert room.tried.count(64) == 1
    assert training.run.sample(4).exists()


def test_a_training_whose_samples_have_no_room_goes_on_and_says_so(
    limited: Callable[[Room], Room], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "N", 32)
    training = trainer(tmp_path / "run", steps=4, sample_every=2, eval_every=4)
    limited(Room(0))
    texts = [(event.kind, event.text) for tick in training for event in tick.events if event.text]
    assert [kind for kind, _ in texts] == [Kind.UNSAVED, Kind.EVALUATION, Kind.UNSAVED, Kind.UNSAVED]
    assert texts[0][1].startswith(
        "No picture of samples: Out of memory on cpu: there is no room to make one image of 16"
    )
    assert texts[1][1].startswith("Not evaluated: Out of memory on cpu")
    assert training.saved


def test_the_command_trains_to_its_end_though_nothing_can_be_drawn(gan: Gan, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise ERRORS[0]

    monkeypatch.setattr(Sampler, "_batch", full)
    done = gan("train", *TINY_WORDS, "--steps", 4, "--display", "plain", "--name", "drawn")
    assert done.code == 0, done.err
    assert "No picture of samples: Out of memory on " in done.err
    assert Run(Path("runs/drawn")).checkpoint(4).exists()
    refused = gan("sample", "drawn", "-n", 2)
    assert refused.code == 1
    assert "Error: Out of memory on " in refused.err
    assert len(refused.err.strip().splitlines()) == 1


def test_errors_of_other_kinds_are_no_lack_of_memory() -> None:
    assert all(out_of_memory(error) for error in ERRORS)
    assert not out_of_memory(RuntimeError("shape mismatch"))
    assert not out_of_memory(GanError("Out of memory"))
