"""MyGAN keeps gancli's contracts, and does what it promises."""

from pathlib import Path

import pytest
import torch
from gancli_mygan.augmentation import augment

from gancli.testing import Check, checks


@pytest.mark.parametrize("check", checks(Path(__file__).parents[1]), ids=str)
def test_it_keeps_the_contracts(check: Check) -> None:
    check()


def test_brightness_stays() -> None:
    x = torch.rand(4, 3, 8, 8) * 2 - 1
    changed = augment(x, torch.Generator().manual_seed(0))
    torch.testing.assert_close(changed.mean((1, 2, 3)), x.mean((1, 2, 3)))
    assert not torch.equal(changed, x)
