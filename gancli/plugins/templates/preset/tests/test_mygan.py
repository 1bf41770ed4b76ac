"""MyGAN keeps gancli's contracts, and does what it promises."""

from pathlib import Path

import pytest

from gancli import preset, resolve
from gancli.testing import Check, checks

SMALL = {"arch.width": 4}


@pytest.mark.parametrize("check", checks(Path(__file__).parents[1], SMALL), ids=str)
def test_it_keeps_the_contracts(check: Check) -> None:
    check()


def test_its_settings_are_those_of_a_run() -> None:
    settings = resolve([preset("mygan")]).settings
    assert (settings.arch.name, settings.loss.name, settings.batch_size) == ("dcgan", "hinge", 32)
