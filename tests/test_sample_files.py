"""What `gan sample` writes: chunk by chunk, whole or not at all, and nothing that nobody could open."""

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Gan
from PIL import Image

from gancli.generation.model import TrainedModel

TRAIN = ["train", "--arch", "gan", "--arch.units", 8, "--arch.d-units", 8, "--size", 8, "--data.count", 40]


@pytest.fixture
def trained(gan: Gan) -> str:
    done = gan(*TRAIN, "--conditional", "--steps", 1, "--batch-size", 8, "--display", "none", "--name", "mine")
    assert done.code == 0, done.err
    return "mine"


@pytest.fixture
def chunks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images were made at a time, in chunks of ten at most."""
    sizes: list[int] = []
    call = TrainedModel.__call__

    def counted(self: TrainedModel, z: Any, y: Any) -> np.ndarray:
        sizes.append(len(z))
        return call(self, z, y)

    monkeypatch.setattr(TrainedModel, "__call__", counted)
    monkeypatch.setattr("gancli.commands.sample.CHUNK", 10)
    return sizes


def test_an_array_is_written_as_it_is_made(gan: Gan, trained: str, chunks: list[int]) -> None:
    assert gan("sample", trained, "-n", 25, "--class", "3,8,1", "--out", "some.npz").code == 0
    assert chunks == [10, 10, 5]
    arrays = np.load("some.npz")
    assert (arrays["images"].shape, arrays["images"].dtype) == ((25, 1, 8, 8), np.uint8)
    assert (arrays["labels"].tolist(), arrays["labels"].dtype) == (([3, 8, 1] * 9)[:25], np.int64)
    with zipfile.ZipFile("some.npz") as archive:
        assert archive.testzip() is None
    gan("sample", trained, "-n", 25, "--class", "3,8,1", "--out", "grid.png", "--columns", 25)
    strip = np.asarray(Image.open("grid.png"))
    assert np.array_equal(arrays["images"][24, 0], strip[:, 240:248])


def test_a_model_without_classes_has_no_labels(gan: Gan) -> None:
    assert gan(*TRAIN, "--steps", 1, "--batch-size", 8, "--display", "none", "--name", "plain").code == 0
    assert gan("sample", "plain", "-n", 3, "--out", "some.npz").code == 0
    assert np.load("some.npz").files == ["images"]


def test_classes_go_on_from_chunk_to_chunk(gan: Gan, trained: str, chunks: list[int]) -> None:
    assert gan("sample", trained, "-n", 23, "--out", "some.npz").code == 0
    assert np.load("some.npz")["labels"].tolist() == [number % 10 for number in range(23)]
    assert len(chunks) == 3


def test_a_folder_of_pictures_is_written_as_they_are_made_and_synced_once(
    gan: Gan, trained: str, chunks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda _: calls.append("fsync"))
    monkeypatch.setattr(os, "sync", lambda: calls.append("sync"))
    assert gan("sample", trained, "-n", 25, "--out", "folder").code == 0
    assert sorted(path.name for path in Path("folder").iterdir()) == [f"{i:06d}.png" for i in range(25)]
    assert calls == ["sync"]
    assert chunks == [10, 10, 5]


@pytest.mark.parametrize("out", ["some.npz", "folder", "grid.png"])
def test_one_that_is_interrupted_leaves_nothing_half_done(
    out: str, gan: Gan, trained: str, chunks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = TrainedModel.__call__

    def interrupted(self: TrainedModel, z: Any, y: Any) -> np.ndarray:
        if len(chunks) == 2:
            raise KeyboardInterrupt
        return call(self, z, y)

    monkeypatch.setattr(TrainedModel, "__call__", interrupted)
    assert gan("sample", trained, "-n", 25, "--out", out).code == 130
    kept = sorted(path.name for path in Path().rglob("*") if path.is_file() and "runs" not in path.parts)
    assert kept == ([f"{i:06d}.png" for i in range(20)] if out == "folder" else [])
    assert all(Image.open(path).size == (8, 8) for path in Path("folder").glob("*"))


@pytest.mark.parametrize("words", [["--out", "grid.png"], ["--show"], ["--show", "--out", "all.npz"]])
def test_a_picture_that_nobody_could_open_is_refused_before_any_work(
    words: list[str], gan: Gan, trained: str, chunks: list[int]
) -> None:
    refused = gan("sample", trained, "-n", 10_000_000, *words)
    assert refused.code == 2
    assert "no picture" in refused.err
    assert ".npz" in refused.err
    assert not chunks
