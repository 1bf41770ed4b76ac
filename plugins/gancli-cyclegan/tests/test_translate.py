"""`gan translate`: pictures of one class become pictures of the other, and bad input is refused in a line."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gancli.testing import Outcome

Gan = Callable[..., Outcome]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six dark pictures and six light ones."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for kind, shade in {"dark": 0, "light": 200}.items():
        (folder / kind).mkdir()
        for number in range(6):
            pixels = rng.integers(shade, shade + 55, (16, 16), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / kind / f"{number}.png")
    return folder


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("work"))
    monkeypatch.setenv("GAN_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def model(gan: Gan, pictures: Path) -> Path:
    """A run of two steps."""
    small = ["--arch.width", 4, "--arch.blocks", 1, "--batch-size", 2, "--steps", 2, "--device", "cpu"]
    done = gan("train", pictures, "--preset", "cyclegan", *small, "--display", "none", "--out", "runs", "--name", "run")
    assert done.code == 0, done.err
    return Path("runs/run").resolve()


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_a_picture_becomes_a_picture(gan: Gan, model: Path, pictures: Path) -> None:
    done = gan("translate", model, pictures / "dark" / "3.png", "--to", "light", "--out", "made.png")
    assert (done.code, done.out) == (0, "1 picture turned into light in made.png\n")
    assert pixels(Path("made.png")).shape == (16, 16)


def test_a_folder_becomes_a_folder_of_the_same_names(gan: Gan, model: Path, pictures: Path) -> None:
    done = gan("translate", model, pictures / "dark", "--to", "light", "--out", "made")
    assert done.code == 0, done.err
    assert sorted(path.name for path in Path("made").iterdir()) == [f"{number}.png" for number in range(6)]
    gan("translate", model, pictures / "dark" / "3.png", "--to", "light", "--out", "alone.png")
    assert np.abs(pixels(Path("alone.png")).astype(int) - pixels(Path("made/3.png"))).max() <= 1


def test_a_zip_becomes_a_folder(gan: Gan, model: Path, pictures: Path) -> None:
    with zipfile.ZipFile("dark.zip", "w") as archive:
        for path in sorted((pictures / "dark").iterdir()):
            archive.write(path, path.name)
    refused(gan("translate", model, "dark.zip", "--to", "light", "--out", "one.png"), 2, "may hold many")
    done = gan("translate", model, "dark.zip", "--to", "light", "--out", "made")
    assert done.code == 0, done.err
    assert sorted(path.name for path in Path("made").iterdir()) == [f"{number}.png" for number in range(6)]


def test_pictures_in_folders_and_of_other_formats_keep_apart(gan: Gan, model: Path, pictures: Path) -> None:
    for name in ("a/1.jpg", "a/1.png", "b/1.png"):
        Path("mixed", name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), "navy").save(Path("mixed", name))
    assert gan("translate", model, "mixed", "--to", "light", "--out", "made").code == 0
    made = sorted(str(path.relative_to("made")) for path in Path("made").rglob("*.png"))
    assert made == ["a/1.jpg.png", "a/1.png", "b/1.png"]


def test_a_grid_shows_there_and_back_again(gan: Gan, model: Path, pictures: Path) -> None:
    done = gan("translate", model, pictures / "light", "--to", "dark", "--out", "grid.png", "--grid")
    assert done.code == 0, done.err
    grid = pixels(Path("grid.png"))
    assert grid.shape == (6 * 18 - 2, 3 * 18 - 2)
    for number in range(6):
        assert (grid[number * 18 : number * 18 + 16, :16] == pixels(pictures / "light" / f"{number}.png")).all()
    gan("translate", model, pictures / "light", "--to", "dark", "--out", "there")
    gan("translate", model, "there", "--to", "light", "--out", "back")
    assert (grid[18:34, 18:34] == pixels(Path("there/1.png"))).all()
    assert (grid[18:34, 36:52] == pixels(Path("back/1.png"))).all()


def refused(done: Outcome, code: int, *words: str) -> None:
    assert done.code == code
    assert "Traceback" not in done.err
    assert len(done.err.strip().splitlines()) <= 2
    assert all(word in done.err for word in words), done.err


def test_bad_input_is_refused_in_a_line(gan: Gan, model: Path, pictures: Path) -> None:
    picture = pictures / "dark" / "3.png"
    Path("note.txt").write_text("no picture\n", encoding="utf-8")
    Path("empty").mkdir()
    Path("broken.png").write_bytes(picture.read_bytes()[:60])
    refused(gan("translate", model, picture, "--to", "zebra", "--out", "x.png"), 2, "no class 'zebra'", "dark, light")
    refused(gan("translate", model, "absent.png", "--to", "light", "--out", "made"), 1, "absent.png")
    refused(gan("translate", model, "note.txt", "--to", "light", "--out", "x.png"), 1, "note.txt")
    refused(gan("translate", model, "empty", "--to", "light", "--out", "made"), 1, "empty")
    refused(gan("translate", model, "broken.png", "--to", "light", "--out", "x.png"), 1, "broken.png")
    refused(gan("translate", model, pictures, "--to", "light", "--out", "x.png"), 2, "--grid")
    refused(gan("translate", model, picture, "--to", "light", "--out", "x.doc"), 2, "x.doc", ".png")
    refused(gan("translate", model, picture, "--to", "light", "--out", "no/x.png"), 1, "no folder no")
    refused(gan("translate", model, picture, "--to", "light", "--out", "note.txt"), 2, "note.txt")
    refused(gan("translate", "absent", picture, "--to", "light", "--out", "x.png"), 1, "absent")
    assert not Path("x.png").exists()
    assert not Path("made").exists()


def test_what_is_there_stays_unless_forced(gan: Gan, model: Path, pictures: Path) -> None:
    Path("made.png").write_bytes(b"mine")
    words = ["translate", model, pictures / "dark" / "3.png", "--to", "light", "--out", "made.png"]
    refused(gan(*words), 2, "there already")
    assert Path("made.png").read_bytes() == b"mine"
    assert gan(*words, "--force").code == 0


def test_a_damaged_picture_among_others_is_left_out_and_named(gan: Gan, model: Path, pictures: Path) -> None:
    Path("some").mkdir()
    whole = (pictures / "dark" / "3.png").read_bytes()
    Path("some/a.png").write_bytes(whole[:60])
    Path("some/b.png").write_bytes(whole)
    done = gan("translate", model, "some", "--to", "light", "--out", "made")
    assert done.code == 0
    assert "a.png" in done.err
    assert [path.name for path in Path("made").iterdir()] == ["b.png"]


def test_a_model_of_noise_translates_nothing(gan: Gan, pictures: Path) -> None:
    gan("train", pictures, "--arch", "gan", "--steps", 2, "--display", "none", "--out", "runs", "--name", "noise")
    refused(gan("translate", "runs/noise", pictures, "--to", "light", "--out", "made"), 1, "turns no class", "cyclegan")


def test_the_readmes_pictures_are_drawn() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(.*?)```", readme, re.S)
    assert "count=4032" in script
    assert "< 4000" in script
    exec(script.replace("count=4032", "count=12").replace("< 4000", "< 8"), {})
    counts = {
        str(folder): len(list(folder.iterdir())) for kind in ("slates", "unseen") for folder in Path(kind).iterdir()
    }
    assert counts == {"slates/chalk": 4, "slates/ink": 4, "unseen/chalk": 2, "unseen/ink": 2}
