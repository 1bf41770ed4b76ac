"""Bad input gets one clear line on stderr and the right exit code; nothing is written and nothing is lost."""

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import Gan, Outcome
from small import TINY_WORDS

TRAIN = ["train", *TINY_WORDS, "--display", "none", "--steps", 2]


def told(outcome: Outcome, code: int, *words: str) -> None:
    """The command failed as it should: its code, one line, all of these words, no traceback."""
    lines = outcome.err.strip().splitlines()
    assert outcome.code == code, outcome
    assert len(lines) == 1, outcome.err
    assert lines[0].startswith("Error: ")
    assert all(word in lines[0] for word in words), lines[0]
    assert not list(Path().glob("runs/*/checkpoints/*"))


@pytest.fixture(autouse=True)
def _files() -> None:
    Path("empty").mkdir()
    Path("texts").mkdir()
    Path("texts/a.txt").write_text("no image")
    Path("broken").mkdir()
    Path("broken/a.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")


@pytest.mark.parametrize(
    ("words", "code", "parts"),
    [
        (["train", "./missing"], 1, ["nothing at", "missing"]),
        (["train", "missing"], 1, ["missing"]),
        (["train", "empty"], 1, ["empty"]),
        (["train", "texts"], 1, ["texts"]),
        (["train", "broken"], 1, ["broken", "can be read"]),
        (["train", "--size", "50"], 2, ["48", "56", "--size"]),
        (["train", "--arch", "dcgam"], 2, ["dcgam", "Did you mean", "dcgan"]),
        (["train", "--loss", "wgan-pg"], 2, ["wgan-pg", "wgan-gp"]),
        (["train", "--arch", "wgan-gp"], 2, ["is a loss", "gan train --arch dcgan --loss wgan-gp"]),
        (["train", "--loss", "dcgan"], 2, ["is an architecture, not a loss", "--arch dcgan"]),
        (["train", "--preset", "nope"], 2, ["preset", "nope"]),
        (["train", "--arch", "dcgan", "--loss", "wgan-gp", "--arch.d-norm", "batch"], 2, ["batch normalisation"]),
        (["train", "--loss", "wgan-gp", "--loss.weight", "-1"], 2, ["loss.weight", "--loss.weight"]),
        (["train", "--batch-size", "x"], 2, ["batch_size", "--batch-size"]),
        (["train", "--config", "missing.toml"], 1, ["missing.toml"]),
        (["train", "--resume", "missing"], 1, ["missing"]),
        (["train", "digits", "--data", "digits"], 2, ["twice"]),
        (["train", "--name", "../up"], 2, ["../up"]),
        (["train", "--no-conditional", "--preset", "cgan"], 2, ["conditional by nature"]),
        (["train", "--device", "cuda:99"], 2, ["cuda:99"]),
        (["train", "--arch", "dcgan", "--arch.d-norm", "batch"], 2, ["R1", "batch normalisation", "--optim.r1 0"]),
        (["train", "--optim.betas", "0.5,1"], 2, ["optim.betas", "below 1"]),
        (["plugins", "check", ".", "--set", "arch.width"], 2, ["--set arch.width", "--set arch.width=4"]),
        (["sample"], 1, ["no run", "gan train"]),
        (["sample", "missing"], 1, ["missing"]),
        (["interpolate", "missing"], 1, ["missing"]),
        (["info", "missing"], 1, ["missing"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_wrong_words(gan: Gan, words: list[str], code: int, parts: list[str]) -> None:
    small = ["--steps", "1"] if words[0] == "train" else []
    told(gan(*words, *small), code, *parts)


def test_no_command_and_an_unknown_one(gan: Gan) -> None:
    assert "Did you mean train?" in gan("trian").err
    assert gan("trian").code == 2


def test_conditional_without_labels_says_how_to_get_them(gan: Gan) -> None:
    np.save("images.npy", np.zeros((20, 8, 8), np.uint8))
    told(gan("train", "images.npy", "--conditional", "--steps", 1), 2, "no labels", "folder a class")


def test_a_class_of_an_unconditional_model(gan: Gan) -> None:
    gan(*TRAIN, "--name", "plain")
    refused = gan("sample", "plain", "--class", "7")
    assert refused.code == 2
    assert "unconditional" in refused.err


def test_an_unknown_class_is_answered_with_those_there_are(gan: Gan) -> None:
    gan(*TRAIN, "--name", "pets", "--conditional")
    refused = gan("sample", "pets", "--class", "cat")
    assert refused.code == 2
    assert "There are: 0, 1, 2" in refused.err


@pytest.mark.parametrize("command", ["sample", "interpolate", "info"])
def test_a_truncated_checkpoint(gan: Gan, command: str) -> None:
    gan(*TRAIN, "--name", "whole")
    whole = next(Path("runs/whole/checkpoints").iterdir()).read_bytes()
    for length in (0, 7, 100, len(whole) // 2, len(whole) - 1):
        Path("cut.safetensors").write_bytes(whole[:length])
        refused = gan(command, "cut.safetensors")
        assert refused.code == 1
        assert "cut.safetensors" in refused.err
        assert len(refused.err.strip().splitlines()) == 1


def test_a_flipped_byte_is_noticed(gan: Gan) -> None:
    gan(*TRAIN, "--name", "whole")
    whole = bytearray(next(Path("runs/whole/checkpoints").iterdir()).read_bytes())
    start = 8 + int.from_bytes(whole[:8], "little")
    for place in range(start, len(whole), 97):
        whole[place] ^= 1
    Path("flipped.safetensors").write_bytes(whole)
    refused = gan("sample", "flipped.safetensors")
    assert refused.code == 1
    assert "damaged" in refused.err


@pytest.mark.parametrize("command", ["sample", "interpolate", "info"])
def test_a_pickle_is_never_opened(gan: Gan, command: str) -> None:
    torch.save({"weights": torch.zeros(3)}, "model.pt")
    refused = gan(command, "model.pt")
    assert refused.code == 1
    assert "safetensors" in refused.err
    assert "never opened" in refused.err


def test_a_file_of_other_weights_is_no_checkpoint(gan: Gan) -> None:
    from safetensors.torch import save_file

    save_file({"x": torch.zeros(3)}, "other.safetensors")
    refused = gan("sample", "other.safetensors")
    assert refused.code == 1
    assert "no checkpoint of gancli" in refused.err


def test_where_nothing_can_be_written(gan: Gan) -> None:
    gan(*TRAIN, "--name", "whole")
    for words in (["sample", "whole", "--out", "no/such/x.png"], ["sample", "whole", "--out", "x.tiff2"]):
        assert gan(*words).code in {1, 2}
    assert not Path("no").exists()
