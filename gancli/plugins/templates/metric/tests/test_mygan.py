"""MyGAN keeps gancli's contracts, and does what it promises."""

from pathlib import Path

import pytest

from gancli.testing import Check, checks


@pytest.mark.parametrize("check", checks(Path(__file__).parents[1]), ids=str)
def test_it_keeps_the_contracts(check: Check) -> None:
    check()
