"""How figures are taken: the same as by another tool, measured once, and by extractors that never surprise."""

import io
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from gancli.architectures.dcgan import DCGAN
from gancli.architectures.inputs import inputs_of
from gancli.architectures.sampling import Sampling
from gancli.base import tensor_file
from gancli.base.errors import GanError
from gancli.base.progress import Progress
from gancli.data.digits import Digits
from gancli.data.images import Images
from gancli.evaluation import references as references
from gancli.evaluation.measuring import choose_metrics, classes_for, measure
from gancli.evaluation.references import cache_path, measure_reference, reference_of
from gancli.extractors import classifier as classifiers
from gancli.extractors import inception, pth
from gancli.extractors.classifier import Trained
from gancli.extractors.contract import find
from gancli.extractors.embedder import Embedder
from gancli.generation.sampler import Sampler
from gancli.metrics import classifier, formulas
from gancli.metrics.contract import Features, Generated, Reference

TOOLS = runpy.run_path(str(Path(__file__).parents[1] / "benchmarks" / "extractors.py"))
CPU = torch.device("cpu")
FIDELITY = "torch-fidelity is not installed: pip install 'gancli[evaluate]'"


@pytest.fixture(scope="module")
def digits() -> Images:
    return Digits(count=600, seed=3).load()


@pytest.fixture(scope="module")
def random(digits: Images) -> Embedder:
    return Embedder("random", find("random").open(digits, CPU, Progress()), digits.classes, CPU)


@pytest.fixture(scope="module")
def clouds() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(24, 24)) / 5
    return rng.normal(size=(900, 24)) @ mix, rng.normal(size=(700, 24)) @ mix + 0.2


def real_of(rows: np.ndarray) -> Reference:
    mean, covariance = formulas.moments(rows)
    return Reference(len(rows), mean, covariance, Features(rows), np.arange(len(rows)))


def test_figures_equal_those_of_torch_fidelity(clouds: tuple[np.ndarray, np.ndarray]) -> None:
    fid = pytest.importorskip("torch_fidelity.metric_fid", reason=FIDELITY)
    kid = pytest.importorskip("torch_fidelity.metric_kid", reason=FIDELITY)
    prc = pytest.importorskip("torch_fidelity.metric_prc", reason=FIDELITY)
    real, made = clouds
    ours, _ = measure(choose_metrics(["fid", "prdc"], frozenset()), Generated(Features(made)), real_of(real))
    x, y = torch.from_numpy(real), torch.from_numpy(made)
    statistics = [fid.fid_features_to_statistics(each) for each in (y, x)]
    theirs = fid.fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    assert ours["fid"] == pytest.approx(theirs, abs=1e-6)
    shares = prc.prc_features_to_metric(y, x, prc_neighborhood=3, prc_batch_size=10_000, verbose=False)
    assert (ours["precision"], ours["recall"]) == pytest.approx((shares["precision"], shares["recall"]), abs=1e-6)
    half = kid.kid_features_to_metric(x[:700], y, kid_subsets=1, kid_subset_size=700, verbose=False)
    assert formulas.kernel_distance(real[:700], made, 1, 700, 0) == pytest.approx(
        half["kernel_inception_distance_mean"], abs=1e-6
    )


def test_moments_in_parts_are_those_of_the_whole() -> None:
    rows = np.random.default_rng(0).normal(1e4, 2.0, size=(500, 6))
    running = formulas.Running()
    for part in np.split(rows, [1, 3, 100, 477]):
        running.add(part)
    mean, covariance = running.moments()
    assert mean == pytest.approx(formulas.moments(rows)[0])
    assert covariance == pytest.approx(formulas.moments(rows)[1], rel=1e-9, abs=1e-9)


def test_what_is_seen_in_an_image_does_not_depend_on_those_beside_it(digits: Images, random: Embedder) -> None:
    some = digits.pixels[np.arange(100)]
    assert np.array_equal(random(some).rows[:37], random(some[:37]).rows)


def test_a_conditional_model_is_asked_for_classes_as_often_as_they_are_real(digits: Images) -> None:
    assert digits.labels is not None
    ones = replace(digits, labels=np.where(digits.labels < 5, 1, digits.labels))
    arch = DCGAN(name="dcgan", latent=8, width=4)
    sampler = Sampler(arch, arch.build(digits.spec, True), digits.spec, True, CPU, Sampling(), inputs_of(arch))
    asked = classes_for(sampler, ones, 2000, 0)
    assert asked is not None
    assert (asked == 1).mean() == pytest.approx(0.5, abs=0.05)
    assert classes_for(replace(sampler, conditional=False), ones, 10, 0) is None
    strange = replace(digits, labels=None, classes=())
    assert classes_for(sampler, strange, 12, 0).tolist() == [*range(10), 0, 1]  # type: ignore[union-attr]


def test_a_reference_is_measured_once(digits: Images, random: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    images = TOOLS["part"](digits, np.arange(60))
    first = reference_of(images, random, Progress())
    assert first.mean.dtype == first.covariance.dtype == np.float64
    with monkeypatch.context() as patch:
        patch.setattr(references, "measure_reference", None)
        again = reference_of(images, random, Progress())
    assert np.array_equal(first.covariance, again.covariance)
    assert np.array_equal(first.features.rows, again.features.rows)
    other = TOOLS["part"](digits, np.arange(61))
    assert cache_path(other, random) != cache_path(images, random)


@pytest.mark.parametrize("damage", [lambda raw: raw[:-9], lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]), lambda raw: b""])
def test_a_damaged_reference_is_measured_anew(damage: Any, digits: Images, random: Embedder) -> None:
    images = TOOLS["part"](digits, np.arange(60))
    first = reference_of(images, random, Progress())
    path = cache_path(images, random)
    path.write_bytes(damage(path.read_bytes()))
    assert np.array_equal(reference_of(images, random, Progress()).mean, first.mean)


def test_only_some_features_of_many_images_are_kept(digits: Images, random: Embedder) -> None:
    all_of_them, some = (
        measure_reference(digits, random, Progress()),
        measure_reference(digits, random, Progress(), most=100),
    )
    assert len(some.features) == 100
    assert np.array_equal(some.features.rows, all_of_them.features.rows[:100])
    assert np.array_equal(some.covariance, all_of_them.covariance)
    assert np.allclose(random(digits.pixels[some.numbers[:5]]).rows, some.features.rows[:5], atol=1e-5)


def test_too_few_images_are_said_so(digits: Images, random: Embedder) -> None:
    with pytest.raises(GanError, match="9 images are too few"):
        reference_of(TOOLS["part"](digits, np.arange(9)), random, Progress())


@pytest.mark.parametrize(("channels", "side"), [(1, 4), (3, 8), (4, 33)])
def test_random_features_are_the_same_for_everybody_and_any_images(channels: int, side: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, channels, side, side + 1), dtype=np.uint8)
    first, second = (
        Embedder("random", find("random").open(Images(pixels), CPU, Progress()), (), CPU) for _ in range(2)
    )
    torch.manual_seed(5)
    assert first.identity == second.identity
    assert np.array_equal(first(pixels).rows, second(pixels).rows)
    assert first(pixels).rows.shape == (3, 480)


def test_the_classifier_is_trained_once_and_kept(digits: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trained, "LEAST", 2)
    monkeypatch.setattr(Trained, "EPOCHS", 0.1)
    images, extractor = TOOLS["part"](digits, np.arange(100)), find("classifier")
    assert not extractor.ready(images)
    first = extractor.open(images, CPU, Progress())
    assert extractor.ready(images)
    monkeypatch.setattr(classifier, "train_classifier", None)
    again = extractor.open(images, CPU, Progress())
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))
    from_file = find(f"file:{classifiers.cache_path(images)}").open(images, CPU, Progress())
    some = torch.from_numpy(images.pixels[np.arange(5)])
    assert torch.equal(from_file(some), again(some))
    with pytest.raises(GanError, match="1x8x8"):
        find(f"file:{classifiers.cache_path(images)}").open(Images(np.zeros((20, 1, 8, 8), np.uint8)), CPU, Progress())


def test_inception_is_never_downloaded_unasked(digits: Images, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(inception, "urlopen", forbidden)
    with pytest.raises(GanError, match="nothing is downloaded unasked") as refused:
        find("inception").open(digits, CPU, Progress())
    assert "--download" in str(refused.value)
    assert "inception:PATH" in str(refused.value)
    with pytest.raises(GanError, match="cannot be read"):
        find(f"inception:{tmp_path / 'none.pth'}").open(digits, CPU, Progress())


def test_a_download_that_fails_or_is_another_file_is_said_so(
    digits: Images, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(inception, "URL", "http://127.0.0.1:9/weights.pth")
    with pytest.raises(GanError, match="cannot be downloaded"):
        find("inception", download=True).open(digits, CPU, Progress())
    (tmp_path / "weights.pth").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    monkeypatch.setattr(inception, "URL", (tmp_path / "weights.pth").as_uri())
    for extractor in (find("inception", download=True), find(f"inception:{tmp_path / 'weights.pth'}")):
        with pytest.raises(GanError, match="not the published file"):
            extractor.open(digits, CPU, Progress())


def test_kept_weights_that_were_damaged_are_refused_and_plain_ones_are_read(tmp_path: Path) -> None:
    kept, plain, weights = tmp_path / "kept.safetensors", tmp_path / "plain.safetensors", {"a": torch.ones(4)}
    tensor_file.write(kept, inception.ENTRY, {"format": 1}, weights)
    save_file(weights, plain)
    assert all(torch.equal(inception._read(path)["a"], weights["a"]) for path in (kept, plain))
    kept.write_bytes(kept.read_bytes()[:-1] + b"\1")
    with pytest.raises(GanError, match="a differs from its digest"):
        inception._read(kept)


@pytest.mark.slow
def test_inception_gives_the_features_of_torch_fidelity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3", reason=FIDELITY)

    class Blank(theirs.FeatureExtractorInceptionV3):  # type: ignore[misc, name-defined]
        def load_state_dict(self, *_: Any, **__: Any) -> None:
            """Stay as random as it was made."""

    empty = io.BytesIO()
    torch.save({}, empty)
    empty.seek(0)
    torch.manual_seed(0)
    weights = {
        k: v.clone() for k, v in Blank("blank", ["2048"], feature_extractor_weights_path=empty).state_dict().items()
    }
    save_file(weights, tmp_path / "weights.safetensors")
    torch.save(weights, tmp_path / "weights.pth")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 16, 16), dtype=np.uint8)
    original = theirs.FeatureExtractorInceptionV3("inception", ["2048"], str(tmp_path / "weights.pth"))
    expected = original(torch.from_numpy(pixels))[0]
    network = find(f"inception:{tmp_path / 'weights.safetensors'}").open(Images(pixels), CPU, Progress())
    assert torch.equal(network.eval()(torch.from_numpy(pixels)), expected)
    gray = torch.from_numpy(pixels[:, :1])
    assert torch.equal(network(gray), network(gray.expand(-1, 3, -1, -1)))
    monkeypatch.setattr(
        inception, "SHA256", inception.hashlib.sha256((tmp_path / "weights.pth").read_bytes()).hexdigest()
    )
    monkeypatch.setattr(inception, "URL", (tmp_path / "weights.pth").as_uri())
    fetched = find("inception", download=True).open(Images(pixels), CPU, Progress())
    assert torch.equal(fetched.eval()(torch.from_numpy(pixels)), expected)
    monkeypatch.setattr(inception, "urlopen", None)
    assert find("inception").ready(Images(pixels))
    assert torch.equal(
        find("inception").open(Images(pixels), CPU, Progress()).eval()(torch.from_numpy(pixels)), expected
    )


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "the format before"])
def test_a_pth_file_is_read_without_unpickling(zipped: bool) -> None:
    weights = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)).state_dict()
    weights["turned"] = weights["0.weight"].transpose(0, 1)
    file = io.BytesIO()
    torch.save(weights, file, _use_new_zipfile_serialization=zipped)
    found = pth.tensors(file.getvalue())
    assert list(found) == list(weights)
    assert all(torch.equal(found[name], weights[name]) for name in weights)


class Harmful:
    def __reduce__(self) -> tuple[object, ...]:
        return exec, ("raise SystemExit('ran')",)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "the format before"])
def test_what_a_pth_file_asks_to_be_called_is_not(zipped: bool) -> None:
    file = io.BytesIO()
    torch.save({"weight": Harmful()}, file, _use_new_zipfile_serialization=zipped)
    for raw in (file.getvalue(), b"cos\nsystem\n(S'false'\ntR.", b"PK\3\4", b"\x80\x02."):
        with pytest.raises(ValueError, match="no state_dict of plain tensors"):
            pth.tensors(raw)


def test_metrics_say_what_they_need() -> None:
    with pytest.raises(GanError, match="classifier"):
        choose_metrics(["classes"], frozenset())
    with pytest.raises(GanError, match="conditional"):
        choose_metrics(["asked"], frozenset({"classes"}))
    with pytest.raises(GanError, match="leave --data out"):
        choose_metrics(["memorisation"], frozenset())
    assert set(choose_metrics((), frozenset())) == {"fid", "kid", "prdc", "duplicates"}
