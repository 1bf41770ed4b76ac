"""`gan evaluate` as a user types it: what it shows, what it keeps, what it refuses, and what it leaves alone."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import Gan, Outcome
from PIL import Image

from gancli.extractors.classifier import Trained

TINY = ["--arch.width", 4, "--arch.latent", 8, "--batch-size", 8, "--display", "none", "--steps", 4, "--size", 8]


@pytest.fixture(autouse=True)
def _little_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trained, "LEAST", 4)
    monkeypatch.setattr(Trained, "EPOCHS", 0.1)


@pytest.fixture
def run(gan: Gan) -> str:
    """A tiny conditional run on digits, with checkpoints of steps 2 and 4."""
    done = gan("train", *TINY, "--conditional", "--data.count", 60, "--name", "pets", "--checkpoint-every", 2)
    assert done.code == 0, done.err
    return "pets"


@pytest.fixture
def photos() -> Path:
    """A folder of unlabelled images."""
    folder = Path("photos")
    folder.mkdir()
    for number in range(12):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def plain(gan: Gan, photos: Path) -> str:
    """A run on unlabelled images."""
    assert gan("train", photos, *TINY, "--name", "plain").code == 0
    return "plain"


def evaluated(gan: Gan, *words: object) -> dict[str, object]:
    done = gan("evaluate", *words, "--json")
    assert done.code == 0, done.err
    found: dict[str, object] = json.loads(done.out)
    return found


def refused(gan: Gan, *words: object, code: int) -> Outcome:
    done = gan("evaluate", *words)
    assert done.code == code, done.err
    errors = [line for line in done.err.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert "Traceback" not in done.err
    return done


def test_all_figures_name_extractor_number_and_reference(gan: Gan, run: str) -> None:
    found = evaluated(gan, run, "-n", 40)
    assert found["step"] == 4
    assert found["n"] == 40
    assert str(found["extractor"]).startswith("classifier ")
    assert found["accuracy"] is not None
    assert found["reference"] == "digits, 60 images"
    assert {"fid", "kid", "precision", "recall", "density", "coverage", "modes", "entropy", "accuracy", "novelty",
            "copied", "authenticity", "duplicates", "shares", "nearest"} <= set(found["figures"])  # type: ignore[call-overload]  # fmt: skip
    shown = gan("evaluate", run, "-n", 40).out
    for text in ("40 samples (seed 0) against digits, 60 images", "classifier ", "held out", "step 4", "fid", "lower"):
        assert text in shown


def test_the_same_twice_and_another_seed_differs(gan: Gan, run: str) -> None:
    first, again, other = (evaluated(gan, run, "-n", 40, "--seed", seed)["figures"] for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_earlier_checkpoints_stand_beside_on_the_same_terms_only(gan: Gan, run: str) -> None:
    early = Path("runs/pets/checkpoints/step-00000002.safetensors")
    evaluated(gan, early, "-n", 40)
    evaluated(gan, early, "-n", 30)
    evaluated(gan, early, "-n", 40, "--extractor", "random")
    found = evaluated(gan, run, "-n", 40)
    assert [(each["step"], each["n"]) for each in found["earlier"]] == [(2, 40)]  # type: ignore[attr-defined]
    assert found["earlier"][0]["extractor"] == found["extractor"]  # type: ignore[index]
    table = gan("evaluate", run, "-n", 40).out
    assert "step 2" in table
    assert len(Path("runs/pets/evaluations.jsonl").read_text().splitlines()) == 5


def test_nothing_but_the_record_is_written(gan: Gan, run: str) -> None:
    def files() -> set[Path]:
        return {path for path in Path().rglob("*") if path.is_file()}

    before = files()
    evaluated(gan, run, "-n", 40)
    assert files() - before == {Path("runs/pets/evaluations.jsonl")}
    shutil.copy("runs/pets/checkpoints/step-00000004.safetensors", "alone.safetensors")
    before = files()
    evaluated(gan, "alone.safetensors", "-n", 40, "--data", "digits")
    assert files() == before


def test_nobody_looks_where_a_checkpoint_from_anywhere_says_its_images_are(gan: Gan, plain: str, photos: Path) -> None:
    shutil.copy("runs/plain/checkpoints/step-00000004.safetensors", "alone.safetensors")
    assert "outside of a run is not believed" in refused(gan, "alone.safetensors", code=1).err
    found = evaluated(gan, "alone.safetensors", "-n", 12, "--data", photos)
    assert found["reference"] == "photos, 12 images"


def test_runs_and_info_show_the_best_figure_with_its_extractor(gan: Gan, run: str) -> None:
    found = evaluated(gan, run, "-n", 40)
    listed = json.loads(gan("runs", "--json").out)[0]["best"]
    assert listed["fid"] == found["figures"]["fid"]  # type: ignore[index]
    assert listed["extractor"] == found["extractor"]
    told = json.loads(gan("info", run, "--json").out)
    assert told["evaluations"][0]["figures"] == found["figures"]
    assert str(found["extractor"]) in gan("info", run).out


def test_metrics_can_be_chosen(gan: Gan, run: str) -> None:
    found = evaluated(gan, run, "-n", 40, "--metrics", "kid,duplicates", "--extractor", "random")
    assert set(found["figures"]) == {"kid", "duplicates"}  # type: ignore[call-overload]


def test_images_without_classes_are_seen_by_random_features(gan: Gan, plain: str) -> None:
    found = evaluated(gan, plain, "-n", 20)
    assert str(found["extractor"]).startswith("random ")
    assert "novelty" in found["figures"]  # type: ignore[operator]
    assert "modes" not in found["figures"]  # type: ignore[operator]


def test_other_images_are_prepared_alike_and_prove_no_copies(gan: Gan, run: str, photos: Path) -> None:
    for path in photos.iterdir():
        Image.open(path).convert("RGB").resize((20, 20)).save(path)
    found = evaluated(gan, run, "-n", 20, "--data", photos, "--extractor", "random")
    assert found["reference"] == "photos, 12 images"
    assert "novelty" not in found["figures"]  # type: ignore[operator]


def test_images_that_have_moved_are_known_again(gan: Gan, plain: str, photos: Path) -> None:
    before = evaluated(gan, plain, "-n", 20)
    photos.rename("elsewhere")
    gone = refused(gan, plain, code=1)
    assert "--data SOURCE" in gone.err
    after = evaluated(gan, plain, "-n", 20, "--data", "elsewhere")
    assert after["figures"] == before["figures"]


def test_more_samples_than_images_are_noted(gan: Gan, plain: str) -> None:
    done = gan("evaluate", plain, "-n", 40)
    assert done.code == 0
    assert "Note: 40 samples stand beside 12 real images" in done.err


def test_images_that_have_changed_are_noted(gan: Gan, plain: str, photos: Path) -> None:
    (photos / "3.png").unlink()
    done = gan("evaluate", plain, "-n", 20, "--json")
    assert "have changed since the training" in done.err
    assert "novelty" not in json.loads(done.out)["figures"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--extractor", "classifier"], 2, "no classes"),
        (["--extractor", "clasifier"], 2, "Did you mean classifier"),
        (["--extractor", "file"], 2, "file:PATH"),
        (["--extractor", "file:none.safetensors"], 1, "no judge"),
        (["--extractor", "inception"], 1, "--download"),
        (["--metrics", "fid,kidd"], 2, "kid"),
        (["--metrics", "asked"], 2, "conditional"),
        (["--metrics", "classes"], 2, "classifier"),
        (["--data", "nowhere/"], 1, "nowhere"),
        (["--device", "cuda:9"], 2, "cuda:9"),
        (["--device", "gpu"], 2, "no device gpu"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(gan: Gan, plain: str, words: list[str], code: int, said: str) -> None:
    assert said in refused(gan, plain, "-n", 20, *words, code=code).err


def test_a_metric_that_cannot_be_taken_is_left_out_unless_it_was_asked_for(gan: Gan) -> None:
    twins = Path("twins")
    twins.mkdir()
    for number in range(12):
        Image.new("L", (8, 8), 99).save(twins / f"{number}.png")
    gan("train", twins, *TINY, "--name", "twins")
    done = gan("evaluate", "twins", "-n", 20, "--json")
    assert done.code == 0, done.err
    assert "No memorisation: Of fewer than three different training images" in done.err
    assert {"fid", "kid"} <= set(json.loads(done.out)["figures"])
    assert "fewer than three" in refused(gan, "twins", "-n", 20, "--metrics", "memorisation", code=1).err


def test_bad_checkpoints_are_refused(gan: Gan, run: str) -> None:
    path = Path("runs/pets/checkpoints/step-00000004.safetensors")
    path.write_bytes(path.read_bytes()[:-50])
    refused(gan, path, code=1)
    Path("text.safetensors").write_text("hello")
    refused(gan, "text.safetensors", code=1)
    refused(gan, "nobody", code=1)


def test_figures_that_a_crash_or_a_stranger_left_are_passed_over(gan: Gan, run: str) -> None:
    found = evaluated(gan, run, "-n", 20, "--extractor", "random")
    record = Path("runs/pets/evaluations.jsonl")
    whole = json.loads(record.read_text())
    strange = [{}, [], 3, {**whole, "figures": 3}, {**whole, "step": "x"}, {**whole, "figures": {"fid": "low"}},
               {**whole, "more": 1}]  # fmt: skip
    record.write_text("".join(json.dumps(each) + "\n" for each in [*strange, whole]) + '{"step": 4, "ima')
    assert gan("runs").code == 0
    assert [each["figures"] for each in json.loads(gan("info", run, "--json").out)["evaluations"]] == [found["figures"]]
