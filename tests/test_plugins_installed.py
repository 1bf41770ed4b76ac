"""Installed packages extend every command through real entry points, and broken ones break nothing."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from fake_package import hook, installed, write
from PIL import Image

from gancli.base.errors import GanError, UsageError
from gancli.config.config import Config
from gancli.config.layers import resolve
from gancli.generation.model import TrainedModel
from gancli.plugins.registry import registry
from gancli.runs.run import Run

TINY = ["--steps=3", "--batch-size=4", "--size=8", "--data.count=20", "--display=none", "--device=cpu"]

STRIPES = """
from typing import ClassVar

import torch
from gancli import AdversarialLoss, Architecture, Field, hookimpl
from torch import nn


@hookimpl
def gancli_register(add):
    add("architecture", "stripes", "gancli_stripes:Stripes", "Every row the same.")
    add("loss", "mean", "gancli_stripes:Mean", "The difference of the means.")
    add("preset", "stripes", "gancli_stripes:PRESET", "Stripes by their means.")


PRESET = {"arch": "stripes", "loss": "mean", "loss.weight": 0.25}


class Stripes(Architecture):
    units: int = Field(3, ge=1, description="Hidden units.")

    def build(self, spec, conditional):
        critic = nn.Sequential(nn.Flatten(), nn.Linear(spec.channels * spec.height * spec.width, 1), nn.Flatten(0))
        return {"G": Rows(self, spec), "D": Unconditional(critic)}


class Rows(nn.Module):
    def __init__(self, options, spec):
        super().__init__()
        self.height, self.layers = spec.height, nn.Linear(options.latent, spec.channels * spec.width)
        self.channels = spec.channels

    def forward(self, z, y):
        return self.layers(z).tanh().unflatten(1, (self.channels, 1, -1)).expand(-1, -1, self.height, -1)


class Unconditional(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = layers

    def forward(self, x, y):
        return self.layers(x)


class Mean(AdversarialLoss):
    suggests: ClassVar = {"optim.lr": 0.003, "arch.units": 5, "arch.of_another": 1}
    weight: float = Field(0.5, ge=0, description="Weight of the scores' squares.")

    def d_loss(self, real, fake):
        return fake.mean() - real.mean() + self.weight * (real.square() + fake.square()).mean()

    def g_loss(self, fake):
        return -fake.mean()
"""


class Done(NamedTuple):
    """What a command printed."""

    stdout: str
    stderr: str


def gan(site: Path, *words: str, code: int = 0) -> Done:
    """Run `gan` beside the site, with its packages installed; `code` is the exit code expected."""
    paths = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    environment |= {"GAN_RUNS": str(site.parent / "runs"), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "gancli", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=site.parent, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return Done(done.stdout, done.stderr)


def named(done: Done, package: str) -> list[str]:
    """The lines on stderr that name the package."""
    return [line for line in done.stderr.splitlines() if package in line]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder that the commands of a test find packages in."""
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a good package, one that offers the same name, a broken one and a hollow one; and a run `a`."""
    site = tmp_path_factory.mktemp("busy") / "site"
    write(site, "gancli-stripes", STRIPES)
    write(site, "other-mean", hook(("loss", "mean", "gancli_stripes:Absent")))
    write(site, "gancli-broken", BROKEN["import error"][0])
    write(site, "gancli-hollow", hook(("loss", "hollow", "gancli_hollow:Absent"), ("metric", "void", "no_module:X")))
    words = ["--arch", "stripes", "--loss", "gancli-stripes/mean", "--loss.weight", "0.25", "--name", "a"]
    trained = gan(site, "train", *words, *TINY)
    assert trained.stdout.splitlines()[-1] == str(site.parent / "runs" / "a")
    assert len(named(trained, "gancli-broken")) <= 1
    return site


def test_a_package_trains_like_a_builtin(busy: Path) -> None:
    settings = (busy.parent / "runs" / "a" / "config.toml").read_text()
    for line in ("units = 5", "weight = 0.25", "lr = 0.003"):
        assert line in settings


def test_a_package_samples_like_a_builtin(busy: Path) -> None:
    gan(busy, "sample", "a", "-n", "4", "--out", "x.png", "--device", "cpu")
    with Image.open(busy.parent / "x.png") as picture:
        assert picture.size == (18, 18)
        rows = np.asarray(picture)[:8, :8]
    assert (rows == rows[0]).all()


def test_a_checkpoint_tells_the_package_it_needs(busy: Path) -> None:
    assert "gancli-stripes 1.0" in gan(busy, "info", "a", "--json").stdout
    with pytest.raises(GanError, match=r"pip install gancli-stripes==1\.0"):
        TrainedModel.load(Run(busy.parent / "runs" / "a").latest(), "cpu")


def test_options_of_a_package_are_typed(busy: Path) -> None:
    text = gan(busy, "train", "--arch", "stripes", "--loss", "gancli-stripes/mean", "--help").stdout
    assert "--arch.units INT" in text
    assert "Hidden units.  [5]" in text
    assert "--loss.weight FLOAT" in text


def test_an_offer_that_cannot_be_imported_is_told_when_it_is_used(busy: Path, tmp_path: Path) -> None:
    assert "hollow" in gan(busy, "list", "losses").stdout
    with (
        installed(tmp_path, "gancli-hollow", hook(("loss", "hollow", "gancli_hollow:Absent"))),
        pytest.raises(GanError, match=r"package gancli-hollow cannot be loaded.*Absent"),
    ):
        resolve([Config("test", {"loss.name": "hollow"})])


def test_a_name_that_two_packages_offer_is_asked_for_with_its_package(tmp_path: Path) -> None:
    with (
        installed(tmp_path / "a", "gancli-stripes", STRIPES),
        installed(tmp_path / "b", "other-mean", hook(("loss", "mean", "gancli_stripes:Absent"))),
    ):
        with pytest.raises(UsageError, match="gancli-stripes/mean or other-mean/mean"):
            resolve([Config("test", {"loss.name": "mean"})])
        assert resolve([Config("test", {"loss.name": "gancli-stripes/mean"})]).settings.loss.suggests["arch.units"] == 5


BROKEN = {
    "import error": ("import nothing_of_that_name", "nothing_of_that_name"),
    "syntax error": ("def (", "SyntaxError"),
    "misspelt hook": (hook(("loss", "x", "a:b")).replace("register", "registre"), "gancli_registre"),
    "unmarked hook": ("def gancli_register(add): ...", "gancli_register"),
    "exception in the hook": (hook() + "    raise RuntimeError('own fault')", "own fault"),
    "wrong argument": (hook().replace("(add)", "(added)") + "    pass", "added"),
    "unknown kind": (hook(("flavour", "x", "a:b")), "flavour"),
    "no module in the target": (hook(("loss", "half-way", "a:b"), ("loss", "x", "nowhere")), "nowhere"),
    "leaves the process": ("import sys; sys.exit(7)", "7"),
}
POINTLESS = {"attribute": "gancli_broken:absent", "module": "gancli_broken.absent"}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_package_is_named_once_and_the_rest_works(case: str, site: Path) -> None:
    source, reason = BROKEN[case]
    write(site, "gancli-broken", source)
    write(site, "gancli-whole", hook(("loss", "whole", "a:b")))
    done = gan(site, "list")
    assert [reason in line for line in named(done, "gancli-broken")] == [True]
    assert "whole" in done.stdout
    assert "half-way" not in done.stdout


@pytest.mark.parametrize("case", POINTLESS)
def test_an_entry_point_to_nothing_is_named_once_and_the_rest_works(case: str, site: Path) -> None:
    write(site, "gancli-broken", "there = 1", {"broken": POINTLESS[case]})
    done = gan(site, "list")
    assert ["absent" in line for line in named(done, "gancli-broken")] == [True]
    assert "dcgan" in done.stdout


def test_a_dataset_that_cannot_be_imported_does_not_stop_a_training(site: Path) -> None:
    write(site, "gancli-hollow", hook(("dataset", "void", "no_module:X")))
    gan(site, "train", "--dry-run", *TINY)


def test_a_builtin_keeps_its_name(tmp_path: Path) -> None:
    with installed(tmp_path, "gancli-rival", hook(("architecture", "gan", "gancli_rival:Absent"))):
        assert registry().find("architecture", "gan").package == "gancli"
        assert registry().find("architecture", "gancli-rival/gan").package == "gancli-rival"
    with pytest.raises(UsageError, match="gancli-rival/gan"):
        registry().find("architecture", "gancli-rival/gan")


def test_packages_can_be_switched_off(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(site, "gancli-broken", BROKEN["import error"][0])
    monkeypatch.setenv("GAN_DISABLE_PLUGINS", "gancli-broken")
    assert not named(gan(site, "list"), "gancli-broken")
