"""Real images damaged in known ways: every figure moves as it should, under each extractor."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gancli.architectures.dcgan import DCGAN
from gancli.architectures.inputs import inputs_of
from gancli.architectures.sampling import Sampling
from gancli.base.progress import Progress
from gancli.data.digits import Digits
from gancli.data.images import Images
from gancli.evaluation.measuring import choose_metrics, generate, measure
from gancli.evaluation.references import measure_reference
from gancli.extractors.classifier import ClassifierFeatures
from gancli.extractors.contract import find
from gancli.extractors.embedder import Embedder
from gancli.generation.sampler import Sampler
from gancli.metrics import classifier
from gancli.metrics.contract import Generated

pytestmark = pytest.mark.slow
TOOLS = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "extractors.py"))
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits() -> Images:
    return Digits(count=1600, seed=3).load()


@pytest.fixture(scope="module")
def judge(digits: Images) -> Embedder:
    """A classifier of digits: small training, and good enough."""
    torch.set_num_threads(1)
    assert digits.labels is not None
    trained = classifier.train_classifier(digits.pixels, digits.labels, 10, epochs=4)
    assert trained.test_accuracy > 0.9
    return Embedder("classifier", ClassifierFeatures(trained), digits.classes, CPU)


@pytest.fixture(scope="module")
def random(digits: Images) -> Embedder:
    return Embedder("random", find("random").open(digits, CPU, Progress()), digits.classes, CPU)


@pytest.fixture(scope="module")
def tables(digits: Images, judge: Embedder, random: Embedder) -> dict[str, dict[str, dict[str, Any]]]:
    """The figures of images damaged in known ways, by extractor."""
    against, real = TOOLS["halves"](digits, 600)
    found = {}
    for name, see in {"classifier": judge, "random": random}.items():
        facts = measure_reference(against, see, Progress())
        metrics = choose_metrics((), frozenset({"training"} | ({"classes"} if see.classes else set())))
        found[name] = {
            damage: measure(metrics, Generated(see(pixels)), facts)[0]
            for damage, pixels in TOOLS["damages"](real, against)
        }
    return found


EXTRACTORS = pytest.mark.parametrize("extractor", ["classifier", "random"])
REAL = "real, the other half"


@EXTRACTORS
def test_real_images_are_near_the_floor(tables: dict[str, Any], extractor: str) -> None:
    found = tables[extractor][REAL]
    noise = tables[extractor]["nothing but noise"]
    assert found["fid"] < 0.02 * noise["fid"]
    assert abs(found["kid"]) < 0.01 * noise["kid"]
    assert min(found["precision"], found["recall"], found["coverage"]) > 0.7
    assert found["density"] == pytest.approx(1, abs=0.2)
    assert found["novelty"] == pytest.approx(1, abs=0.1)
    assert found["copied"] < 0.05
    assert found["duplicates"] < 0.05


@EXTRACTORS
@pytest.mark.parametrize("damage", ["blurred by 1 pixel", "shifted by 2 pixels", "noise of 16 gray levels",
                                    "nothing but noise", "without the first class", "one image, repeated"])  # fmt: skip
def test_distances_grow_with_every_damage(tables: dict[str, Any], extractor: str, damage: str) -> None:
    real, found = tables[extractor][REAL], tables[extractor][damage]
    assert found["fid"] > 1.3 * real["fid"]
    assert found["kid"] > real["kid"]


@EXTRACTORS
def test_noise_is_neither_like_real_images_nor_covers_them(tables: dict[str, Any], extractor: str) -> None:
    found = tables[extractor]["nothing but noise"]
    assert max(found["precision"], found["coverage"], found["density"]) < 0.05


@EXTRACTORS
def test_a_missing_class_lowers_recall_and_coverage_only(tables: dict[str, Any], extractor: str) -> None:
    real, found = tables[extractor][REAL], tables[extractor]["without the first class"]
    assert found["coverage"] < real["coverage"] - 0.03
    assert found["precision"] == pytest.approx(real["precision"], abs=0.05)


def test_a_missing_class_is_counted(tables: dict[str, Any]) -> None:
    real, found = (tables["classifier"][name] for name in (REAL, "without the first class"))
    assert (real["modes"], found["modes"]) == (10, 9)
    assert found["shares"][0] < 0.01
    assert found["entropy"] < real["entropy"]


@EXTRACTORS
def test_one_image_repeated_is_found_out(tables: dict[str, Any], extractor: str) -> None:
    found = tables[extractor]["one image, repeated"]
    assert found["duplicates"] == 1
    assert found["recall"] < 0.05
    assert found["coverage"] < 0.1


@EXTRACTORS
def test_training_images_by_heart_are_found_out(tables: dict[str, Any], extractor: str) -> None:
    found = tables[extractor]["training images by heart"]
    assert found["novelty"] < 0.5 * tables[extractor][REAL]["novelty"]
    assert found["copied"] > 0.9
    assert found["authenticity"] < 0.05
    assert found["coverage"] > 0.9  # what the other figures make of it


class Parrot(nn.Module):
    """A generator that has learnt its images by heart: the latent says which of them comes."""

    def __init__(self, pixels: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("known", torch.from_numpy(pixels).float() / 127.5 - 1)

    def forward(self, z: torch.Tensor, y: torch.Tensor | None) -> torch.Tensor:
        return self.known[(z[:, 0].abs() * 1e4).long() % len(self.known)]


def test_a_model_that_memorises_is_found_out_and_named(digits: Images, judge: Embedder) -> None:
    few = TOOLS["part"](digits, np.arange(300))
    arch = DCGAN(name="dcgan", latent=2)
    parrot = Sampler(arch, {"G": Parrot(few.pixels[:])}, few.spec, False, CPU, Sampling(), inputs_of(arch))
    facts = measure_reference(few, judge, Progress())
    made = generate(parrot, None, 200, 0, judge, Progress())
    found, _ = measure(choose_metrics(["memorisation"], frozenset({"training"})), made, facts)
    assert found["copied"] > 0.95
    assert found["authenticity"] < 0.05
    closest = found["nearest"][0]
    image = parrot(parrot.latents(0, [closest["sample"]]), None)[0]
    assert np.abs(image.astype(int) - few.pixels[closest["image"]]).max() <= 1


@pytest.mark.parametrize("batch", [1, 7, 200])
def test_results_do_not_depend_on_the_batch(digits: Images, judge: Embedder, batch: int) -> None:
    other = Embedder("classifier", judge.network, judge.classes, CPU, batch)
    images, made = TOOLS["part"](digits, np.arange(300)), digits.pixels[np.arange(300, 500)]
    metrics = choose_metrics((), frozenset({"classes", "training"}))
    first, second = (
        measure(metrics, Generated(see(made)), measure_reference(images, see, Progress()))[0] for see in (judge, other)
    )
    for name in ("fid", "kid", "precision", "recall", "density", "coverage", "novelty", "authenticity", "entropy"):
        assert second[name] == pytest.approx(first[name], rel=1e-4, abs=1e-6), name


def test_every_figure_says_which_way_it_is_better(tables: dict[str, Any]) -> None:
    metrics = choose_metrics((), frozenset({"classes", "asked", "training"}))
    known = {name: way for metric in metrics.values() for name, way in metric.better.items()}
    assert set(known.values()) == {"lower", "higher"}
    assert {name for name, value in tables["classifier"][REAL].items() if isinstance(value, float)} <= set(known)
