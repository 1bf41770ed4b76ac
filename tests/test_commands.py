"""The commands as a user types them: train, sample, interpolate, info, list, plugins."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import Gan
from PIL import Image, ImageSequence
from small import TINY_WORDS

TRAIN = ["train", *TINY_WORDS, "--display", "none", "--steps", 3]


@pytest.fixture
def trained(gan: Gan) -> str:
    """The name of a tiny conditional run."""
    assert gan(*TRAIN, "--conditional", "--name", "pets").code == 0
    return "pets"


def test_train_leaves_a_run_folder_and_names_it_last(gan: Gan) -> None:
    done = gan(*TRAIN)
    folder = Path(done.out.splitlines()[-1])
    assert folder == Path("runs/0001-dcgan-gan-digits")
    assert (folder / "config.toml").is_file()
    assert (folder / "real-and-generated.png").is_file()
    assert [path.name for path in (folder / "samples").iterdir()] == ["step-00000003.png"]
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["step"] == 3
    assert {"real", "fake", "fake_after", "loss_D", "loss_G"} <= set(lines[-1])
    assert "gan sample 0001-dcgan-gan-digits" in done.err
    assert "gan interpolate 0001-dcgan-gan-digits" in done.err


def test_a_run_can_be_reproduced_from_its_config_alone(gan: Gan) -> None:
    gan(*TRAIN, "--name", "first", "--seed", 5)
    gan("train", "--config", "runs/first/config.toml", "--name", "second", "--display", "none")
    digests = [json.loads(gan("info", name, "--json").out) for name in ("first", "second")]
    assert digests[0]["settings"] == digests[1]["settings"]
    first, second = (gan("sample", name, "--out", f"{name}.npz") for name in ("first", "second"))
    assert (first.code, second.code) == (0, 0)
    assert np.array_equal(np.load("first.npz")["images"], np.load("second.npz")["images"])


def test_runs_are_numbered_and_never_overwritten(gan: Gan) -> None:
    assert gan(*TRAIN).out.strip().endswith("0001-dcgan-gan-digits")
    assert gan(*TRAIN, "--loss", "wgan-gp").out.strip().endswith("0002-dcgan-wgan-gp-digits")
    gan(*TRAIN, "--name", "mine")
    again = gan(*TRAIN, "--name", "mine")
    assert again.code == 2
    assert "There is a run" in again.err


def test_resume_continues_in_the_same_folder(gan: Gan, trained: str) -> None:
    assert gan("train", "--resume", trained, "--steps", 5, "--display", "none").code == 0
    told = json.loads(gan("info", trained, "--json").out)
    assert told["step"] == 5
    assert (Path("runs") / trained / "checkpoints" / "step-00000003.safetensors").is_file()


def test_resume_of_a_finished_run_says_how_to_go_on(gan: Gan, trained: str) -> None:
    again = gan("train", "--resume", trained, "--display", "none")
    assert again.code == 2
    assert "--steps" in again.err


def test_resume_refuses_another_architecture_by_name(gan: Gan, trained: str) -> None:
    refused = gan("train", "--resume", trained, "--arch", "gan", "--steps", 9)
    assert refused.code == 2
    assert "dcgan" in refused.err


def test_sample_writes_a_grid_files_or_an_array(gan: Gan, trained: str) -> None:
    assert gan("sample", trained, "-n", 20, "--out", "grid.png").code == 0
    assert Image.open("grid.png").size == (10 * 10 - 2, 2 * 10 - 2)  # a column for each of ten classes
    gan("sample", trained, "-n", 5, "--out", "folder")
    assert sorted(path.name for path in Path("folder").iterdir()) == [f"{i:06d}.png" for i in range(5)]
    gan("sample", trained, "-n", 12, "--class", "3,8", "--out", "some.npz")
    arrays = np.load("some.npz")
    assert arrays["images"].shape == (12, 1, 8, 8)
    assert arrays["labels"].tolist() == [3, 8] * 6


def test_an_image_is_the_same_however_many_are_made(gan: Gan, trained: str) -> None:
    gan("sample", trained, "-n", 150, "--out", "many.npz")
    gan("sample", trained, "-n", 70, "--out", "few.npz")
    gan("sample", trained, "-n", 70, "--seed", 1, "--out", "other.npz")
    many, few, other = (np.load(f"{name}.npz")["images"] for name in ("many", "few", "other"))
    assert np.array_equal(many[:70], few)
    assert not np.array_equal(few, other)


def test_truncation_brings_images_closer_together(gan: Gan, trained: str) -> None:
    spread = {}
    for threshold in (0.2, 5):
        gan("sample", trained, "-n", 64, "--class", 3, "--truncation", threshold, "--out", f"{threshold}.npz")
        spread[threshold] = np.load(f"{threshold}.npz")["images"].astype(float).std(0).mean()
    assert spread[0.2] < 0.5 * spread[5]


def test_sample_does_not_write_over_what_is_there(gan: Gan, trained: str) -> None:
    Path("mine.png").write_text("precious")
    refused = gan("sample", trained, "--out", "mine.png")
    assert refused.code == 2
    assert Path("mine.png").read_text() == "precious"
    assert gan("sample", trained, "--out", "mine.png", "--force").code == 0


def test_the_newest_run_is_meant_when_none_is_named(gan: Gan) -> None:
    gan(*TRAIN, "--name", "older")
    gan(*TRAIN, "--name", "newer", "--conditional")
    assert json.loads(gan("info", "--json").out)["conditional"] is True


def test_show_draws_in_the_terminal(gan: Gan, trained: str) -> None:
    shown = gan("sample", trained, "-n", 4, "--show")
    assert shown.code == 0
    assert len(shown.out.splitlines()) >= 4
    assert not Path("samples.png").exists()


def test_interpolate_makes_a_smooth_gif(gan: Gan, trained: str) -> None:
    assert gan("interpolate", trained, "--seeds", "1,2", "--frames", 9, "--out", "walk.gif").code == 0
    with Image.open("walk.gif") as gif:
        assert min(gif.size) >= 128
        shown = [frame.info["duration"] for frame in ImageSequence.Iterator(gif)]
    assert sum(shown) == 9 * 50  # equal frames are stored once, and shown for longer
    gan("interpolate", trained, "--seeds", "1,2", "--frames", 9, "--out", "strip.png")
    assert Image.open("strip.png").size == (9 * 10 - 2, 8)


def test_interpolation_begins_and_ends_at_the_seeds(gan: Gan, trained: str) -> None:
    gan("interpolate", trained, "--seeds", "4,9", "--frames", 5, "--class", 3, "--out", "strip.png")
    strip = np.asarray(Image.open("strip.png"))
    for seed, place in ((4, 0), (9, 40)):
        gan("sample", trained, "-n", 1, "--seed", seed, "--class", 3, "--out", f"{seed}.png")
        assert np.array_equal(strip[:, place : place + 8], np.asarray(Image.open(f"{seed}.png")))


def test_a_loop_comes_back_and_classes_morph(gan: Gan, trained: str) -> None:
    assert gan("interpolate", trained, "--class", "3,8", "--loop", "--frames", 6, "--out", "morph.webp").code == 0
    assert gan("interpolate", trained, "--mode", "lerp", "--out", "straight.gif", "--frames", 4).code == 0


def test_info_shows_a_header_a_name_and_json(gan: Gan, trained: str) -> None:
    told = json.loads(gan("info", trained, "--json").out)
    assert {"step", "images_seen", "arch", "loss", "spec"} <= set(told)
    assert (told["step"], told["images_seen"], told["arch"], told["loss"]) == (3, 24, "dcgan", "gan")
    assert told["spec"]["classes"] == list("0123456789")
    assert "dcgan × gan, conditional" in gan("info", trained).out
    both = gan("info", "gan").out
    assert "architecture gan" in both
    assert "loss gan" in both


def test_list_and_plugins(gan: Gan) -> None:
    listed = gan("list").out
    assert all(name in listed for name in ("dcgan", "wgan-gp", "digits"))
    kinds = {entry["kind"] for entry in json.loads(gan("list", "losses", "--json").out)}
    assert kinds == {"loss"}
    assert "gancli-began" in gan("plugins").out


def test_json_display_prints_one_object_a_tick_and_then_the_folder(gan: Gan) -> None:
    *ticks, folder = gan(*TRAIN[:-4], "--steps", 3, "--display", "json", "--log-every", 1).out.splitlines()
    assert [json.loads(tick)["step"] for tick in ticks] == [1, 2, 3]
    assert folder.startswith("runs/0001-")


def test_a_picture_that_its_format_has_no_room_for(gan: Gan, trained: str) -> None:
    done = gan("sample", trained, "-n", 1700, "--columns", 1700, "--out", "wide.webp")
    assert done.code == 1
    assert "wide.webp cannot be written: " in done.err
    assert "A .png may be of any size" in done.err
    assert not list(Path().glob("*wide*"))


@pytest.mark.parametrize(
    "error", [RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate"), MemoryError()]
)
def test_out_of_memory_anywhere_is_one_line(
    error: Exception, gan: Gan, trained: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("torch.nn.Module.to", too_large)
    done = gan("sample", trained, "-n", 1)
    assert done.code == 1
    assert done.err == "Error: Out of memory. Try a smaller --size, --batch-size or -n, or narrower networks.\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_says_how_to_continue(number: signal.Signals, code: int) -> None:
    words = [*TRAIN[:-2], "--steps", 1_000_000, "--name", "long", "--log-every", 1]
    process = subprocess.Popen(
        [sys.executable, "-m", "gancli", *map(str, words)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    metrics = Path("runs/long/metrics.jsonl")
    until = time.monotonic() + 120
    while not (metrics.exists() and metrics.stat().st_size) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "gan train --resume long" in err
    assert out.splitlines()[-1] == "runs/long"
    assert len(list(Path("runs/long/checkpoints").iterdir())) == 1
