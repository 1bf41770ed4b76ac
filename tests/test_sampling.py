"""What can be asked of a trained model: options that its architecture declares, typed, explained and checked."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import Gan
from fake_package import installed
from PIL import Image

from gancli import Sampling
from gancli.testing import Broken, checks

TINY = ["--steps", 2, "--batch-size", 4, "--size", 8, "--data.count", 20, "--display", "none", "--device", "cpu"]
CODED = """
from typing import ClassVar, Literal

import torch
from gancli import Architecture, Field, Sampling, hookimpl
from torch import nn


@hookimpl
def gancli_register(add):
    add("architecture", "coded", "gancli_coded:Coded", "Latents that begin with a code.")


class Codes(Sampling):
    level: float | None = Field(None, ge=-1, le=1, description="The code, which is otherwise drawn.")
    steps: int = Field(0, ge=0, description="Values of the code that each row of a grid goes through.")
    tone: Literal["plain", "inverted"] = Field("plain", description="Which way light is.")
    flat: bool = Field(False, description="One shade for all pixels.")

    def columns(self, arch):
        return self.steps or None

    def latents(self, arch, numbers, draw):
        z = draw([number // max(self.steps, 1) for number in numbers])
        if self.level is not None:
            z[:, 0] = self.level
        if self.steps:
            z[:, 0] = torch.linspace(-1, 1, self.steps)[[number % self.steps for number in numbers]]
        return z


class Coded(Architecture):
    sampling: ClassVar = Codes

    def build(self, spec, conditional):
        pixels = spec.channels * spec.height * spec.width
        critic = nn.Sequential(nn.Flatten(), nn.Linear(pixels, 1), nn.Flatten(0))
        return {"G": Bare(nn.Linear(self.latent, pixels), nn.Unflatten(1, spec.shape), nn.Tanh()), "D": Bare(critic)}

    def generate(self, networks, z, y, sampling):
        images = networks["G"](z, y)
        images = images.mean((1, 2, 3), keepdim=True).expand_as(images) if sampling.flat else images
        return -images if sampling.tone == "inverted" else images


class Bare(nn.Sequential):
    def forward(self, x, y):
        return super().forward(x)
"""


@pytest.fixture(autouse=True)
def _package(tmp_path: Path) -> Iterator[None]:
    with installed(tmp_path / "site", "gancli-coded", CODED):
        yield


@pytest.fixture
def coded(gan: Gan) -> str:
    assert gan("train", "--arch", "coded", "--name", "coded", *TINY).code == 0
    return "coded"


def arrays(gan: Gan, *words: object) -> np.ndarray:
    done = gan("sample", *words, "--out", "made.npz", "--force")
    assert done.code == 0, done.err
    return np.load("made.npz")["images"].astype(int)


def test_options_reach_generation(gan: Gan, coded: str) -> None:
    plain = arrays(gan, coded, "-n", 4)
    assert not np.array_equal(plain, arrays(gan, coded, "-n", 4, "--sample.level", 0.9))
    assert abs(plain + arrays(gan, coded, "-n", 4, "--sample.tone", "inverted") - 255).max() <= 1
    flat = arrays(gan, coded, "-n", 4, "--sample.flat")
    assert (flat == flat[:, :, :1, :1]).all()


def test_a_row_of_the_grid_shows_the_code(gan: Gan, coded: str) -> None:
    made = arrays(gan, coded, "-n", 10, "--sample.steps", 5)
    assert np.array_equal(made[2], arrays(gan, coded, "-n", 3, "--sample.steps", 5)[2])
    assert np.array_equal(made[:1], arrays(gan, coded, "-n", 1, "--sample.level", -1))
    assert gan("sample", coded, "-n", 10, "--sample.steps", 5, "--out", "grid.png").code == 0
    assert Image.open("grid.png").size == (5 * 10 - 2, 2 * 10 - 2)


def test_the_prefix_may_be_left_out(gan: Gan, coded: str) -> None:
    long, short = ["--sample.steps", 5, "--sample.flat"], ["--steps", 5, "--flat"]
    assert np.array_equal(arrays(gan, coded, *long), arrays(gan, coded, *short))


def test_the_newest_run_is_meant_wherever_the_options_stand(gan: Gan, coded: str) -> None:
    assert gan("train", "--name", "later", *TINY).code == 0
    assert gan("sample", "--sample.level", 0.5, coded, "--out", "a.png").code == 0
    assert gan("sample", coded, "--sample.level=0.5", "--out", "b.png").code == 0
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()
    assert gan("sample", "--sample.truncation", 0.5, "--out", "c.png").code == 0


def test_help_lists_what_this_model_has(gan: Gan, coded: str) -> None:
    for command in ("sample", "interpolate"):
        told = gan(command, coded, "--help").out
        assert "--sample.level" in told
        assert "The code, which is otherwise drawn." in told
        assert "[plain|inverted]" in told
        assert "truncation" not in told
        assert "--sample.truncation" in gan(command, "--help").out


@pytest.mark.parametrize("word", ["--sample.truncation", "--truncation"])
@pytest.mark.parametrize("command", ["sample", "interpolate"])
def test_what_it_does_not_have_is_refused_with_what_it_has(gan: Gan, coded: str, command: str, word: str) -> None:
    refused = gan(command, coded, word, 0.7)
    assert refused.code == 2
    assert f"coded cannot be asked for {word}" in refused.err
    assert "--sample.level, --sample.steps, --sample.tone, --sample.flat" in refused.err


def test_a_value_of_another_kind_is_refused_with_the_reason(gan: Gan, coded: str) -> None:
    for words in (["--sample.level", "high"], ["--sample.level", 3, "--sample.steps", -1]):
        refused = gan("sample", coded, *words, "--out", "x.png")
        assert refused.code == 2
        assert all(f"{word} = ".removeprefix("--") in refused.err for word in words[::2])
        assert not Path("x.png").exists()
    assert "plain" in gan("sample", coded, "--sample.tone", "loud").err


def test_a_walk_is_asked_for_in_the_same_words(gan: Gan, coded: str) -> None:
    words = ["interpolate", coded, "--seeds", "1,2", "--frames", 3]
    for name, more in {"plain": [], "inverted": ["--sample.tone", "inverted"]}.items():
        assert gan(*words, *more, "--out", f"{name}.png").code == 0
    plain, inverted = (np.asarray(Image.open(f"{name}.png")).astype(int)[:, :8] for name in ("plain", "inverted"))
    assert abs(plain + inverted - 255).max() <= 1


def test_training_draws_with_the_defaults(gan: Gan, coded: str) -> None:
    assert gan("sample", coded, "--columns", 8, "--out", "now.png").code == 0
    (drawn,) = Path("runs/coded/samples").iterdir()
    assert np.array_equal(np.asarray(Image.open(drawn)), np.asarray(Image.open("now.png")))


BROKEN = {
    "no description": ('description="The code, which is otherwise drawn."', "", "sample.level has no description"),
    "latents by place": ("z[:, 0] = self.level", "pass\n        z[-1, 0] = len(numbers)", "depend on which others"),
    "shape": ("-images if", "images[:1] if", "inverted"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_the_conformance_suite_finds_what_is_wrong(case: str, tmp_path: Path) -> None:
    good, bad, told = BROKEN[case]
    source = CODED.replace("gancli_coded", "gancli_miscoded").replace(good, bad)
    assert good not in source
    with installed(tmp_path / "other", "gancli-miscoded", source):
        found = [check for check in checks("gancli-miscoded") if "sampling" in str(check)]
        with pytest.raises(Broken, match=told):
            found[0]()


def test_an_option_without_a_default_is_refused_when_it_is_declared() -> None:
    with pytest.raises(TypeError, match=r"Bare\.level has no default"):

        class Bare(Sampling):
            level: int


def test_the_conformance_suite_passes_what_is_right() -> None:
    for check in checks("gancli-coded"):
        if str(check).startswith("architecture"):
            check()
