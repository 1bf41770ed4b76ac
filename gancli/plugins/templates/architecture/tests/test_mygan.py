"""MyGAN keeps gancli's contracts, and does what it promises."""

from pathlib import Path

import pytest
import torch
from gancli_mygan.architecture import MyGAN

from gancli import Spec
from gancli.testing import Check, checks

SMALL = {"arch.width": 8, "arch.latent": 8}


@pytest.mark.parametrize("check", checks(Path(__file__).parents[1], SMALL), ids=str)
def test_it_keeps_the_contracts(check: Check) -> None:
    check()


def test_the_class_decides_what_is_made() -> None:
    networks = MyGAN(width=8, latent=8).build(Spec(8, 8, 1, ("cat", "dog")), conditional=True)
    torch.nn.init.normal_(networks["G"].norm.shift.weight)
    z = torch.randn(1, 8).expand(2, 8)
    cat, dog = networks["G"](z, torch.tensor([0, 1]))
    assert not torch.equal(cat, dog)
