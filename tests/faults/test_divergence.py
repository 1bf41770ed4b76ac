"""What is not finite is found at the next tick, never saved, and left behind by going back to a checkpoint."""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from small import trainer
from torch import Tensor

from gancli.base.errors import DivergedError
from gancli.loggers.guarded import open_loggers
from gancli.telemetry.ticks import Tick
from gancli.training.trainer import Trainer

BAD = float("nan")


class Poisoned:
    """A loss that is another's, but for one step in which something is made to go wrong."""

    def __init__(self, trainer: Trainer, what: str, steps: set[int]) -> None:
        self.trainer, self.loss, self.what, self.steps = trainer, trainer.loss, what, steps
        self.count = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.loss, name)

    def step(self, game: object) -> Iterator[tuple[str, Tensor]]:
        """The other's step."""
        self.count += 1
        for player, objective in self.loss.step(game):
            yield player, self._spoilt(objective) if self.count in self.steps else objective
        if self.what == "buffers" and self.count in self.steps:
            next(iter(self.trainer.networks["G"].buffers())).view(-1)[0] = BAD

    def _spoilt(self, objective: Tensor) -> Tensor:
        networks = self.trainer.networks
        if self.what == "weights":
            next(iter(networks["G"].parameters())).data.view(-1)[0] = BAD
        elif self.what == "gradient":
            weight = next(iter(networks["D"].parameters()))
            hook = weight.register_hook(lambda gradient: (hook.remove(), gradient * BAD)[1])
        return objective * BAD if self.what == "loss" else objective


def poisoned(folder: Path, what: str, steps: set[int], **options: object) -> Trainer:
    """A run of 40 steps with a checkpoint every 5, poisoned in these steps, rolled back ones counted anew."""
    fixed = {"steps": 40, "checkpoint_every": "5", "log_every": "5", "arch__name": "gan"}
    training = trainer(folder, **{**fixed, **options})
    training.state.loss = Poisoned(training, what, steps)
    return training


def finite(path: Path) -> bool:
    return all(bool(tensor.isfinite().all()) for tensor in load_file(path).values() if tensor.is_floating_point())


@pytest.mark.parametrize("what", ["loss", "gradient", "weights", "buffers"])
def test_a_run_goes_back_and_on_to_its_end(what: str, tmp_path: Path) -> None:
    training = poisoned(tmp_path / "run", what, {13}, rollback_factor=0.5)
    seen: list[Tick] = []
    with open_loggers((), training) as log:
        for tick in training:
            seen.append(tick)
            log(tick)
    (back,) = [tick for tick in seen if any(event.kind == "rollback" for event in tick.events)]
    assert back.step == 10
    assert back.verdict is not None
    assert back.verdict.name == "diverged"
    assert "back to step 10" in back.events[0].text
    assert "at step 15" in back.events[0].text
    assert (seen[-1].step, training.rollbacks) == (40, 1)
    assert all(finite(path) for path in training.run.checkpoints())
    lines = [json.loads(line) for line in training.run.metrics.read_text().splitlines()][1:]
    assert [line["step"] for line in lines] == sorted({line["step"] for line in lines})
    assert [line["step"] for line in lines if "diverged" in str(line)] == [10]
    assert "back to step 10" in training.run.log.read_text()
    # The lower rate and the count outlive a resume.
    again = trainer(steps=50, arch__name="gan")
    again.resume(training.run.latest())
    assert again.rollbacks == 1


@pytest.mark.parametrize("augment", ["", "color,translation,cutout"])
def test_the_noise_after_a_return_is_new_and_all_of_it_is_saved(augment: str, tmp_path: Path) -> None:
    options = {"augment": augment} if augment else {}
    plain, back = (poisoned(tmp_path / name, "loss", steps, **options) for name, steps in (("a", set()), ("b", {13})))
    list(plain), list(back)
    assert back.step == plain.step
    assert not torch.equal(plain.tensors()["rng.noise"], back.tensors()["rng.noise"])
    again = trainer(steps=40, arch__name="gan", **options)
    again.resume(back.run.checkpoint(35))
    list(again)
    assert all(torch.equal(tensor, back.tensors()[name]) for name, tensor in again.tensors().items())


def test_after_some_returns_the_run_ends_and_says_what_to_change(tmp_path: Path) -> None:
    training = poisoned(tmp_path / "run", "loss", set(range(13, 100)), rollbacks=2)
    seen: list[Tick] = []
    with pytest.raises(DivergedError) as ended:
        seen.extend(training)
    text = str(ended.value)
    assert "loss_D is no longer finite, after 2 returns to a checkpoint" in text
    assert "--optim.lr" in text
    assert "--loss wgan-gp" in text
    assert [path.name[5:13] for path in training.run.checkpoints()] == ["00000005", "00000010"]
    assert all(finite(path) for path in training.run.checkpoints())


@pytest.mark.parametrize(("rollbacks", "checkpoint_every"), [(0, "5"), (3, "30")])
def test_without_a_way_back_it_ends_at_once(rollbacks: int, checkpoint_every: str, tmp_path: Path) -> None:
    options = {"rollbacks": rollbacks, "checkpoint_every": checkpoint_every}
    training = poisoned(tmp_path / "run", "weights", {13}, **options)
    with pytest.raises(DivergedError, match="diverged at step 15"):
        list(training)


def test_a_stop_in_the_moment_of_divergence_ends_with_what_was_saved(tmp_path: Path) -> None:
    training = poisoned(tmp_path / "run", "loss", {13})
    for tick in training:
        if tick.step == 10:
            training.loss.steps = {11}
            training.stop()
    assert (training.step, training.saved) == (10, True)


def test_a_statistic_that_is_no_number_is_left_out_and_ends_nothing(tmp_path: Path) -> None:
    training = poisoned(tmp_path / "run", "nothing", set(range(100)))
    move = training.loss.step
    training.loss.step = lambda game: (game.report(odd=torch.tensor(BAD)), move(game))[1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        *_, last = training
    assert last.step == 40
    assert "odd" not in last.statistics
