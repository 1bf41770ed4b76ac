"""Training, resuming and sampling of every preset on a GPU: `uv run pytest -m cuda -n 0`."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import Gan
from small import trainer

from gancli.plugins.registry import BUILT_IN, registry
from gancli.runs.checkpoint import verify
from gancli.runs.run import Run

pytestmark = pytest.mark.cuda
WORDS = ["--data.count", 500, "--device", "cuda", "--display", "none"]
PRESETS = [entry.name for entry in registry().listing("preset") if entry.package == BUILT_IN]


@pytest.fixture(autouse=True)
def _gpu() -> None:
    if not torch.cuda.is_available():
        pytest.fail("these tests were asked for, and torch finds no GPU")


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("preset", PRESETS)
def test_trains_resumes_and_samples(gan: Gan, preset: str, precision: str) -> None:
    words = ["--preset", preset, *WORDS, "--precision", precision]
    assert gan("train", *words, "--steps", 20, "--name", "a").code == 0
    assert gan("train", "--resume", "a", "--steps", 40, "--display", "none").code == 0
    told = json.loads(gan("info", "a", "--json").out)
    assert told["step"] == 40
    assert all(np.isfinite(list(told["metrics"].values())))
    assert gan("sample", "a", "-n", 100, "--out", "a.npz").code == 0
    assert np.load("a.npz")["images"].std() > 0
    assert gan("interpolate", "a", "--frames", 5).code == 0


def test_a_model_trained_on_the_gpu_samples_alike_on_the_cpu(gan: Gan) -> None:
    gan("train", *WORDS, "--steps", 50, "--name", "a")
    for device in ("cuda", "cpu"):
        gan("sample", "a", "--device", device, "--out", f"{device}.npz")
    one, other = (np.load(f"{device}.npz")["images"].astype(int) for device in ("cuda", "cpu"))
    assert np.abs(one - other).mean() < 1


def test_auto_takes_the_gpu_and_bf16() -> None:
    training = trainer(device="auto", precision="auto")
    assert training.device.type == "cuda"
    assert training.dtype is torch.bfloat16


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_deterministic_run_that_is_resumed_has_the_weights_of_one_that_never_stopped(
    gan: Gan, preset: str, precision: str
) -> None:
    words = ["train", "--preset", preset, *WORDS, "--precision", precision, "--deterministic"]
    assert gan(*words, "--steps", 40, "--name", "straight").code == 0
    assert gan(*words, "--steps", 20, "--name", "stopped").code == 0
    resumed = gan("train", "--resume", "stopped", "--steps", 40, "--display", "none")
    assert (resumed.code, "Note" in resumed.err) == (0, False)
    straight, stopped = (verify(Run(Path("runs") / name).checkpoint(40)).digests for name in ("straight", "stopped"))
    assert straight == stopped


def test_a_run_that_is_not_deterministic_is_told_to_differ_when_it_is_resumed(gan: Gan) -> None:
    assert gan("train", *WORDS, "--steps", 20, "--name", "a").code == 0
    resumed = gan("train", "--resume", "a", "--steps", 40, "--display", "none")
    assert "CUDA adds in no fixed order without --deterministic: the run will differ" in resumed.err
