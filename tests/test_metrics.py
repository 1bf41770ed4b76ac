"""The figures on sets whose figures are known, and the judge that lends its features to them."""

import hashlib
import json
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from gancli.base import tensor_file
from gancli.base.errors import GanError
from gancli.metrics import classifier, formulas


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def cloud(count: int, width: int = 8, seed: int = 0, shift: float = 0.0) -> formulas.Features:
    return np.random.default_rng(seed).normal(size=(count, width)) + shift


def clusters(kinds: int, seed: int) -> formulas.Features:
    """100 rows for each of so many kinds, far from one another."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(size=(100, 4)) + 40 * kind for kind in range(kinds)])


def frechet(real: formulas.Features, fake: formulas.Features) -> float:
    """The distance of the Gaussians fitted to rows."""
    return formulas.frechet_distance(formulas.moments(real), formulas.moments(fake))


def test_frechet_distance_of_a_set_with_itself_is_zero() -> None:
    x = cloud(500)
    assert frechet(x, x) == pytest.approx(0, abs=1e-6)


def test_frechet_distance_of_diagonal_gaussians_has_its_closed_form() -> None:
    a, b = np.array([1.0, 4.0, 9.0]), np.array([4.0, 1.0, 0.25])
    means = np.array([0.0, 1.0, 2.0]), np.array([1.0, -1.0, 2.0])
    closed = 5.0 + np.square(np.sqrt(a) - np.sqrt(b)).sum()
    found = formulas.frechet_distance((means[0], np.diag(a)), (means[1], np.diag(b)))
    assert found == pytest.approx(closed)
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=(200_000, 3)) * np.sqrt(v) + m for v, m in zip((a, b), means, strict=True))
    assert frechet(x, y) == pytest.approx(closed, rel=0.01)


def test_frechet_distance_of_rotated_gaussians_agrees_with_another_formula() -> None:
    rng = np.random.default_rng(3)
    a, b = (m @ m.T for m in rng.normal(size=(2, 5, 5)))
    shared = np.sqrt(np.linalg.eigvals(a @ b).real).sum()
    zero = np.zeros(5)
    assert formulas.frechet_distance((zero, a), (zero, b)) == pytest.approx(np.trace(a) + np.trace(b) - 2 * shared)


def test_frechet_distance_grows_with_a_shift_and_is_symmetric() -> None:
    x = cloud(400)
    found = [frechet(x, x + step) for step in (0.0, 0.1, 0.5, 2.0)]
    assert found == pytest.approx([0, 8 * 0.01, 8 * 0.25, 8 * 4], abs=1e-6)
    assert frechet(x, 2 * x) == pytest.approx(frechet(2 * x, x))


@pytest.mark.parametrize("count", [2, 5, 20])
def test_frechet_distance_bears_singular_covariances(count: int) -> None:
    x = np.repeat(cloud(count, 3), 10, axis=1)
    assert frechet(x, x) == pytest.approx(0, abs=1e-5)
    assert frechet(x, np.zeros((4, 30))) == pytest.approx(np.square(x.mean(0)).sum() + x.var(axis=0, ddof=1).sum())


def test_kernel_distance_is_unbiased_and_grows() -> None:
    halves = [formulas.kernel_distance(cloud(300, seed=s), cloud(300, seed=s + 50), 5, 200, 0) for s in range(20)]
    assert abs(np.mean(halves)) < 3 * np.std(halves) / np.sqrt(20)
    assert min(halves) < 0 < max(halves)
    shifted = [formulas.kernel_distance(cloud(300), cloud(300, seed=1, shift=d), 5, 200, 0) for d in (0.3, 0.6, 1.2)]
    assert max(halves) < shifted[0] < shifted[1] < shifted[2]


def test_kernel_distance_agrees_with_the_sum_over_pairs_and_repeats() -> None:
    x, y = cloud(6, 3), cloud(6, 3, seed=1)
    pairs = [(i, j) for i in range(6) for j in range(6)]
    kernel = lambda a, b: (a @ b / 3 + 1) ** 3  # noqa: E731
    apart = np.mean([kernel(x[i], x[j]) + kernel(y[i], y[j]) for i, j in pairs if i != j])
    expected = apart - 2 * np.mean([kernel(x[i], y[j]) for i, j in pairs])
    assert formulas.kernel_distance(x, y, 3, 6, 0) == pytest.approx(expected)
    assert formulas.kernel_distance(x, y, 3, 4, 7) == formulas.kernel_distance(x, y, 3, 4, 7)


def test_equal_sets_score_one() -> None:
    x = cloud(300)
    assert formulas.precision_recall(x, x) == (1, 1)
    assert formulas.density_coverage(x, x) == (1, 1)


def test_fresh_samples_of_the_same_kind_score_high() -> None:
    x, y = cloud(500, 2), cloud(500, 2, seed=1)
    precision, recall = formulas.precision_recall(x, y)
    density, coverage = formulas.density_coverage(x, y)
    assert min(precision, recall, coverage) > 0.85
    assert density == pytest.approx(1, abs=0.15)


def test_one_repeated_sample_is_precise_but_covers_nothing() -> None:
    x = cloud(300)
    fake = np.repeat(x[np.square(x).sum(axis=1).argmin()][None], 300, axis=0)
    precision, recall = formulas.precision_recall(x, fake)
    assert precision == 1
    assert recall < 0.01
    assert formulas.density_coverage(x, fake)[1] < 0.2


def test_a_missing_mode_lowers_recall_and_coverage_only() -> None:
    real, fake = clusters(4, 0), clusters(3, 1)
    precision, recall = formulas.precision_recall(real, fake)
    density, coverage = formulas.density_coverage(real, fake)
    assert recall <= 0.75
    assert coverage <= 0.75
    assert precision > 0.75
    assert density > 0.75


def test_noise_lowers_precision_and_density() -> None:
    real, noise = clusters(3, 0), np.random.default_rng(2).uniform(-100, 200, size=(300, 4))
    assert formulas.precision_recall(real, noise)[0] < 0.05
    assert formulas.density_coverage(real, noise)[0] < 0.05


@pytest.mark.parametrize("shift", [0, 1e4])
def test_figures_do_not_depend_on_blocks(shift: float) -> None:
    x, y = cloud(150, shift=shift), cloud(130, seed=1, shift=shift)
    y[:50] = x[:50]
    for figure in (formulas.precision_recall, formulas.density_coverage):
        assert len({figure(x, y, chunk=rows) for rows in (1, 7, 64, 1000)}) == 1


def test_class_shares_and_entropy() -> None:
    shares = formulas.class_shares(np.array([0, 1, 1, 3]), 4)
    assert shares.tolist() == [0.25, 0.5, 0, 0.25]
    assert formulas.entropy(shares) == pytest.approx(1.5 * np.log(2))
    assert formulas.entropy(formulas.class_shares(np.arange(10), 10)) == pytest.approx(np.log(10))
    assert formulas.entropy(formulas.class_shares(np.zeros(5, dtype=int), 10)) == 0


@pytest.mark.parametrize("labels", [[], [-1, 0], [0, 4]])
def test_class_shares_refuse_labels_out_of_range(labels: list[int]) -> None:
    with pytest.raises(GanError, match="0 to 3"):
        formulas.class_shares(np.array(labels, dtype=int), 4)


def test_figures_refuse_what_they_cannot_measure() -> None:
    x = cloud(10)
    broken = x.copy()
    broken[3, 2] = np.nan
    with pytest.raises(GanError, match="NaN"):
        frechet(x, broken)
    with pytest.raises(GanError, match="width"):
        formulas.kernel_distance(x, cloud(10, 5), 1, 5, 0)
    with pytest.raises(GanError, match="at least 6 rows"):
        formulas.density_coverage(x, x[:4])
    with pytest.raises(GanError, match="neighbours"):
        formulas.precision_recall(x, x, k=0)


def bars(count: int, side: int = 16, channels: int = 1) -> tuple[classifier.Images, classifier.Labels]:
    """Noisy images of an upright (0) or a lying (1) bar."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, count)
    images = rng.integers(0, 60, (count, channels, side, side), dtype=np.uint8)
    for image, label, at in zip(images, labels, rng.integers(4, side - 4, count), strict=True):
        image[(slice(None), slice(None), at) if label == 0 else (slice(None), at)] = 220
    return images, labels


@pytest.fixture(scope="module")
def judge() -> classifier.Classifier:
    return classifier.train_classifier(*bars(400), 2, epochs=10, seed=0)


def test_judge_learns_and_trains_the_same_twice(judge: classifier.Classifier) -> None:
    assert judge.test_accuracy > 0.95
    first, second = (classifier.train_classifier(*bars(60), 2, epochs=2, seed=3) for _ in range(2))
    assert torch.equal(first.head.weight, second.head.weight)


def test_judge_leaves_the_callers_dice_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    classifier.train_classifier(*bars(40), 2, epochs=1, seed=5)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(("side", "channels"), [(8, 3), (16, 3), (28, 1), (33, 2), (64, 3), (130, 1)])
def test_judge_takes_any_size(side: int, channels: int) -> None:
    net = classifier.Classifier((channels, side, side + 3), 7).eval()
    x = torch.zeros(2, channels, side, side + 3)
    assert net.features(x).shape == (2, 128)
    assert net(x).shape == (2, 7)


def test_judge_takes_long_images() -> None:
    net = classifier.Classifier((1, 8, 512), 3).eval()
    assert net(torch.zeros(2, 1, 8, 512)).shape == (2, 3)


def test_judge_keeps_to_its_seconds() -> None:
    judge = classifier.train_classifier(*bars(40), 2, seconds=0.2, test=bars(30))
    assert 0 <= judge.test_accuracy <= 1


def test_features_do_not_depend_on_the_batch(judge: classifier.Classifier) -> None:
    images, _ = bars(50)
    features, labels = classifier.embed(judge, images)
    assert features.dtype == np.float64
    assert features.shape == (50, 128)
    for batch in (1, 7):
        others, other_labels = classifier.embed(judge, images, batch=batch)
        assert others == pytest.approx(features, abs=1e-4)
        assert (labels == other_labels).all()


def test_embedding_leaves_the_mode_as_it_was(judge: classifier.Classifier) -> None:
    before = {name: value.clone() for name, value in judge.state_dict().items()}
    judge.train()
    classifier.embed(judge, bars(5)[0])
    assert judge.training
    assert all(torch.equal(value, before[name]) for name, value in judge.state_dict().items())


def test_saved_judge_gives_the_same_features(judge: classifier.Classifier, tmp_path: Path) -> None:
    path, (images, _) = tmp_path / "judge.safetensors", bars(20)
    classifier.save(judge, path)
    loaded = classifier.load(path)
    assert (loaded.shape, loaded.classes, loaded.test_accuracy) == (judge.shape, judge.classes, judge.test_accuracy)
    assert (classifier.embed(loaded, images)[0] == classifier.embed(judge, images)[0]).all()
    assert [entry.name for entry in tmp_path.iterdir()] == ["judge.safetensors"]


def test_untrained_judge_is_saved_too(tmp_path: Path) -> None:
    classifier.save(classifier.Classifier((1, 16, 16), 3), tmp_path / "judge")
    assert np.isnan(classifier.load(tmp_path / "judge").test_accuracy)


def retold(raw: bytes, about: object) -> bytes:
    """The file with another JSON entry in its header and the same tensors."""
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    header["__metadata__"] = {classifier.ENTRY: about if isinstance(about, str) else json.dumps(about)}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + raw[8 + size :]


ABOUT = {"version": 1, "shape": [1, 16, 16], "classes": 2, "accuracy": 0.5, "sha256": "0"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
        lambda raw: raw[:-100],
        lambda raw: raw[:100],
        lambda raw: b"",
        lambda raw: b"PK\x03\x04" + raw,
        lambda raw: b"\xff" * 8 + raw[8:],
        lambda raw: retold(raw, ABOUT),
        lambda raw: retold(raw, {**ABOUT, "version": 2}),
        lambda raw: retold(raw, {**ABOUT, "shape": [1, 10**9, 10**9]}),
        lambda raw: retold(raw, []),
        lambda raw: retold(raw, {}),
        lambda raw: retold(raw, "{"),
    ],
)
def test_a_changed_file_is_refused(damage, judge: classifier.Classifier, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "judge.safetensors"
    classifier.save(judge, path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(GanError, match="not a judge that can be used"):
        classifier.load(path)


@pytest.mark.parametrize(
    "change",
    [{"shape": [1, 10**9, 10**9]}, {"classes": 10**9}, {"classes": 3}, {"shape": [3, 16, 16]}, {"shape": [1, 2]},
     {"shape": "28"}, {"classes": None}, {"shape": [1, 16, -4]}, {"accuracy": "good"}],
)  # fmt: skip
def test_sizes_that_do_not_fit_the_tensors_are_refused(change, judge, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "judge.safetensors"
    classifier.save(judge, path)
    about = {key: value for key, value in {**ABOUT, **change}.items() if key != "sha256"}
    about["sha256"] = classifier.checksum(about, judge.state_dict())
    path.write_bytes(retold(path.read_bytes(), about))
    with pytest.raises(GanError, match="not a judge that can be used"):
        classifier.load(path)


@pytest.mark.parametrize("change", [{"classes": 3}, {"shape": [3, 16, 16]}, {"accuracy": 7}, {"version": 3}])
def test_a_document_that_does_not_fit_its_own_tensors_is_refused(
    change: dict[str, object], judge: classifier.Classifier, tmp_path: Path
) -> None:
    path = tmp_path / "judge.safetensors"
    about = {"version": 2, "shape": [1, 16, 16], "classes": 2, "accuracy": 0.5}
    tensor_file.write(path, classifier.ENTRY, about, judge.state_dict())
    assert classifier.load(path).test_accuracy == 0.5
    tensor_file.write(path, classifier.ENTRY, {**about, **change}, judge.state_dict())
    with pytest.raises(GanError, match="not a judge that can be used"):
        classifier.load(path)


def test_a_judge_of_version_1_is_read(judge: classifier.Classifier, tmp_path: Path) -> None:
    """Written here as gancli 0.1.0 wrote it: one checksum of the entry and of all tensors in the order of names."""
    path, weights = tmp_path / "judge.safetensors", judge.state_dict()
    about = {"version": 1, "shape": [1, 16, 16], "classes": 2, "accuracy": 0.75}
    total = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name, tensor in sorted(weights.items()):
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode() + tensor.numpy().tobytes())
    save_file(weights, path, metadata={classifier.ENTRY: json.dumps({**about, "sha256": total.hexdigest()})})
    loaded = classifier.load(path)
    assert loaded.test_accuracy == 0.75
    assert all(torch.equal(tensor, weights[name]) for name, tensor in loaded.state_dict().items())


def test_a_missing_judge_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(GanError, match="no judge"):
        classifier.load(tmp_path / "none")


def test_judge_refuses_images_of_another_kind(judge: classifier.Classifier) -> None:
    images, labels = bars(30)
    with pytest.raises(GanError, match="uint8"):
        classifier.embed(judge, images.astype(np.float32))  # type: ignore[arg-type]
    with pytest.raises(GanError, match="shape"):
        classifier.embed(judge, bars(3, side=20)[0])
    with pytest.raises(GanError, match="labels"):
        classifier.train_classifier(images, labels[:5], 2, epochs=1)
    with pytest.raises(GanError, match="0 to 1"):
        classifier.train_classifier(images, labels + 5, 2, epochs=1)
    with pytest.raises(GanError, match="seconds or epochs"):
        classifier.train_classifier(images, labels, 2)
    with pytest.raises(GanError, match="4 x 4"):
        classifier.Classifier((1, 3, 8), 2)
