"""Who generates and who judges is what the loss says; R1 is taken at what judges were scored on, or refuses."""

import math
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
import torch
from small import playing
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, softplus

from gancli import Game, Loss, Move, Networks, Spec
from gancli.architectures.dcgan import DCGAN
from gancli.base.errors import UsageError
from gancli.losses.gan import GANLoss
from gancli.losses.wgan import WGANLoss

Change = Callable[[Game, Tensor], Tensor]
R1 = {"optim__r1": 1.0, "optim__r1_every": 1}


class Renamed(DCGAN):
    """DCGAN whose networks go by other names."""

    def build(self, spec: Spec, conditional: bool) -> Networks:
        networks = super().build(spec, conditional)
        return {"painter": networks["G"], "critic": networks["D"]}

    def generate(self, networks: Any, z: Tensor, y: Tensor | None, sampling: Any) -> Tensor:
        images: Tensor = networks["painter"](z, y)
        return images


class RenamedLoss(Loss):
    """The same game between players of other names."""

    players: ClassVar = {"paint": ("painter",), "judge": ("critic",)}
    generates: ClassVar = ("paint",)
    judges: ClassVar = ("judge",)

    def step(self, game: Game) -> Iterator[Move]:
        x, y = game.batch()
        fake = game.painter(game.noise(len(x)), y)
        yield "judge", softplus(-game.critic(x, y)).mean() + softplus(game.critic(fake.detach(), y)).mean()
        yield "paint", softplus(-game.critic(fake, y)).mean()


class Two(DCGAN):
    """DCGAN with two discriminators."""

    def build(self, spec: Spec, conditional: bool) -> Networks:
        first, second = (super(Two, self).build(spec, conditional) for _ in range(2))
        return {"G": first["G"], "D1": first["D"], "D2": second["D"]}


class TwoLoss(Loss):
    """Two discriminators, each a player, both scored before either moves."""

    players: ClassVar = {"G": ("G",), "D1": ("D1",), "D2": ("D2",)}
    judges: ClassVar = ("D1", "D2")

    def step(self, game: Game) -> Iterator[Move]:
        x, y = game.batch()
        fake = game.G(game.noise(len(x)), y)
        objectives = {name: self.objective(game, name, x, fake.detach(), y) for name in self.judges}
        yield from objectives.items()
        yield "G", -game.D1(fake, y).mean() - game.D2(fake, y).mean()

    def objective(self, game: Game, name: str, x: Tensor, fake: Tensor, y: Tensor | None) -> Tensor:
        judge = game.networks[name]
        objective: Tensor = (softplus(judge(fake, y)) + softplus(-judge(x, y))).mean()
        return objective


def changing(change: Change) -> type[GANLoss]:
    """The loss of 2014, which scores D on what it makes of the real images."""

    class Changing(GANLoss):
        def d_turn(self, game: Game, x: Tensor, fake: Tensor, y: Tensor | None) -> Iterator[Move]:
            yield from super().d_turn(game, change(game, x), fake, y)

    return Changing


def test_players_of_any_name_are_penalised_augmented_averaged_and_measured() -> None:
    training = playing(Renamed, RenamedLoss, **R1, optim__d_lr=1e-5, augment="cutout", steps=1)
    shown: list[Tensor] = []
    training.networks["critic"].register_forward_pre_hook(lambda _, args: shown.append(args[0]))
    *_, last = training
    assert training.players["judge"].rate == 1e-5
    assert training.players["paint"].rate != 1e-5
    assert list(training.average.networks) == ["painter"]
    assert "painter_ema.first.weight" in training.tensors()
    assert {"r1", "diversity", "loss_judge", "grad_paint"} <= set(last.statistics)
    # The penalty alone is taken at images as they are.
    batch, _ = training.game.judged["critic"]
    assert [torch.equal(batch, images) for images in shown] == [False, False, True, False]


def test_every_judge_is_penalised_at_the_move_of_its_player() -> None:
    ticks = list(playing(Two, TwoLoss, optim__r1=1.0, optim__r1_every=2, steps=4))
    assert ["r1" in tick.statistics for tick in ticks] == [True, False, True, False]
    penalised, free = (
        next(iter(playing(Two, TwoLoss, optim__r1=r1, optim__r1_every=1))).statistics for r1 in (1e4, 0.0)
    )
    assert penalised["grad_D1"] > 2 * free["grad_D1"]
    assert penalised["grad_D2"] > 2 * free["grad_D2"]
    assert penalised["loss_D2"] < 2


CHANGES: dict[str, Change] = {
    "put together": lambda _, x: torch.cat([x[:4], x[4:]]),
    "cast": lambda _, x: x.double().float(),
    "mirrored": lambda _, x: x.flip(3),
    "blurred": lambda _, x: interpolate(avg_pool2d(x, 2), scale_factor=2),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_penalty_that_saw_no_real_images_ends_the_first_step_in_which_it_is_due(change: Change) -> None:
    with pytest.raises(UsageError, match=r"R1 .* loss own .* D ") as refused:
        list(playing(loss=changing(change), **R1))
    assert "--optim.r1 0" in (refused.value.hint or "")
    assert "game.real" in (refused.value.hint or "")


KNOWN: dict[str, Change] = {
    "noted": lambda game, x: game.real(x.flip(3)),
    "a slice": lambda _, x: x[:, :, :16],
    "detached": lambda _, x: x.detach(),
}


@pytest.mark.parametrize("change", KNOWN.values(), ids=KNOWN)
def test_images_that_a_loss_notes_and_slices_of_the_batch_are_penalised(change: Change) -> None:
    *_, last = playing(loss=changing(change), **R1)
    assert last.statistics["r1"] > 0


def test_the_penalty_is_taken_at_what_was_noted_and_not_where_d_was_called() -> None:
    class Together(GANLoss):
        def d_turn(self, game: Game, x: Tensor, fake: Tensor, y: Tensor | None) -> Iterator[Move]:
            real, made = game.D(torch.cat([game.real(2 * x, y), fake]), None).chunk(2)
            yield "D", self.d_loss(real, made)

    training = playing(loss=Together, **R1, steps=1)
    training.game.begin(0)
    next(iter(training.stepper.moves()))
    noted, y = training.game.judged["D"]
    assert y is None
    assert noted.abs().max() == 2
    expected = training.game.gradient(noted, None).square().sum((1, 2, 3)).mean()
    assert training.game.statistics.take()["r1"] == pytest.approx(expected.item())


def test_real_images_of_an_earlier_step_are_not_penalised() -> None:
    training = playing(loss=changing(lambda game, x: x if game.step == 0 else x.clone()), **R1, steps=3)
    with pytest.raises(UsageError, match="R1"):
        list(training)
    assert training.step == 1


@pytest.mark.parametrize("given", [{"optim__r1": 10.0}, {"augment": "color"}, {"optim__d_lr": 1e-4}], ids=str)
def test_what_is_for_judges_is_refused_where_nobody_judges(given: dict[str, object]) -> None:
    class Alone(Loss):
        players: ClassVar = {"G": ("G",)}

        def step(self, game: Game) -> Iterator[Move]:
            x, y = game.batch()
            yield "G", (game.G(game.noise(len(x)), y) - x).square().mean()

    list(playing(loss=Alone))
    with pytest.raises(UsageError, match="has no player that does"):
        playing(loss=Alone, **given)


def test_a_loss_without_a_player_that_generates_is_refused() -> None:
    class Nobody(GANLoss):
        generates: ClassVar = ("H",)

    with pytest.raises(UsageError, match="has no player H"):
        playing(loss=Nobody)


def test_the_loss_of_d_is_told_without_the_penalty() -> None:
    first = [next(iter(playing(optim__r1=r1, optim__r1_every=1))).statistics["loss_D"] for r1 in (0.0, 1e5)]
    assert first[0] == pytest.approx(first[1])


def test_a_critic_that_reports_no_scores_has_no_distance() -> None:
    class Silent(WGANLoss):
        def d_turn(self, game: Game, x: Tensor, fake: Tensor, y: Tensor | None) -> Iterator[Move]:
            yield "D", self.d_loss(game.D(x, y), game.D(fake, y))

    *_, last = playing(loss=Silent)
    assert "wasserstein" not in last.statistics
    assert math.isfinite(last.statistics["loss_D"])


GAME = ["step", "source", "arch", "states", "images", "networks", "inputs", "batch", "judged"]
CHECKPOINT = ["G_ema", "optim", "rng", "state"]


@pytest.mark.parametrize("name", GAME + CHECKPOINT)
def test_a_network_with_a_name_that_has_another_meaning_is_refused(name: str) -> None:
    class Odd(DCGAN):
        def build(self, spec: Spec, conditional: bool) -> Networks:
            return {**super().build(spec, conditional), name: nn.Linear(1, 1)}

    with pytest.raises(UsageError, match=f"calls a network '{name}'"):
        playing(Odd)
