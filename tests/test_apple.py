"""What Apple GPUs have no kernel for is used nowhere; here the kernels that they lack are taken away on a CPU."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small import trainer
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from gancli.compute.areas import area_means
from gancli.data.images import Images
from gancli.extractors.random_features import RandomConvolutions
from gancli.metrics.classifier import train_classifier
from gancli.training.diversity import SIDE, Yardstick

CPU = torch.device("cpu")
areas = adaptive_avg_pool2d


def pixels(count: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)


@pytest.fixture
def apple(monkeypatch: pytest.MonkeyPatch) -> None:
    """No distances of pairs, no adaptive pooling but to divisors of the sides, as in torch's kernels for MPS."""

    def missing(*_: Any, **__: Any) -> Tensor:
        raise NotImplementedError("The operator 'aten::_pdist_forward' is not currently implemented for the MPS device")

    def pool(images: Tensor, size: Any) -> Tensor:
        sizes = (size, size) if isinstance(size, int) else size
        if any(side % wanted for side, wanted in zip(images.shape[2:], sizes, strict=True)):
            raise RuntimeError("Adaptive pool MPS: input sizes must be divisible by output sizes.")
        return areas(images, size)

    monkeypatch.setattr(torch, "pdist", missing)
    monkeypatch.setattr(torch.nn.functional, "pdist", missing)
    monkeypatch.setattr(torch.nn.functional, "adaptive_avg_pool2d", pool)
    monkeypatch.setattr("gancli.training.diversity.adaptive_avg_pool2d", pool, raising=False)


@pytest.mark.usefixtures("apple")
@pytest.mark.parametrize("arch", ["gan", "dcgan", "resnet"])
def test_a_training_with_evaluations_needs_none_of_the_missing_kernels(arch: str, tmp_path: Path) -> None:
    *_, last = trainer(tmp_path / "run", arch__name=arch, data__size="28", eval_every="2")
    assert last.step == 2
    assert {"diversity", "novelty", "kid"} <= set(last.statistics)


@pytest.mark.usefixtures("apple")
def test_a_classifier_of_images_needs_none_of_them() -> None:
    judge = train_classifier(pixels(40, 1, 28, 28), np.arange(40) % 2, 2, epochs=1)
    assert 0 <= judge.test_accuracy <= 1


@pytest.mark.parametrize("sides", [(7, 7), (8, 5), (1, 4), (3, 2)])
def test_areas_are_those_of_adaptive_pooling(sides: tuple[int, int]) -> None:
    x = torch.rand(2, 3, *sides)
    torch.testing.assert_close(area_means(x, 4, 4), areas(x, 4))


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 8, 50), (4, 16, 37), (3, 64, 64)])
def test_diversity_and_novelty_are_what_the_kernels_would_measure(shape: tuple[int, ...]) -> None:
    images, made = Images(pixels(150, *shape)), torch.rand(64, *shape) * 2 - 1

    def flat(x: Tensor) -> Tensor:
        return areas(x, tuple(min(side, SIDE) for side in shape[1:])).flatten(1)

    real = flat(torch.from_numpy(images.pixels[:]).float() / 127.5 - 1)
    known = torch.cdist(real, real).fill_diagonal_(torch.inf)

    def novelty(distances: Tensor) -> Tensor:
        nearest = distances.sort(1).values
        return (nearest[:, 0] / nearest[:, 1]).mean()

    statistics = Yardstick(images, CPU).measure(made)
    torch.testing.assert_close(statistics["diversity"], torch.pdist(flat(made)).mean() / torch.pdist(real).mean())
    torch.testing.assert_close(statistics["novelty"], novelty(torch.cdist(flat(made), real)) / novelty(known))


def test_the_yardstick_holds_few_whole_pictures_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    whole = Tensor.float

    def float_of(self: Tensor) -> Tensor:
        sizes.append(len(self))
        return whole(self)

    monkeypatch.setattr(Tensor, "float", float_of)
    Yardstick(Images(pixels(1000, 3, 8, 8)), CPU)
    pictures = [size for size in sizes if size != SIDE]
    assert pictures
    assert max(pictures) <= 64


@pytest.mark.parametrize("side", [28, 32, 50])
def test_random_features_are_those_of_adaptive_pooling(side: int) -> None:
    network, images = RandomConvolutions(3), torch.from_numpy(pixels(5, 3, side, side))
    last: list[Tensor] = []
    with pytest.MonkeyPatch.context() as patch:
        pool = torch.nn.functional.avg_pool2d
        patch.setattr(torch.nn.functional, "avg_pool2d", lambda *args: last.append(pool(*args)) or last[-1])
        features = network(images)
    torch.testing.assert_close(features[:, -4 * last[-1].shape[1] :], areas(last[-1], 2).flatten(1))
