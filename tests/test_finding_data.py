"""The images of a run are found again from every folder, whatever was typed where it began."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from conftest import Gan
from data.sources import dataset
from PIL import Image

from gancli.config.layers import rebuild
from gancli.data.dataset import Dataset
from gancli.runs.checkpoint import read_header
from gancli.runs.run import Run

TINY = ["--arch.width", 4, "--arch.latent", 8, "--batch-size", 4, "--size", 8, "--display", "none"]


@pytest.fixture
def pictures() -> Path:
    """A folder of images in the working folder."""
    folder = Path("pictures").absolute()
    folder.mkdir()
    for number in range(12):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize("source", ["pictures", "./pictures/", "folder:pictures"])
def test_a_run_goes_on_and_is_evaluated_from_another_folder(
    gan: Gan, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = gan("train", source, *TINY, "--steps", 2)
    assert done.code == 0, done.err
    run = Run(Path(done.out.strip()).absolute())
    assert run.name == "0001-dcgan-gan-pictures"
    monkeypatch.chdir(tmp_path)
    resumed = gan("train", "--resume", str(run.path), "--steps", 4, "--display", "none")
    assert resumed.code == 0, resumed.err
    assert "will differ" not in resumed.err
    evaluated = gan("evaluate", str(run.path), "-n", 12)
    assert evaluated.code == 0, evaluated.err
    assert "changed" not in evaluated.err
    assert "pictures, 12 images" in evaluated.out


@pytest.mark.usefixtures("pictures")
def test_the_settings_of_a_run_name_the_place_for_good(gan: Gan) -> None:
    assert gan("train", "pictures", *TINY, "--steps", 2, "--name", "mine").code == 0
    run, place = Run(Path("runs/mine")), str(Path("pictures").absolute())
    assert tomllib.loads(run.config.read_text())["data"]["source"] == place
    assert read_header(run.latest()).settings["data"]["source"] == place
    assert "pictures" in gan("runs").out
    assert place not in gan("runs").out


def test_an_old_run_with_a_relative_source_goes_on_from_its_own_folder(
    gan: Gan, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as old:
        old.setattr(Dataset, "located", lambda self: self)
        assert gan("train", "pictures", *TINY, "--steps", 2, "--name", "mine").code == 0
    resumed = gan("train", "--resume", "mine", "--steps", 4, "--display", "none")
    assert resumed.code == 0, resumed.err
    assert "will differ" not in resumed.err
    assert Run(Path("runs/mine")).settings["data"]["source"] == str(pictures)


def test_images_that_were_moved_are_the_same_images(gan: Gan, pictures: Path) -> None:
    assert gan("train", "pictures", *TINY, "--steps", 2, "--name", "mine").code == 0
    pictures.rename("moved")
    resumed = gan("train", "moved", "--resume", "mine", "--steps", 4, "--display", "none")
    assert resumed.code == 0, resumed.err
    assert "will differ" not in resumed.err


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("pictures", "{cwd}/pictures"),
        ("../{here}/pictures", "{cwd}/pictures"),
        ("folder:pictures", "folder:{cwd}/pictures"),
        (".", "{cwd}"),
        ("array.npy", "{cwd}/array.npy"),
        ("digits", "digits"),
        ("~", "~"),
    ],
)
def test_a_path_that_is_there_is_made_absolute(source: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cwd = Path.cwd()
    monkeypatch.setenv("HOME", str(cwd))
    np.save("array.npy", np.zeros((12, 8, 8), np.uint8))
    located = dataset(source.format(here=cwd.name)).located()
    assert located.source == expected.format(cwd=cwd)
    assert located.located() == located


@pytest.mark.parametrize(("name", "source"), [("torchvision", "torchvision:MNIST"), ("folder", "gone")])
def test_what_is_no_path_stays_as_it_is(name: str, source: str) -> None:
    Path("MNIST").mkdir()
    built = rebuild("data", {"data": {"name": name, "source": source}})
    assert isinstance(built, Dataset)
    assert built.located().source == source


def test_the_folder_of_torchvisions_files_is_found_again() -> None:
    Path("files").mkdir()
    built = rebuild("data", {"data": {"name": "torchvision", "source": "torchvision:MNIST", "root": "files"}})
    assert isinstance(built, Dataset)
    assert built.located().model_dump()["root"] == str(Path("files").absolute())
