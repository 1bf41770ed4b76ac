"""Architectures that make images of images: what they are given in training, and by every command that generates."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import Gan
from fake_package import installed
from PIL import Image

from gancli import GanError, Translator, UsageError
from gancli.architectures.inputs import Pictures, inputs_of
from gancli.config.config import Config
from gancli.config.layers import resolve
from gancli.data.images import Images
from gancli.generation.model import TrainedModel
from gancli.testing import checks
from gancli.training.trainer import Trainer

torch.set_num_threads(1)
TINY = ["--steps", 2, "--batch-size", 4, "--size", 8, "--display", "none", "--device", "cpu", "--name", "run"]
INVERTING = """
import torch
from gancli import Architecture, Translator, hookimpl
from torch import nn


@hookimpl
def gancli_register(add):
    add("architecture", "inverting", "gancli_inverting:Inverting", "The negative of an image, and a little more.")


class Inverting(Translator):
    mixes_classes = True

    def build(self, spec, conditional):
        critic = nn.Sequential(nn.Flatten(), nn.Linear(spec.channels * spec.height * spec.width, 1), nn.Flatten(0))
        return {"G": Negative(), "D": Bare(critic)}

    def origin(self, asked, classes):
        return (asked + 1) % classes


class Bare(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = layers

    def forward(self, x, y):
        return self.layers(x)


class Negative(nn.Module):
    def __init__(self):
        super().__init__()
        self.change = nn.Parameter(torch.zeros(()))

    def forward(self, x, y):
        return torch.tanh(self.change) - x * (1 - torch.tanh(self.change).abs())
"""


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path) -> Iterator[None]:
    with installed(tmp_path / "site", "gancli-inverting", INVERTING):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six dark pictures, six of middle gray and six light ones, no two the same, 8x8."""
    for kind, shade in {"dark": 10, "gray": 100, "light": 200}.items():
        (tmp_path / "shades" / kind).mkdir(parents=True)
        for number in range(6):
            Image.new("L", (8, 8), shade + number).save(tmp_path / "shades" / kind / f"{number}.png")
    return tmp_path / "shades"


@pytest.fixture
def shades() -> Images:
    """Three classes, of 0 to 5, 100 to 105 and 200 to 205."""
    labels = np.repeat([0, 1, 2], 6)
    values = (labels * 100 + np.tile(np.arange(6), 3)).astype(np.uint8)
    return Images(np.broadcast_to(values[:, None, None, None], (18, 1, 8, 8)).copy(), labels, ("dark", "gray", "light"))


def trainer(data: Images, **given: object) -> Trainer:
    fixed = {"arch.name": "inverting", "loss.name": "lsgan", "steps": 2, "batch_size": 4, "device": "cpu"}
    return Trainer(resolve([Config("test", {**fixed, **given})]).settings, data)


@pytest.mark.slow
def test_it_keeps_the_contracts_with_every_loss_there_is() -> None:
    for check in checks("gancli-inverting"):
        if check.title.startswith("architecture"):
            check()


def test_images_begin_with_one_of_the_class_that_the_architecture_says(shades: Images) -> None:
    sampler = trainer(shades, conditional=True).gallery.sampler
    y = torch.tensor([0, 1, 2, 0])
    z = ((sampler.latents(0, range(4), y) + 1) * 127.5).round()[:, 0, 0, 0]
    assert (z // 100).tolist() == [1, 2, 0, 1]


def test_without_classes_it_is_any_of_them(shades: Images) -> None:
    sampler = trainer(shades).gallery.sampler
    z = ((sampler.latents(0, range(18)) + 1) * 127.5).round()[:, 0, 0, 0]
    assert sorted(z.tolist()) == sorted(shades.pixels[:][:, 0, 0, 0].tolist())


def test_an_image_is_made_of_the_same_whatever_is_beside_it(shades: Images) -> None:
    sampler = trainer(shades, conditional=True).gallery.sampler
    y = torch.arange(20) % 3
    whole = sampler.latents(3, range(20), y)
    assert torch.equal(whole[7:9], sampler.latents(3, [7, 8], y[7:9]))
    assert not torch.equal(whole, sampler.latents(4, range(20), y))


def test_in_training_the_pictures_shown_as_real_are_those_that_samples_are_made_of(shades: Images) -> None:
    gallery = trainer(shades).gallery
    assert np.abs(gallery.real().astype(int)[:8, :8] + gallery.samples()[:8, :8] - 255).max() <= 1


def test_a_loss_gets_images_where_it_asks_for_noise(shades: Images) -> None:
    game = trainer(shades).game
    first, second = game.noise(6), game.noise(6)
    assert first.shape == (6, 1, 8, 8)
    assert not torch.equal(first, second)
    assert game.images == 0


def test_it_has_no_latents(shades: Images) -> None:
    with pytest.raises(UsageError, match=r"arch\.latent"):
        trainer(shades, **{"arch.latent": 5})
    with pytest.raises(GanError, match="images of images, not of noise"):
        trainer(shades).arch.noise(2, torch.Generator())


def test_a_class_without_images_is_named(shades: Images) -> None:
    arch = trainer(shades).arch
    assert isinstance(arch, Translator)
    lacking = Images(shades.pixels[:6], np.zeros(6, np.int64), shades.classes)
    with pytest.raises(GanError, match="no image of class 'gray' to begin with"):
        inputs_of(arch, lacking).draw(0, [0], torch.tensor([0]))
    with pytest.raises(GanError, match="none are given"):
        Pictures(arch, None).draw(0, [0], None)


def test_sample_takes_the_runs_own_images(gan: Gan, folder: Path) -> None:
    assert gan("train", folder, "--arch", "inverting", "--conditional", *TINY).code == 0
    done = gan("sample", "run", "--class", "light", "-n", 4, "--out", "made.npz")
    assert done.code == 0, done.err
    # Light ones are made of the dark, which they are the negatives of.
    assert np.load("made.npz")["images"].mean() > 200
    assert gan("evaluate", "run", "-n", 12, "--extractor", "random", "--metrics", "kid").code == 0
    walked = gan("interpolate", "run", "--class", "dark,light", "--out", "walk.png", "--frames", 3)
    assert walked.code == 0, walked.err


def test_a_lone_checkpoint_is_told_where_images_are(gan: Gan, folder: Path) -> None:
    gan("train", folder, "--arch", "inverting", "--conditional", *TINY)
    Path("runs/run/checkpoints/step-00000002.safetensors").rename("lone.safetensors")
    refused = gan("sample", "lone.safetensors")
    assert refused.code == 1
    assert "--data SOURCE" in refused.err
    assert not Path("samples.png").exists()
    assert gan("sample", "lone.safetensors", "--data", folder, "-n", 4).code == 0
    Path(folder / "gray").rename(folder / "other")
    other = gan("sample", "lone.safetensors", "--data", folder)
    assert other.code == 1
    assert "of other classes (dark, light, other) than the model's (dark, gray, light)" in other.err


def test_noise_takes_no_data(gan: Gan, folder: Path) -> None:
    gan("train", folder, *TINY)
    refused = gan("sample", "run", "--data", folder)
    assert refused.code == 2
    assert "makes images of noise, not of images" in refused.err


def test_a_generator_without_images_says_so(gan: Gan, folder: Path) -> None:
    gan("train", folder, "--arch", "inverting", *TINY)
    generator = TrainedModel.load(Path("runs/run/checkpoints/step-00000002.safetensors"), "cpu")
    with pytest.raises(GanError, match="none are given"):
        generator.latents(0, range(2))
