"""Loggers: what they show of a run that is resumed or goes back, and what becomes of one that cannot begin."""

import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import Gan
from small import TINY_WORDS, made, trainer

from gancli.base.retry import PAUSE
from gancli.loggers.contract import Logger
from gancli.loggers.guarded import Guarded, LoggerWarning
from gancli.loggers.tensorboard import TensorBoard
from gancli.loggers.weights_and_biases import WandB
from gancli.runs.run import Run
from gancli.telemetry.ticks import Event, Tick

TRAIN = ["train", *TINY_WORDS, "--display", "none", "--log-every", 10]


def tick(step: int, **statistics: float) -> Tick:
    return Tick(step, step * 8, step / 10, 80.0, 0.5, {"loss_D": 1.0, **statistics})


def rolled_back(step: int) -> Tick:
    """The tick of a training that has gone back to a step."""
    return Tick(step, step * 8, step / 10, 0.0, events=(Event("rollback"),))


class Late(Logger):
    """Cannot begin the first few times."""

    def __init__(self, run: Run, refusals: int) -> None:
        super().__init__(run)
        self.refusals, self.heard = refusals, list[str]()

    def begin(self, trainer: Any) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ConnectionError("no network")
        self.heard.append(f"begun {trainer.name}")

    def tick(self, tick: Tick) -> None:
        self.heard.append(f"step {tick.step}")


def heard(logger: Late, steps: int, pause: float = PAUSE) -> list[str]:
    """The warnings of a guarded logger that is begun and gets ticks."""
    guarded = Guarded("late", logger, pause)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        guarded.begin(SimpleNamespace(name="trainer"))  # type: ignore[arg-type]
        for step in range(1, steps + 1):
            guarded.tick(tick(step))
    return [str(warning.message) for warning in caught if issubclass(warning.category, LoggerWarning)]


def test_a_logger_that_could_not_begin_is_begun_before_its_next_tick(tmp_path: Path) -> None:
    logger = Late(Run(tmp_path), refusals=2)
    said = heard(logger, steps=3, pause=0.0)
    assert logger.heard == ["begun trainer", "step 2", "step 3"]
    assert [line.partition(" (")[0] for line in said] == ["Logger late has failed", "Logger late writes again."]


def test_a_logger_that_could_not_begin_is_left_alone_for_a_while(tmp_path: Path) -> None:
    logger = Late(Run(tmp_path), refusals=1)
    heard(logger, steps=3)
    assert logger.heard == []


def scalars(run: Run, tag: str) -> list[int]:
    """The steps of a scalar as TensorBoard shows them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run.path / "tensorboard")).Reload()
    return [event.step for event in events.Scalars(tag)]


def test_tensorboard_shows_no_step_that_a_rollback_left(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    training = trainer(tmp_path / "run")
    assert training.run is not None
    with TensorBoard(training.run) as log:
        log.begin(training)
        for each in (tick(10), tick(20, odd=1.0), tick(30, odd=1.0), rolled_back(20), tick(25)):
            log.tick(each)
    assert scalars(training.run, "Loss_D") == [10, 20, 25]
    assert scalars(training.run, "odd") == [20]


def test_tensorboard_shows_no_step_beyond_the_checkpoint_where_a_run_goes_on(gan: Gan) -> None:
    pytest.importorskip("tensorboard")
    words = ["--log", "tensorboard", "--checkpoint-every", 20]
    gan(*TRAIN, *words, "--steps", 60, "--name", "mine")
    run = Run(Path("runs/mine"))
    assert gan("train", "--resume", run.checkpoint(20), "--log-every", 7, "--display", "none").code == 0
    assert scalars(run, "Loss_D") == [10, 20, 27, 34, 40, 41, 48, 55, 60]


class FakeWandB(SimpleNamespace):
    """Stands in for the package wandb: runs by id, and what was logged to each as wandb itself orders it."""

    def __init__(self) -> None:
        super().__init__(Settings=SimpleNamespace, Image=str, runs={}, refusals=0)

    def init(self, *, id: str | None = None, **options: Any) -> "FakeRun":
        if self.refusals:
            self.refusals -= 1
            raise ConnectionError("no network")
        if id in self.runs:
            assert options["resume"] == "allow"
        return self.runs.setdefault(id or f"run{len(self.runs)}", FakeRun(id or f"run{len(self.runs)}"))


class FakeRun:
    """A run of it, which drops what is logged to a step before its newest one, as wandb does."""

    def __init__(self, name: str) -> None:
        self.id, self.steps, self.newest = name, list[int](), -1
        self.metrics: dict[str, str] = {}

    def define_metric(self, name: str, step_metric: str | None = None) -> None:
        self.metrics[name] = step_metric or ""

    def log(self, values: dict[str, Any], step: int | None = None) -> None:
        step = self.newest + 1 if step is None else step
        if step >= self.newest:
            self.newest = step
            self.steps.append(values.get("step", step))

    def finish(self) -> None:
        """Nothing."""


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> FakeWandB:
    fake = FakeWandB()
    monkeypatch.setitem(sys.modules, "wandb", fake)
    return fake


def test_wandb_gets_what_comes_after_a_rollback(wandb: FakeWandB, tmp_path: Path) -> None:
    training = trainer(tmp_path / "run")
    assert training.run is not None
    with WandB(training.run) as log:
        log.begin(training)
        for each in (tick(10), tick(20), tick(30), rolled_back(20), tick(25)):
            log.tick(each)
    (run,) = wandb.runs.values()
    assert run.steps == [10, 20, 30, 20, 25]
    assert run.metrics["*"] == "step"


def test_a_resumed_run_goes_on_in_wandb(wandb: FakeWandB, tmp_path: Path) -> None:
    for step in (10, 20):
        training = trainer()
        with WandB(made(tmp_path / "run")) as log:
            log.begin(training)
            log.tick(tick(step))
    (run,) = wandb.runs.values()
    assert run.steps == [10, 20]


def test_each_run_is_one_of_its_own_in_wandb(wandb: FakeWandB, tmp_path: Path) -> None:
    for name in ("one", "two"):
        with WandB(made(tmp_path / name)) as log:
            log.begin(trainer())
    assert len(wandb.runs) == 2


@pytest.mark.slow
def test_wandb_goes_on_offline(gan: Gan, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    gan(*TRAIN, "--log", "wandb", "--steps", 10, "--name", "mine")
    done = gan("train", "--resume", "mine", "--steps", 20, "--display", "none")
    assert done.code == 0
    assert "has failed" not in done.err
    folders = list(Path("runs/mine/wandb").glob("offline-run-*"))
    run_id = Path("runs/mine/wandb-id.txt").read_text().strip()
    assert len(folders) == 2
    # Two that begin in one second are told apart by a number behind the run's id.
    assert all(f"-{run_id}" in folder.name for folder in folders)
