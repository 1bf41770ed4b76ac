"""Evaluation while a training goes on: when it is due, what it leaves, and that the training does not notice."""

import json
from pathlib import Path

import pytest
import torch
from conftest import Gan
from PIL import Image
from small import TINY_WORDS, made, trainer

from gancli.base.progress import Progress
from gancli.config.settings import Every
from gancli.data import cache
from gancli.data.digits import Digits
from gancli.data.images import Images
from gancli.evaluation import monitor
from gancli.extractors.classifier import Trained
from gancli.extractors.contract import find
from gancli.runs import checkpoint, evaluations
from gancli.runs.run import Run
from gancli.telemetry.subject import Subject
from gancli.telemetry.ticks import Tick
from gancli.telemetry.verdicts import ALARMS, judge
from gancli.terminal.dashboard import Record
from gancli.training.cadence import Cadences


@pytest.fixture(autouse=True)
def _few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "N", 32)


@pytest.mark.parametrize(("text", "share"), [("2%", 0.02), ("0.5 %", 0.005)])
def test_a_cadence_may_be_a_share_of_the_time(text: str, share: float) -> None:
    every = Every.model_validate(text)
    assert every.share == pytest.approx(share)
    assert Every.model_validate(str(every)) == every


def test_what_costs_more_comes_more_rarely() -> None:
    pace, came = Cadences({"evaluation": Every(share=0.02)}, 0, 0.0), []
    for second in range(1, 200):
        if pace.due(second, float(second), {"evaluation": 0.5 if second < 80 else 1.0}):
            came.append(second)
    assert came == [25, 50, 75, 125, 175]


def test_the_first_evaluation_waits_for_fifty_thousand_images() -> None:
    training = trainer()
    pace = Cadences({"evaluation": training.settings.eval_every}, 0, 0.0)
    monitor.N = 1000
    assert not pace.due(1, 10.0, {"evaluation": training.monitor.cost(49_000, 10.0)})
    assert pace.due(1, 10.0, {"evaluation": training.monitor.cost(51_000, 10.0)})


def test_evaluations_are_ticks_records_and_the_best_checkpoint(tmp_path: Path) -> None:
    training = trainer(tmp_path / "run", steps=8, eval_every=2, log_every=0, checkpoint_every=0, keep=2)
    ticks = [tick for tick in training if "kid" in tick.statistics]
    assert [tick.step for tick in ticks] == [2, 4, 6, 8]
    assert all("evaluation" in {event.kind for event in tick.events} for tick in ticks)
    run = Run(tmp_path / "run")
    kept = evaluations.read(run)
    assert [each.step for each in kept] == [2, 4, 6, 8]
    assert all(each.training and each.n == 32 and each.extractor.startswith("random ") for each in kept)
    assert [each.figures["kid"] for each in kept] == [tick.statistics["kid"] for tick in ticks]
    lowest = min(kept, key=lambda each: each.figures["kid"])
    assert run.best.resolve() == run.checkpoint(lowest.step).resolve()
    assert run.best.is_file()  # though only two of the others are kept


def test_a_training_does_not_notice_that_it_is_evaluated(tmp_path: Path) -> None:
    first = trainer(steps=6, log_every=1, eval_every=2)
    second = trainer(steps=6, log_every=1, eval_every=0)
    seen = [[tick.statistics["loss_D"] for tick in each] for each in (first, second)]
    assert seen[0] == seen[1]
    assert all(torch.equal(value, second.tensors()[name]) for name, value in first.tensors().items())


def test_small_runs_are_not_evaluated_unasked(tmp_path: Path) -> None:
    assert not any("kid" in tick.statistics for tick in trainer(tmp_path / "run", steps=3))
    assert not (tmp_path / "run" / "evaluations.jsonl").exists()


def test_a_run_that_goes_on_keeps_its_best_and_drops_what_lies_beyond(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    list(trainer(folder, steps=4, eval_every=2))
    run = made(folder)
    first = evaluations.read(run)[0]
    better = evaluations.Evaluation(**{**first.document(), "figures": {"kid": -1e9}})
    evaluations.add(run, better)
    evaluations.add(run, evaluations.Evaluation(**{**first.document(), "step": 99}))
    again = trainer(folder, steps=6, eval_every=2)
    again.resume(run.checkpoint(4))
    best = run.best.resolve()
    list(again)
    assert [each.step for each in sorted(evaluations.read(run), key=lambda each: each.step)] == [2, 4, 6]
    assert run.best.resolve() == best


def test_a_resumed_command_keeps_the_best_of_before(gan: Gan) -> None:
    words = ["--eval-every", 2, "--display", "none", "--keep", 9]
    gan("train", *TINY_WORDS, "--steps", 6, "--name", "mine", *words)
    run = Run(Path("runs/mine"))
    first = evaluations.read(run)[0]
    evaluations.add(run, evaluations.Evaluation(**{**first.document(), "figures": {"kid": -1e9}}))
    evaluations.add(run, evaluations.Evaluation(**{**first.document(), "step": 99}))
    run.mark_best(run.checkpoint(first.step))
    run.sample(99).touch()
    assert gan("train", "--resume", "mine", "--steps", 10, "--optim.lr", 0.003, *words).code == 0
    assert run.best.resolve() == run.checkpoint(first.step).resolve()
    assert sorted(each.step for each in evaluations.read(run)) == [2, 4, 6, 8, 10]
    assert not run.sample(99).exists()
    assert run.settings["optim"]["lr"] == 0.003


def test_a_resumed_command_drops_the_ticks_beyond_its_checkpoint(gan: Gan) -> None:
    words = ["--log-every", 2, "--checkpoint-every", 4, "--display", "none"]
    gan("train", *TINY_WORDS, "--steps", 8, "--name", "mine", *words)
    run = Run(Path("runs/mine"))
    run.checkpoint(8).unlink()
    assert gan("train", "--resume", "mine", "--steps", 12, *words, "--log-every", 7).code == 0
    lines = [json.loads(line) for line in run.metrics.read_text().splitlines()][1:]
    assert [line["step"] for line in lines] == [2, 4, 8, 11, 12]


def test_what_cannot_be_evaluated_ends_no_training(gan: Gan) -> None:
    Image.new("L", (8, 8), 99).save("one.png")
    one = ["one.png", "--size", 8, *TINY_WORDS[:6]]
    done = gan("train", *one, "--steps", 4, "--eval-every", 2, "--display", "plain", "--name", "one")
    assert done.code == 0, done.err
    assert "Not evaluated: " in done.err
    assert Run(Path("runs/one")).checkpoint(4).exists()


def test_where_no_link_can_be_made_the_checkpoint_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", no_links)
    training = trainer(tmp_path / "run", steps=4, eval_every=2)
    told = [event.text for tick in training for event in tick.events if event.kind == "unsaved"]
    assert told
    assert all("best.safetensors cannot be made: Operation not permitted" in text for text in told)
    assert training.saved


def test_a_classifier_that_is_there_already_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trained, "LEAST", 4)
    monkeypatch.setattr(Trained, "EPOCHS", 0.1)
    images = Digits(count=60, size=(16, 16)).load()
    before = trainer(data=images).monitor.measure(1, 8)
    assert before.extractor.startswith("random ")
    find("classifier").open(images, torch.device("cpu"), Progress())
    after = trainer(data=images).monitor.measure(1, 8)
    assert after.extractor.startswith("classifier ")
    assert 0 <= after.shown["classes"] <= 1
    evaluations.add(run := made(tmp_path / "run"), before)
    going_on = trainer(data=images).monitor
    going_on.rewind(run, 1)
    assert going_on.measure(2, 16).extractor == before.extractor


def test_no_classifier_is_trained_in_a_training_though_the_cache_is_cleared_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Trained, "LEAST", 4)
    monkeypatch.setattr(Trained, "EPOCHS", 0.1)
    images = Digits(count=60, size=(16, 16)).load()
    find("classifier").open(images, torch.device("cpu"), Progress())
    ready = Trained.ready

    def then_cleared(self: Trained, images: Images) -> bool:
        is_ready = ready(self, images)
        cache.clear()
        return is_ready

    monkeypatch.setattr(Trained, "ready", then_cleared)
    monkeypatch.setattr("gancli.metrics.classifier.train_classifier", None)
    assert trainer(data=images).monitor.measure(1, 8).extractor.startswith("classifier ")


def test_only_figures_on_the_same_terms_are_better(tmp_path: Path) -> None:
    run, watch = made(tmp_path / "run"), trainer().monitor
    first = watch.measure(1, 8)
    assert watch.evaluate(run, 1, 8)[1]
    assert not watch.evaluate(run, 2, 16)[1]  # as good, and no better
    other = evaluations.Evaluation(**{**first.document(), "extractor": "random 0", "figures": {"kid": -1e9}})
    run.evaluations.write_text(json.dumps(other.document()) + "\n")
    run.best.touch()
    watch.rewind(run, 5)
    assert watch.evaluate(run, 6, 48)[1]


def test_a_run_that_went_back_behind_its_best_finds_a_new_one(tmp_path: Path) -> None:
    run, watch = made(tmp_path / "run"), trainer().monitor
    watch.evaluate(run, 1, 8)
    watch.rewind(run, 1)
    assert watch.evaluate(run, 2, 16)[1]  # no better, but of what was best the weights are gone


def test_a_best_that_could_not_be_saved_is_nothing_to_beat(tmp_path: Path) -> None:
    run, watch = made(tmp_path / "run"), trainer().monitor
    assert watch.evaluate(run, 1, 8)[1]
    watch.unmark(1)
    assert watch.evaluate(run, 2, 16)[1]  # no better, but of what was best there are no weights
    assert not watch.evaluate(run, 3, 24)[1]


def test_a_best_that_could_not_be_saved_is_nothing_to_beat_for_a_run_that_goes_on(tmp_path: Path) -> None:
    run = made(tmp_path / "run")
    before = trainer().monitor.measure(1, 8)
    evaluations.add(run, evaluations.Evaluation(**{**before.document(), "figures": {"kid": 1e9}}))
    evaluations.add(run, evaluations.Evaluation(**{**before.document(), "step": 2, "figures": {"kid": -1e9}}))
    run.checkpoint(1).touch()
    run.mark_best(run.checkpoint(1))
    watch = trainer().monitor
    watch.rewind(run, 3)
    assert watch.evaluate(run, 4, 24)[1]


def test_a_run_marks_its_best_though_the_first_one_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kids, save = iter([1.0, 2.0, 3.0]), checkpoint.save
    measure = monitor.Monitor.measure

    def measured(self: monitor.Monitor, step: int, images_seen: int) -> evaluations.Evaluation:
        evaluation = measure(self, step, images_seen)
        return evaluations.Evaluation(**{**evaluation.document(), "figures": {"kid": next(kids)}})

    def full(path: Path, *rest: object) -> None:
        if path.name.endswith("2.safetensors"):
            raise OSError(28, "No space left on device")
        save(path, *rest)

    monkeypatch.setattr(monitor.Monitor, "measure", measured)
    monkeypatch.setattr(checkpoint, "save", full)
    training = trainer(tmp_path / "run", steps=6, eval_every=2, log_every=0, checkpoint_every=0)
    for _ in training:
        training.saver.wait()
    assert training.run.best.resolve() == training.run.checkpoint(4).resolve()


def test_evaluations_that_memory_has_no_room_for_end_no_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(monitor, "generate", full)
    texts = [event.text for tick in trainer(tmp_path / "run", steps=4, eval_every=2) for event in tick.events]
    assert [text for text in texts if "--eval-every 0" in text] == [
        "Not evaluated: Out of memory on cpu. Free some of it, or leave evaluations out: --eval-every 0."
    ] * 2


def test_the_command_says_when_and_shows_the_figure(gan: Gan) -> None:
    words = [*TINY_WORDS, "--steps", 4, "--eval-every", 2, "--log-every", 1, "--name", "watched"]
    done = gan("train", *words, "--display", "plain")
    assert done.code == 0, done.err
    assert "kid" in done.err
    lines = [json.loads(line) for line in Path("runs/watched/metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "kid" in line] == [2, 4]
    assert json.loads(gan("runs", "--json").out)[0]["best"]["extractor"].startswith("random ")
    assert gan("sample", "runs/watched/checkpoints/best.safetensors", "-n", 2, "--out", "x.png").code == 0


def test_a_figure_stays_on_the_dashboard_until_the_next() -> None:
    record = Record()
    record.add(Tick(1, 8, 1.0, 8.0, None, {"loss_D": 1.0, "kid": 0.5}))
    record.add(Tick(2, 16, 2.0, 8.0, None, {"loss_D": 2.0}))
    assert record.statistics == {"loss_D": 2.0, "kid": 0.5}


def points(kids: list[float], **other: float) -> list[tuple[int, dict[str, float]]]:
    """A healthy game, a tick every 20 steps, and an evaluation every 500."""
    healthy = {"real": 0.6, "fake": 0.4, "fake_after": 0.35, "loss_D": 1.2, "loss_G": 1.0, "diversity": 0.9}
    found = []
    for tick in range(1, 25 * len(kids) + 1):
        statistics = dict(healthy)
        if tick % 25 == 0:
            statistics |= {"kid": kids[tick // 25 - 1], **other}
        found.append((tick * 20, statistics))
    return found


FALLING = [0.5, 0.2, 0.08, 0.05, 0.05, 0.04, 0.06, 0.05]
# KID at the noise of its 1,000 samples, as a training recorded it while its pictures got better.
NOISY = [0.0013, 0.0068, 0.0026, 0.0037, 0.0034, 0.0019, 0.0013, 0.0033, 0.0025, 0.0036, 0.0041, 0.0029]


@pytest.mark.parametrize(
    ("kids", "verdict"),
    [
        ([0.5, 0.2, 0.05, 0.04, 0.03, 0.03, 0.02, 0.02, 0.01, 0.01], "healthy"),
        ([*FALLING, 0.1, 0.12, 0.12, 0.14, 0.2], "getting worse"),
        ([*FALLING, 0.1, 0.12, 0.05, 0.14, 0.2], "healthy"),
        ([*FALLING, 0.05, 0.06, 0.04, 0.05, 0.06, 0.05], "healthy"),
        ([0.05, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3], "healthy"),
        (NOISY, "healthy"),
        ([*NOISY, 0.02, 0.02, 0.03, 0.02, 0.03], "getting worse"),
    ],
)
def test_a_distance_that_rises_is_a_verdict(kids: list[float], verdict: str) -> None:
    found = [judge(points(kids[:count]), Subject()).name for count in range(1, len(kids) + 1)]
    assert found[-1] == verdict
    assert set(found[:-1]) <= {"healthy"}


def test_the_verdict_names_where_it_was_best() -> None:
    found = judge(points([*FALLING, 0.1, 0.12, 0.12, 0.14, 0.2]), Subject())
    assert "KID is 0.12, and was 0.05: rising since step 3,000" in found.why
    assert "best.safetensors" in found.advice
    assert found.name in ALARMS


@pytest.mark.parametrize(("share", "verdict"), [(0.4, "mode collapse"), (0.9, "healthy")])
def test_classes_that_are_never_made_are_a_collapse(share: float, verdict: str) -> None:
    assert judge(points([0.5, 0.4, 0.3], classes=share), Subject()).name == verdict
