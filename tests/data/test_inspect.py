"""`gan data inspect` tells a newcomer what is there and what to type next."""

import json
import shlex
from pathlib import Path

import numpy as np
import zoo
from conftest import Gan
from PIL import Image

RNG = np.random.default_rng(2)


def pictures(folder: Path, count: int, mode: str = "RGB", sides: tuple[int, int] = (20, 90)) -> Path:
    folder.mkdir(parents=True)
    for number in range(count):
        width, height = RNG.integers(*sides, 2)
        zoo.noise(mode, (int(width), int(height))).save(folder / f"{number}.png")
    return folder


def runs(gan: Gan, line: str) -> None:
    """Whether the line that was suggested is one that works."""
    words = shlex.split(line.removeprefix("Next:  "))
    assert words[:2] == ["gan", "train"]
    assert gan(*words[1:], "--dry-run").code == 0


def test_transparent_pictures_of_mixed_sizes(gan: Gan, tmp_path: Path) -> None:
    folder = pictures(tmp_path / "png", 20, "RGBA")
    (folder / "bad.png").write_bytes(b"")
    (folder / "copy.png").write_bytes((folder / "3.png").read_bytes())
    (folder / "notes.txt").write_text("x")
    shown = gan("data", "inspect", folder)
    assert shown.code == 0
    for told in (
        "21 images (folder)",
        "the shorter side",
        "Modes: RGBA",
        "Transparent: 21",
        "Skipped: 1 empty file: bad.png",
        "Not images: 1 .txt file",
        "Duplicates: 1, such as copy.png of 3.png",
        "--fit pad",
        "--background black",
        "--flip",
    ):
        assert told in shown.out, told
    runs(gan, shown.out.splitlines()[-1])
    assert Image.open("inspect.png").mode == "RGB"


def test_twelve_bits_in_sixteen(gan: Gan, tmp_path: Path) -> None:
    folder = tmp_path / "gray"
    folder.mkdir()
    for number in range(8):
        Image.fromarray(RNG.integers(0, 4000, (32, 32), dtype=np.uint16)).save(folder / f"{number}.png")
    shown = gan("data", "inspect", folder)
    assert "of 65535, which is dark: --range 0,4095" in shown.out
    assert shown.out.splitlines()[-1].endswith("--range 0,4095")
    runs(gan, shown.out.splitlines()[-1])
    assert "--range 0,4095 spreads" not in gan("data", "inspect", folder, "--range", "0,4095", "--force").out


def test_classes_and_json(gan: Gan, tmp_path: Path) -> None:
    for name, count in (("cat", 6), ("dog", 3)):
        pictures(tmp_path / "two" / name, count)
    told = json.loads(gan("data", "inspect", tmp_path / "two", "--json", "--size", 16, "--out", "sheet.png").out)
    assert told["classes"] == {"cat": 6, "dog": 3}
    assert told["shape"] == [3, 16, 16]
    assert told["command"].endswith("--size 16 --conditional")
    assert Path("sheet.png").is_file()
    assert gan("data", "inspect", tmp_path / "two", "--out", "sheet.png").code == 2
    assert gan("data", "inspect", tmp_path / "two", "--out", "sheet.xyz").code == 2
    assert gan("data", "inspect", tmp_path / "two", "--json", "--show").code == 2


def test_where_the_images_are(gan: Gan) -> None:
    np.save("own.npy", np.random.default_rng(0).integers(0, 256, (20, 16, 16), dtype=np.uint8))
    told = {words: gan("data", "inspect", *words.split(), "--out", "x.png", "--force").out for words in PLACES}
    assert all(place in told[words] for words, place in PLACES.items()), told


PLACES = {
    "own.npy --layout NHW": "used in its own file",
    "own.npy --layout NHW --size 8": "decoded once, in the cache",
    "digits --data.count 20": "in memory",
    "own.npy --layout NHW --size 8 --cache-limit 0": "decoded anew every time",
}


def test_options_of_one_kind_of_data_keep_their_prefix(gan: Gan) -> None:
    told = gan("data", "inspect", "digits", "--data.count", 20, "--data.seed", 3, "--size", 8).out.splitlines()[-1]
    assert told.endswith("gan train digits --size 8 --data.count 20 --data.seed 3 --conditional")
    runs(gan, told)


def test_the_sheet_in_the_terminal(gan: Gan, tmp_path: Path) -> None:
    shown = gan("data", "inspect", pictures(tmp_path / "x", 4), "--show").out
    assert len(shown.splitlines()) > 20


def test_all_bad(gan: Gan, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.png").write_bytes(b"x")
    shown = gan("data", "inspect", tmp_path / "bad")
    assert shown.code == 1
    assert "1 no image" in shown.err
    assert not Path("inspect.png").exists()
