"""The plugin page is executed as written: its package is installed, trains and samples."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Gan
from fake_package import installed
from PIL import Image
from small import TINY_WORDS

PAGE = Path(__file__).parents[1] / "docs" / "plugins.md"


def blocks(language: str) -> list[str]:
    """The page's pieces of code in one language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.S)


def block(language: str, words: str) -> str:
    """The page's one piece of code in which these words stand."""
    (piece,) = (piece for piece in blocks(language) if words in piece)
    return piece


SOURCES = {
    "__init__": "def gancli_register(add):",
    "loss": "class SoftLSGAN(",
    "turn": "class BEGAN(",
    "step": "class Translation(",
    "tiny": "class Tiny(",
    "retouched": "class Retouched(",
    "sampling": "class Shades(",
    "figures": "class Thumbnail(",
    "greet": "def command(",
}
"""The modules of the package, and what each piece of code is known by."""


@pytest.fixture
def _package(tmp_path: Path) -> Iterator[None]:
    sources = {name: block("python", words) for name, words in SOURCES.items()}
    register = sources["__init__"]
    register += '    add("architecture", "tiny", "gancli_mygan.tiny:Tiny", "One layer each way.")\n'
    register += '    add("architecture", "shaded", "gancli_mygan.sampling:Shaded", "Lighter on request.")\n'
    register += '    add("architecture", "retouched", "gancli_mygan.retouched:Retouched", "Changed by one layer.")\n'
    register += '    add("extractor", "thumbnail", "gancli_mygan.figures:Thumbnail", "Sixteen pixels.")\n'
    register += '    add("metric", "spread", "gancli_mygan.figures:Spread", "How far images lie apart.")\n'
    register += '    add("loss", "turn", "gancli_mygan.turn:BEGAN", "A turn as shown.")\n'
    register += '    add("loss", "step", "gancli_mygan.step:Translation", "The step as shown.")\n'
    register += '    add("command", "greet", "gancli_mygan.greet:command", "Greets.")\n'
    folder = tmp_path / "site" / "gancli_mygan"
    folder.mkdir(parents=True)
    for name, source in {**sources, "__init__": register}.items():
        (folder / f"{name}.py").write_text(source)
    with installed(tmp_path / "site", "gancli-mygan", register):
        (tmp_path / "site" / "gancli_mygan.py").unlink()  # the folder is the package
        yield


@pytest.mark.usefixtures("_package")
@pytest.mark.parametrize("loss", ["soft-lsgan", "turn", "step"])
def test_the_package_on_the_page_trains_and_samples(gan: Gan, loss: str) -> None:
    tiny = [word for word in TINY_WORDS if word != "--conditional"]
    done = gan("train", "--arch", "tiny", "--loss", loss, *tiny, "--steps", 3, "--display", "none")
    assert done.code == 0, done.err
    assert gan("sample", "-n", 4, "--out", "x.png").code == 0
    assert gan("evaluate", "-n", 20, "--extractor", "thumbnail", "--metrics", "spread").code == 0
    assert "Score that D gives real images." in gan("train", "--loss", "soft-lsgan", "--help").out


@pytest.mark.usefixtures("_package")
def test_images_of_images_on_the_page_are_made(gan: Gan) -> None:
    words = [*TINY_WORDS[4:], "--display", "none"]
    done = gan("train", "--arch", "retouched", "--loss", "soft-lsgan", *words, "--steps", 3)
    assert done.code == 0, done.err
    for asked in (["sample", "-n", 4, "--out", "x.png"], ["interpolate", "--out", "x.gif", "--frames", 3]):
        done = gan(*asked)
        assert done.code == 0, done.err


@pytest.mark.usefixtures("_package")
def test_what_is_asked_for_on_the_page_is_given(gan: Gan) -> None:
    words = [*TINY_WORDS[2:], "--steps", 3, "--display", "none"]
    assert gan("train", "--arch", "shaded", *words).code == 0
    made = {}
    for shade, repeat in ((0, 1), (0.5, 2)):
        assert gan("sample", "-n", 4, "--shade", shade, "--sample.repeat", repeat, "--out", f"{shade}.npz").code == 0
        made[shade] = np.load(f"{shade}.npz")["images"].astype(int)
    lighter = (made[0][[0, 0, 1, 1]] + 64).clip(max=255)
    assert abs(made[0.5] - lighter).max() <= 1


@pytest.mark.usefixtures("_package")
def test_the_command_on_the_page_runs(gan: Gan) -> None:
    assert gan("greet", "you").out == "Hello you\n"


def test_the_dataset_on_the_page_reads_what_it_lists() -> None:
    page = (PAGE.parent / "data.md").read_text()
    (source,) = re.findall(r"```python\n(.*?)```", page, re.S)
    scope = {"__name__": "gancli_shelf"}
    exec(source, scope)
    for shade in (0, 90, 180):
        Image.new("L", (8, 8), shade).save(f"{shade}.png")
    Path("scans.shelf").write_text("0.png dark\n90.png dark\n180.png light\n")
    shelf: Any = scope["Shelf"]
    assert shelf.recognises(Path("scans.shelf"))
    images = shelf(name="shelf", source="scans.shelf", workers=0).load()
    assert sorted(images.pixels[:][:, 0, 0, 0].tolist()) == [0, 90, 180]
    assert images.classes == ("dark", "light")


@pytest.mark.slow
def test_the_shortest_way_on_the_page_and_its_test_work() -> None:
    for line in block("sh", "gan plugins new").splitlines():
        _, *words = line.partition("#")[0].split()
        subprocess.run([sys.executable, "-m", "gancli", *words], check=True)
    package = Path("gancli-mygan")
    (package / "tests" / "test_mygan.py").write_text(block("python", "def test_it_keeps_the_contracts("))
    words = [sys.executable, "-m", "pytest", "-q", "-n", "0"]
    tested = subprocess.run(words, cwd=package, capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout
    assert " passed" in tested.stdout
