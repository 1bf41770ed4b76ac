"""The run files in examples/ are accepted as they are, and train once their data is there; the scripts run."""

import gzip
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import Gan
from PIL import Image

PLACE = Path(__file__).parents[1] / "examples"
EXAMPLES = sorted(PLACE.glob("*.toml"))
SCRIPTS = [path for path in sorted(PLACE.glob("*.py")) if path.stem != "owning_the_step"]  # that has tests of its own
SLOW = {"publishing"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_config_accepts_it_with_and_without_its_data(gan: Gan, path: Path) -> None:
    without = gan("train", "--config", path, "--dry-run")
    assert (without.code, without.err) == (0, "")
    assert "[arch]" in without.out
    assert "# The networks depend on the images" in without.out
    _make_data()
    assert "# G: " in gan("train", "--config", path, "--dry-run").out


def test_there_is_one_for_each_preset_and_one_for_faces() -> None:
    names = {path.stem for path in EXAMPLES}
    assert {"mnist-gan", "mnist-dcgan", "mnist-cgan", "mnist-wgan", "mnist-wgan-gp", "faces-64"} <= names


@pytest.mark.parametrize(
    "path",
    [pytest.param(each, marks=[pytest.mark.slow] if each.stem in SLOW else [], id=each.stem) for each in SCRIPTS],
)
def test_a_script_runs_as_it_stands(path: Path) -> None:
    """Those that train take the number of steps; without one they take as many as give a picture worth a look."""
    done = subprocess.run([sys.executable, path, "3"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def _make_data() -> None:
    faces, mnist = Path("data/faces"), Path("data/mnist")
    faces.mkdir(parents=True)
    mnist.mkdir()
    Image.fromarray(np.full((90, 70, 3), 128, np.uint8)).save(faces / "a.jpg")
    images = struct.pack(">4B3I", 0, 0, 8, 3, 4, 28, 28) + bytes(4 * 28 * 28)
    (mnist / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
    (mnist / "train-labels-idx1-ubyte.gz").write_bytes(
        gzip.compress(struct.pack(">4BI", 0, 0, 8, 1, 4) + bytes([0, 1, 2, 3]))
    )
