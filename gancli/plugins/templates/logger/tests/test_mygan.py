"""MyGAN keeps gancli's contracts, and does what it promises."""

from pathlib import Path

import pytest
from gancli_mygan.logger import MyGAN

from gancli import Run, Tick
from gancli.testing import Check, checks


@pytest.mark.parametrize("check", checks(Path(__file__).parents[1]), ids=str)
def test_it_keeps_the_contracts(check: Check) -> None:
    check()


def test_each_statistic_is_a_row(tmp_path: Path) -> None:
    MyGAN(Run(tmp_path)).tick(Tick(3, 24, 1.0, 24.0, None, {"loss_D": 0.5}))
    assert (tmp_path / "statistics.csv").read_text().split() == ["3,loss_D,0.5"]
