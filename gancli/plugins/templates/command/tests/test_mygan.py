"""MyGAN keeps gancli's contracts, and does what it promises."""

from pathlib import Path

import pytest

from gancli.testing import Check, Gan, checks


@pytest.mark.parametrize("check", checks(Path(__file__).parents[1]), ids=str)
def test_it_keeps_the_contracts(check: Check) -> None:
    check()


def test_it_counts(gan: Gan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    small = ["--arch.width", 2, "--arch.latent", 4, "--size", 8, "--data.count", 40, "--batch-size", 4]
    assert gan("train", *small, "--steps", 1, "--display", "none").code == 0
    assert "numbers in G" in gan("mygan").out
