"""Runs that version 0.1.0 left, in tests/stored, are of use to this one."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from gancli.pytest_plugin import Gan

STORED = Path(__file__).parent / "stored"
CONTINUED = STORED / "dcgan-0.1.0-step-60.safetensors"
RUNS = ("dcgan-0.1.0", "mlp-0.1.0")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of runs with copies of the stored ones."""
    for name in RUNS:
        shutil.copytree(STORED / name, tmp_path / name, symlinks=True)
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    monkeypatch.setenv("GAN_CACHE", str(tmp_path / "cache"))
    return tmp_path


def tensors(path: Path) -> dict[str, torch.Tensor]:
    with safe_open(path, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)


@pytest.mark.parametrize("name", RUNS)
def test_the_same_images_come_out_of_it(gan: Gan, home: Path, name: str) -> None:
    assert gan("sample", name, "-n", 4, "--out", home / "new.npz").code == 0
    with np.load(STORED / f"{name}.npz") as before, np.load(home / "new.npz") as now:
        # Another machine may round another way.
        assert np.abs(before["images"].astype(int) - now["images"]).max() <= 1
        assert before.get("labels") is None or (before["labels"] == now["labels"]).all()


@pytest.mark.parametrize("name", RUNS)
def test_it_is_listed_and_told_about(gan: Gan, home: Path, name: str) -> None:
    document = json.loads(gan("info", name, "--json").out)
    assert document["state"] == "finished"
    assert document["settings"]["arch"]["name"] in {"dcgan", "gan"}
    assert name in gan("runs").out


def test_it_goes_on_where_it_stopped_as_it_did_then(gan: Gan, home: Path) -> None:
    outcome = gan("train", "--resume", "dcgan-0.1.0", "--steps", 60, "--display", "none")
    assert outcome.code == 0, outcome.err
    now, then = tensors(home / "dcgan-0.1.0" / "checkpoints" / "step-00000060.safetensors"), tensors(CONTINUED)
    assert now.keys() == then.keys()
    for name, tensor in then.items():
        # Batch normalisation of the average is fitted to its own weights now; then it was copied from G.
        fitted = name.startswith("G_ema.") and ".running_" in name
        if tensor.is_floating_point() and not fitted:
            assert torch.allclose(now[name], tensor, rtol=1e-3, atol=1e-5), name


def test_it_is_evaluated_beside_what_was_measured_then(gan: Gan, home: Path) -> None:
    outcome = gan("evaluate", "dcgan-0.1.0", "-n", 64, "--extractor", "random", "--json")
    assert outcome.code == 0, outcome.err
    now = json.loads(outcome.out)
    lines = [json.loads(line) for line in (STORED / "dcgan-0.1.0" / "evaluations.jsonl").read_text().splitlines()]
    (then,) = (line for line in lines if line["n"] == 64)
    assert now["fingerprint"] == then["fingerprint"]
    assert now["figures"]["fid"] == pytest.approx(then["figures"]["fid"], rel=1e-2)


def test_its_images_are_walked_between(gan: Gan, home: Path) -> None:
    assert gan("interpolate", "dcgan-0.1.0", "--frames", 4, "--out", home / "walk.png").code == 0
