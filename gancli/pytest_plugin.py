"""Fixtures for the tests of plugins, in pytest wherever gancli is installed. They import torch only when used."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from gancli.testing.outcome import Gan, Outcome

if TYPE_CHECKING:
    from gancli.training.trainer import Trainer


@pytest.fixture
def gan(capsys: pytest.CaptureFixture[str]) -> Gan:
    """`gan("train", "--steps", 3)` runs a command in this process, and returns its exit code, out and err."""
    from gancli.cli import main

    def run(*words: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        return Outcome(int(stopped.value.code or 0), out, err)

    return run


@pytest.fixture
def gan_trainer(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> "Callable[..., Trainer]":
    """`gan_trainer({"loss": "mygan", "steps": 4})` is a trainer of digits, 16x16, on the CPU, in batches of 8."""
    from gancli.config.config import flatten
    from gancli.training.trainer import Trainer

    def make(settings: dict[str, Any]) -> Trainer:
        small = {"data.size": "16", "data.count": 40, "batch_size": 8, "steps": 2, "device": "cpu"}
        return Trainer.of({**small, **flatten(settings)})

    monkeypatch.setenv("GAN_CACHE", str(tmp_path_factory.mktemp("cache")))
    return make
