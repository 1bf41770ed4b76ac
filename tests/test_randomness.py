"""Work that seeds random streams of its own leaves those of a training where they are."""

import numpy as np
import pytest
import torch

from gancli.compute.randomness import apart
from gancli.metrics import classifier

CPU = torch.device("cpu")


def bars(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images of a bar, upright or not, and which."""
    labels = np.arange(count) % 2
    images = np.zeros((count, 1, 8, 8), np.uint8)
    images[labels == 0, :, 3] = 255
    images[labels == 1, :, :, 3] = 255
    return images, labels


def test_streams_go_on_where_they_were() -> None:
    torch.manual_seed(1)
    first, second = torch.rand(2), torch.rand(2)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(2), first)
    with apart(7, CPU):
        inner = torch.rand(2)
    assert torch.equal(torch.rand(2), second)
    torch.manual_seed(7)
    assert torch.equal(torch.rand(2), inner)


def test_streams_go_on_after_an_error() -> None:
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    with pytest.raises(RuntimeError, match="size"), apart(7, CPU):
        torch.rand(2) + torch.rand(3)
    assert torch.equal(torch.rand(2), expected)


def test_training_a_classifier_seeds_no_other_device(monkeypatch: pytest.MonkeyPatch) -> None:
    seeded: list[int] = []
    for module in (torch.cuda, torch.xpu):
        monkeypatch.setattr(module, "manual_seed_all", seeded.append)
    monkeypatch.setattr(torch.mps, "manual_seed", seeded.append)
    classifier.train_classifier(*bars(40), 2, epochs=1, seed=5)
    assert not seeded


@pytest.mark.cuda
def test_training_a_classifier_on_a_gpu_leaves_its_stream_where_it_was() -> None:
    torch.manual_seed(3)
    before = torch.cuda.get_rng_state()
    classifier.train_classifier(*bars(40), 2, epochs=1, seed=5, device="cuda")
    assert torch.equal(torch.cuda.get_rng_state(), before)
