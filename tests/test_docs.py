"""The plugin page is executed as written: its package is installed, trains and samples."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Gan
from fake_package import installed
from small import TINY_WORDS

PAGE = Path(__file__).parents[1] / "docs" / "plugins.md"


@pytest.fixture
def _package(tmp_path: Path) -> Iterator[None]:
    register, loss, step, architecture = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    register += '    add("architecture", "tiny", "gancli_mygan.tiny:Tiny", "One layer each way.")\n'
    register += '    add("loss", "owned", "gancli_mygan.owned:Owned", "The step as shown.")\n'
    owned = "from gancli import Loss\n\n\nclass Owned(Loss):\n" + re.sub(r"(?m)^(?=.)", "    ", step)
    folder = tmp_path / "site" / "gancli_mygan"
    folder.mkdir(parents=True)
    for name, source in {"__init__": register, "loss": loss, "owned": owned, "tiny": architecture}.items():
        (folder / f"{name}.py").write_text(source)
    with installed(tmp_path / "site", "gancli-mygan", register):
        (tmp_path / "site" / "gancli_mygan.py").unlink()  # the folder is the package
        yield


@pytest.mark.usefixtures("_package")
@pytest.mark.parametrize("loss", ["lsgan", "owned"])
def test_the_package_on_the_page_trains_and_samples(gan: Gan, loss: str) -> None:
    tiny = [word for word in TINY_WORDS if word != "--conditional"]
    done = gan("train", "--arch", "tiny", "--loss", loss, *tiny, "--steps", 3, "--display", "none")
    assert done.code == 0, done.err
    assert gan("sample", "-n", 4, "--out", "x.png").code == 0
    assert "Score that D gives real images." in gan("train", "--loss", "lsgan", "--help").out
