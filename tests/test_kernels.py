"""Kernels: fast ones or deterministic ones while a training runs, and the process's own settings afterwards."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from conftest import Gan
from small import TINY_WORDS, trainer

from gancli.base.errors import GanError
from gancli.commands import resuming
from gancli.compute.kernels import chosen_kernels
from gancli.config.config import Resolved
from gancli.runs.checkpoint import read_header, verify
from gancli.runs.run import Run

Settings = tuple[bool, bool, str, str | None]
TRAIN = ["train", *TINY_WORDS, "--display", "none", "--device", "cpu"]


def settings() -> Settings:
    """What decides torch's kernels: deterministic ones only, autotuned ones, TF32, and cuBLAS's workspace."""
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.backends.cudnn.benchmark,
        torch.get_float32_matmul_precision(),
        os.environ.get("CUBLAS_WORKSPACE_CONFIG"),
    )


@pytest.mark.parametrize(
    ("deterministic", "expected"), [(False, (False, True, "high", None)), (True, (True, False, "high", ":4096:8"))]
)
def test_a_training_chooses_its_kernels_and_leaves_the_process_its_own(
    deterministic: bool, expected: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    before = settings()
    during = [settings() for _ in trainer(deterministic=deterministic)]
    assert set(during) == {expected}
    assert settings() == before


def test_an_error_leaves_the_process_its_own_kernels() -> None:
    before = settings()
    with pytest.raises(KeyError), chosen_kernels(deterministic=True):
        raise KeyError
    assert settings() == before


def test_an_operation_without_a_deterministic_kernel_is_told_in_a_line() -> None:
    pixels, places = torch.zeros(3), torch.tensor([0, 0])
    with pytest.raises(GanError) as refused, chosen_kernels(deterministic=True):
        pixels.put_(places, torch.ones(2))
    expected = "A step cannot be deterministic: put_ does not have a deterministic implementation."
    assert str(refused.value) == f"{expected} Train without --deterministic."


def test_a_deterministic_run_stays_so_when_it_is_resumed_and_has_the_weights_of_one_that_never_stopped(
    gan: Gan,
) -> None:
    gan(*TRAIN, "--deterministic", "--steps", 8, "--name", "straight")
    gan(*TRAIN, "--deterministic", "--steps", 4, "--name", "stopped")
    resumed = gan("train", "--resume", "stopped", "--steps", 8, "--display", "none")
    assert (resumed.code, "Note" in resumed.err) == (0, False)
    ends = [Run(Path("runs") / name).checkpoint(8) for name in ("straight", "stopped")]
    assert [read_header(path).settings["deterministic"] for path in ends] == [True, True]
    assert verify(ends[0]).digests == verify(ends[1]).digests


def test_a_run_resumed_with_other_kernels_is_told_that_it_will_differ(gan: Gan) -> None:
    gan(*TRAIN, "--steps", 4, "--name", "mine")
    resumed = gan("train", "--resume", "mine", "--deterministic", "--steps", 8, "--display", "none")
    assert "deterministic was False and is True: the run will differ" in resumed.err


@pytest.mark.parametrize(
    ("device", "deterministic", "differs"), [("cuda", False, True), ("cuda", True, False), ("cpu", False, False)]
)
def test_a_run_resumed_on_cuda_is_told_that_it_will_differ_unless_it_is_deterministic(
    device: str, deterministic: bool, differs: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    training = trainer(tmp_path / "run", deterministic=deterministic, steps=1)
    *_, _ = training
    assert training.run is not None
    header = read_header(training.run.checkpoint(1))
    monkeypatch.setattr("gancli.training.state.machine", lambda _: header.machine)
    elsewhere: Any = SimpleNamespace(device=torch.device(device))
    notes = list(resuming._differences(Resolved(training.settings, {}), training.data, header, elsewhere))
    assert notes == (["CUDA adds in no fixed order without --deterministic"] if differs else [])
