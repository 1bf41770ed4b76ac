"""What a run leaves behind: metrics that stay whole and small, thinned samples, loggers, and `gan runs` over them."""

import errno
import itertools
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from conftest import Gan
from PIL import Image
from small import TINY_WORDS, made, trainer

from gancli.generation import pictures
from gancli.loggers.contract import Logger
from gancli.loggers.guarded import Guarded, LoggerWarning, open_loggers
from gancli.loggers.jsonl import JSONL
from gancli.plugins.registry import Entry, registry
from gancli.reports.follow import Follower
from gancli.runs.run import Run
from gancli.telemetry import metrics_file
from gancli.telemetry.metrics_file import document, tick_of
from gancli.telemetry.ticks import Event, Tick
from gancli.telemetry.verdicts import Verdict

TRAIN = ["train", *TINY_WORDS, "--display", "none", "--steps", 60, "--log-every", 10]


def tick(step: int, events: tuple[Event, ...] = (), **statistics: float) -> Tick:
    return Tick(step, step * 8, step / 10, 80.0, 0.5, {"real": 0.5, "loss_D": 1.0, **statistics}, events)


def metrics(run: Run) -> list[dict[str, object]]:
    return [json.loads(line) for line in run.metrics.read_text().splitlines()]


def test_a_tick_is_the_same_after_a_round_through_the_file() -> None:
    event = Event("samples", Path("r/samples/step-00000010.png"))
    one = Tick(10, 80, 1.5, 53.3, 0.25, {"real": 0.123457}, (event,), Verdict("healthy", "D(x) 0.50"), 4096)
    assert tick_of(json.loads(json.dumps(document(one))), Path("r")) == one


def test_every_value_of_a_tick_has_an_entry() -> None:
    assert {*metrics_file.ENTRIES, "statistics"} == {each.name for each in fields(Tick)}


@pytest.mark.parametrize("line", [{}, {"step": 1}, {"step": 1, "images": 1, "seconds": [], "rate": 1, "events": 3}])
def test_what_is_no_tick_is_left_out(line: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(f'{json.dumps(line)}\n[]\nnonsense\n{json.dumps(document(tick(7)))}\n{{"step": 8, "im')
    assert [found.step for found in metrics_file.ticks(path)] == [7]


def test_events_name_no_file_outside_the_run() -> None:
    line = {**document(tick(1)), "events": [{"kind": "samples", "file": "../../../etc/passwd"}]}
    assert tick_of(line, Path("run")).events[0].path == Path("run/samples/passwd")


def test_metrics_stay_small_and_keep_spikes(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    with JSONL(run, whole=64) as log:
        for step in range(1, 2001):
            log.tick(tick(step, loss_D=90.0 if step == 501 else 1.0))
    lines = [line for line in metrics(run) if "step" in line]
    assert len(lines) < 200
    steps = [line["step"] for line in lines]
    assert steps == sorted(steps)
    assert 501 in steps
    assert steps[0] < 40  # evenly over the run: what is old does not fade
    assert max(b - a for a, b in itertools.pairwise(steps)) < 150
    assert steps[-64:] == list(range(1937, 2001))


def test_a_line_that_a_crash_cut_short_is_dropped_when_the_run_goes_on(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    with JSONL(run) as log:
        for step in range(10, 60, 10):
            log.tick(tick(step))
    with run.metrics.open("a") as file:
        file.write('{"step": 60, "ima')
    with JSONL(run) as log:
        log.tick(tick(40))  # the checkpoint was of step 30
    assert [line["step"] for line in metrics(run) if "step" in line] == [10, 20, 30, 40]


def rolled_back(step: int) -> Tick:
    """The tick of a training that has gone back to a step: it has no statistics."""
    event, verdict = Event("rollback", text="loss_D was no longer finite"), Verdict("diverged", "loss_D is not finite")
    return Tick(step, step * 8, step / 10, 0.0, 0.5, {}, (event,), verdict)


def test_what_was_measured_at_a_checkpoint_stays_when_a_training_goes_back_to_it(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    with JSONL(run) as log:
        for each in (tick(10), tick(20, kid=0.125), tick(30), rolled_back(20), tick(30), rolled_back(20), tick(40)):
            log.tick(each)
    lines = [(line["step"], line.get("kid"), "events" in line) for line in metrics(run) if "step" in line]
    assert lines == [(10, None, False), (20, 0.125, True), (40, None, False)]
    assert [name for _, verdict in metrics_file.judged(run.metrics) for name in [verdict.name]].count("diverged") == 1


def test_a_line_that_could_not_be_written_whole_is_dropped_before_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made(tmp_path / "run")
    with JSONL(run) as log:
        log.tick(tick(10))
        with monkeypatch.context() as patched:
            patched.setattr(json, "dumps", refused_by_a_full_disk)
            with pytest.raises(OSError, match="full"):
                log.tick(tick(20))
        with run.metrics.open("a") as file:
            file.write('{"step": 20, "ima')
        log.tick(tick(30))
    assert [line["step"] for line in metrics(run) if "step" in line] == [10, 30]


def refused_by_a_full_disk(*_: object, **__: object) -> str:
    raise OSError(errno.ENOSPC, "the disk is full")


def test_a_follower_sees_each_tick_once_also_when_the_file_is_thinned(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    pictures.save(run.sample(20), np.zeros((10, 10, 1), np.uint8))
    follower, seen = Follower(run), []
    with JSONL(run) as log:
        for step in (10, 20):
            log.tick(tick(step, (Event("samples", run.sample(20)),)))
            seen += follower.new()
        log._rewrite([line for line in metrics(run) if line.get("step") == 20])
        log.tick(tick(30))
        seen += follower.new()
    assert [found.step for found in seen] == [10, 20, 30]
    assert seen[1].events[0].picture is not None
    assert seen[1].events[0].picture.shape == (10, 10, 1)


def test_a_follower_sees_a_training_go_back_to_a_checkpoint(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    follower, seen = Follower(run), []
    with JSONL(run) as log:
        for each in (tick(10), tick(20), tick(30), tick(40)):
            log.tick(each)
        seen += follower.new()
        for each in (rolled_back(20), tick(30)):
            log.tick(each)
        seen += follower.new()
        log.tick(tick(40))
        seen += follower.new()
    assert [(each.step, bool(each.events)) for each in seen[4:]] == [(20, True), (30, False), (40, False)]


def test_samples_are_thinned_evenly_and_keep_the_first_and_the_newest(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    for step in range(100, 30_001, 100):
        run.sample(step).touch()
        run.thin_samples(16)
    steps = [int(path.stem[5:]) for path in run.samples()]
    assert len(steps) == 16
    assert (steps[0], steps[-1]) == (100, 30_000)
    gaps = np.diff(steps)
    assert gaps.max() <= 4 * np.median(gaps)


def test_seconds_add_up_over_resumes_and_leave_out_what_lies_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    *_, first = trainer(tmp_path / "run", steps=30)
    again = trainer(steps=60)
    again.resume(Run(tmp_path / "run").latest())
    clock = time.perf_counter
    monkeypatch.setattr(time, "perf_counter", lambda: clock() + 1000.0)  # which has gone on meanwhile
    *_, second = again
    assert first.seconds < second.seconds < first.seconds + 60


def test_the_first_tick_has_samples_and_real_images() -> None:
    first = next(iter(trainer(steps=1000, log_every="5")))
    assert [event.kind for event in first.events] == ["real", "samples"]


def test_log_txt_tells_the_story(gan: Gan) -> None:
    gan(*TRAIN, "--name", "mine")
    gan("train", "--resume", "mine", "--steps", 80, "--display", "none")
    text = Path("runs/mine/log.txt").read_text()
    for part in (
        "begins: dcgan with loss gan on digits",
        "step 60: checkpoint step-00000060",
        "goes on at step 60",
        "ends at step 80",
    ):
        assert part in text


FAILED = "Logger bad has failed (RuntimeError: the disk is ?[31mfull). Training goes on, and it is tried again."


class Failing(Logger):
    """Fails at the second tick."""

    heard = 0

    def tick(self, tick: Tick) -> None:
        Failing.heard += 1
        if Failing.heard > 1:
            raise RuntimeError("the disk is \x1b[31mfull")


def test_a_logger_that_fails_warns_once_and_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Entry("logger", "bad", "test_runs:Failing", "", "x", "1")
    monkeypatch.setattr(registry(), "entries", [*registry().entries, entry])
    monkeypatch.setattr(Failing, "heard", 0)
    training = trainer(tmp_path / "run", steps=30, log_every="5")
    with warnings.catch_warnings(record=True) as caught, open_loggers(["bad"], training) as tell:
        warnings.simplefilter("always")
        for each in training:
            tell(each)
    told = [str(warning.message) for warning in caught if issubclass(warning.category, LoggerWarning)]
    assert told == [FAILED]
    assert (training.step, Failing.heard) == (30, 2)


class Signalled(Logger):
    """Is sent signals while it closes."""

    numbers: tuple[signal.Signals, ...] = ()

    def tick(self, tick: Tick) -> None:
        """Nothing."""

    def close(self) -> None:
        for number in Signalled.numbers:
            os.kill(os.getpid(), number)


def signalled(monkeypatch: pytest.MonkeyPatch, *numbers: signal.Signals) -> None:
    """Have a logger `signalled` that gets these signals while it closes."""
    entry = Entry("logger", "signalled", "test_runs:Signalled", "", "x", "1")
    monkeypatch.setattr(registry(), "entries", [*registry().entries, entry])
    monkeypatch.setattr(Signalled, "numbers", numbers)


def test_a_signal_while_loggers_close_leaves_a_finished_run_finished(gan: Gan, monkeypatch: pytest.MonkeyPatch) -> None:
    signalled(monkeypatch, signal.SIGTERM)
    done = gan(*TRAIN, "--name", "mine", "--log", "signalled")
    assert done.code == 0
    assert "Done." in done.err
    assert "Continue with" not in done.err
    assert Run(Path("runs/mine")).state == "finished"


def test_two_signals_while_loggers_close_end_the_command_and_leave_a_finished_run_finished(
    gan: Gan, monkeypatch: pytest.MonkeyPatch
) -> None:
    signalled(monkeypatch, signal.SIGINT, signal.SIGTERM)
    ended = gan(*TRAIN, "--name", "mine", "--log", "signalled")
    assert (ended.code, ended.err) == (143, "Ended.\n")
    assert Run(Path("runs/mine")).state == "finished"


def test_a_logger_that_has_failed_is_tried_again_and_says_when_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path)
    guarded = Guarded("bad", Failing(run), pause=0.0)
    monkeypatch.setattr(Failing, "heard", 0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for heard in (0, 1, 1, 0, 0, 1):  # 1 and more make it fail
            Failing.heard = heard
            guarded.tick(Tick(1, 1, 1.0, 1.0, None))
        guarded.close()
    assert [str(warning.message) for warning in caught] == [FAILED, "Logger bad writes again.", FAILED]


def test_a_logger_whose_package_is_missing_says_what_to_install(gan: Gan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    refused = gan(*TRAIN, "--log", "wandb")
    assert refused.code == 1
    assert "gancli[wandb]" in refused.err


def test_tensorboard_gets_scalars_grids_and_graphs(gan: Gan) -> None:
    pytest.importorskip("tensorboard")
    assert gan(*TRAIN, "--log", "tensorboard", "--name", "mine").code == 0
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator("runs/mine/tensorboard").Reload()
    tags = events.Tags()
    assert {"D(x)", "D(G(z)) before", "D(G(z)) after", "Loss_D", "Loss_G"} <= set(tags["scalars"])
    assert {"samples", "real"} <= set(tags["images"])
    assert tags["graph"]


@pytest.mark.slow
def test_wandb_writes_offline(gan: Gan, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    done = gan(*TRAIN, "--log", "wandb", "--name", "mine")
    assert done.code == 0
    assert "has failed" not in done.err
    assert list(Path("runs/mine/wandb").glob("offline-run-*/*.wandb"))


@pytest.fixture
def two(gan: Gan) -> None:
    gan(*TRAIN, "--name", "one")
    gan(*TRAIN, "--name", "two", "--optim.lr", "0.0123")


@pytest.mark.usefixtures("two")
def test_runs_are_listed_compared_and_deleted(gan: Gan) -> None:
    listed = gan("runs").out
    for word in ("one", "two", "digits", "60", "finished"):
        assert word in listed
    (first, _) = json.loads(gan("runs", "--json").out)
    assert (first["run"], first["step"], first["state"]) == ("one", 60, "finished")
    assert first["verdict"]["name"] == "too early"

    compared = json.loads(gan("runs", "compare", "one", "two", "--json").out)
    assert compared["optim.lr"][1] == 0.0123
    assert "arch.name" not in compared
    assert compared["step"] == [60, 60]

    with Run(Path("runs/one")).lock():
        assert gan("runs", "clean", "one", "--yes").code == 2
    assert gan("runs", "clean", "--yes").out == "There is nothing to delete.\n"
    assert gan("runs", "clean", "one", "runs/one", "--yes").code == 0
    assert [path.name for path in Path("runs").iterdir()] == ["two"]


@pytest.mark.usefixtures("two")
def test_a_file_system_without_locks_keeps_nobody_out(gan: Gan, monkeypatch: pytest.MonkeyPatch) -> None:
    def unheard_of(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", unheard_of)
    assert Run(Path("runs/one")).state == "finished"
    assert gan("train", "--resume", "one", "--steps", 80, "--display", "none").code == 0
    assert Run(Path("runs/one")).state == "finished"


@pytest.mark.usefixtures("two")
def test_a_run_is_drawn(gan: Gan) -> None:
    pytest.importorskip("matplotlib")
    done = gan("runs", "plot", "two", "--out", "pictures")
    assert done.out.split() == [f"pictures/{name}" for name in ("curves.png", "timeline.png", "timelapse.gif")]
    assert Image.open("pictures/curves.png").width > 800
    assert Image.open("pictures/timelapse.gif").n_frames == 2


@pytest.mark.usefixtures("two")
def test_info_tells_how_a_run_goes(gan: Gan) -> None:
    told = json.loads(gan("info", "one", "--json").out)
    assert (told["run"], told["state"], told["step"]) == ("one", "finished", 60)
    assert told["verdict"]["held"] == [{"step": 10, "name": "too early"}]
    assert "finished, at step 60" in gan("info", "one").out


@pytest.mark.parametrize("words", [["runs"], ["runs", "--help"], ["runs", "watch", "--help"]])
def test_runs_are_shown_without_torch(words: list[str]) -> None:
    script = (
        f"import sys\nfrom gancli.cli import main\ntry: main({words!r})\nfinally: assert 'torch' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True).returncode == 0
