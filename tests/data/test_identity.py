"""Whether images are those that a model was trained on is seen in them, not in where they lie or since when."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import zoo
from sources import load

from gancli.data import images as identity
from gancli.data.images import Images

STREAMED = {"size": 8, "channels": 3, "cache_limit": 0, "workers": 0}


def touched(path: Path, copy: str, tmp_path: Path) -> Path:
    """The same images after a touch, or in another place."""
    if copy == "touched":
        os.utime(path, (1, 1))
        return path
    place = tmp_path / "elsewhere" / path.name
    place.parent.mkdir()
    return Path(shutil.copytree(path, place) if path.is_dir() else shutil.copy(path, place))


@pytest.fixture
def array(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An array that is too large to be read as a whole."""
    monkeypatch.setattr("gancli.data.load.HASHED", 100)
    np.save(tmp_path / "large.npy", np.random.default_rng(0).integers(0, 256, (500, 8, 8), dtype=np.uint8))
    return tmp_path / "large.npy"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "pictures"
    place.mkdir()
    for number in range(20):
        (place / f"{number}.png").write_bytes(zoo.saved(zoo.noise(), "PNG"))
    return place


def trusted(folder: Path) -> Images:
    return load(folder, **STREAMED, trust=True)


@pytest.mark.parametrize("copy", ["touched", "copied"])
def test_a_large_array_is_the_same_wherever_it_lies(copy: str, array: Path, tmp_path: Path) -> None:
    before = load(array)
    assert load(touched(array, copy, tmp_path)).fingerprint == before.fingerprint


@pytest.mark.parametrize("copy", ["touched", "copied"])
def test_a_trusted_stream_is_the_same_wherever_it_lies(copy: str, folder: Path, tmp_path: Path) -> None:
    before = trusted(folder)
    assert trusted(touched(folder, copy, tmp_path)).fingerprint == before.fingerprint


def test_a_large_array_of_other_images_is_another(array: Path) -> None:
    before = load(array)
    pixels = np.load(array)
    np.save(array, 255 - pixels)
    assert load(array).fingerprint != before.fingerprint
    np.save(array, pixels[:-1])
    assert load(array).fingerprint != before.fingerprint


def test_a_trusted_stream_of_other_pictures_is_another(folder: Path) -> None:
    before = trusted(folder)
    (folder / "7.png").write_bytes(zoo.saved(zoo.noise(), "PNG"))
    changed = trusted(folder)
    assert changed.fingerprint != before.fingerprint
    (folder / "8.png").write_bytes(b"damaged")
    assert trusted(folder).fingerprint != changed.fingerprint


def test_what_was_trained_on_as_a_stream_is_known_again_when_it_is_cached(folder: Path) -> None:
    stream = trusted(folder)
    cached = load(folder, size=8, channels=3, workers=0)
    assert isinstance(cached.pixels, np.memmap)
    assert cached.is_known_as(stream.fingerprint)
    assert not cached.is_known_as("another")


def test_caches_notice_a_change_of_a_large_array_that_its_samples_do_not_show(array: Path) -> None:
    before = load(array)
    pixels = np.load(array)
    unseen = next(n for n in range(len(pixels)) if n not in identity.spread(len(pixels)))
    pixels[unseen] = 0
    np.save(array, pixels)
    os.utime(array, (1, 1))
    after = load(array)
    assert after.fingerprint == before.fingerprint
    assert after.key != before.key


def test_what_version_0_1_0_wrote_down_of_a_large_array_is_known_where_nothing_was_touched(
    array: Path, tmp_path: Path
) -> None:
    images = load(array)
    assert images.is_known_as(images.key)  # which was the fingerprint
    assert not load(touched(array, "copied", tmp_path)).is_known_as(images.key)


def test_small_images_are_known_by_all_of_them(folder: Path) -> None:
    images = load(folder, size=8, channels=3)
    assert images.key == images.fingerprint
