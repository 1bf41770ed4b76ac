"""MyGAN keeps gancli's contracts, and does what it promises."""

from pathlib import Path
from tempfile import mkdtemp

import pytest
from gancli_mygan.dataset import MyGAN
from PIL import Image

from gancli.testing import Check, checks


def written(folder: Path) -> Path:
    """A list of six images of two classes."""
    for number in range(6):
        Image.new("L", (20, 20), 40 * number).save(folder / f"{number}.png")
    path = folder / "all.pictures"
    path.write_text("".join(f"{number}.png {'even' if number % 2 == 0 else 'odd'}\n" for number in range(6)))
    return path


@pytest.mark.parametrize("check", checks(Path(__file__).parents[1], source=written(Path(mkdtemp()))), ids=str)
def test_it_keeps_the_contracts(check: Check) -> None:
    check()


def test_classes_are_those_of_the_list(tmp_path: Path) -> None:
    records = MyGAN(name="mygan", source=str(written(tmp_path))).open()
    assert records.classes == ("even", "odd")
    assert records.labels.tolist() == [0, 1, 0, 1, 0, 1]
