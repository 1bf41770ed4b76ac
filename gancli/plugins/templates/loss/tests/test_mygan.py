"""MyGAN keeps gancli's contracts, and does what it promises."""

from pathlib import Path

import pytest
import torch
from gancli_mygan.loss import MyGAN

from gancli.testing import Check, checks


@pytest.mark.parametrize("check", checks(Path(__file__).parents[1]), ids=str)
def test_it_keeps_the_contracts(check: Check) -> None:
    check()


def test_there_is_nothing_to_learn_at_the_targets() -> None:
    loss = MyGAN(target=0.9)
    real, fake = torch.full((4,), 0.9), torch.zeros(4)
    assert loss.d_loss(real, fake) == 0
    assert loss.d_loss(fake, real) > 0
    assert loss.g_loss(real) == 0
