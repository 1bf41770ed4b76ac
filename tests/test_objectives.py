"""The losses' formulas, and what is added to any of them: R1 and clipping."""

import math

import pytest
import torch
from small import trainer
from torch import Tensor, nn

from gancli.game.penalties import with_r1
from gancli.losses.contract import Loss
from gancli.plugins.registry import registry

torch.set_num_threads(1)
REAL, FAKE = torch.tensor([2.0, 0.5]), torch.tensor([-0.5, 1.0])


def loss(name: str, **options: object) -> Loss:
    return registry().find("loss", name).load()(name=name, **options)


def test_least_squares() -> None:
    assert loss("lsgan").d_loss(REAL, FAKE) == pytest.approx((1 + 0.25) / 4 + (0.25 + 1) / 4)
    assert loss("lsgan").g_loss(FAKE) == pytest.approx(2.25 / 4)


def test_hinge() -> None:
    assert loss("hinge").d_loss(REAL, FAKE) == pytest.approx((0 + 0.5 + 0.5 + 2) / 2)
    assert loss("hinge").g_loss(FAKE) == pytest.approx(-0.25)


def test_label_smoothing_is_the_cross_entropy_to_the_smoothed_target() -> None:
    target = torch.full((2,), 0.9)
    expected = nn.functional.binary_cross_entropy_with_logits(REAL, target) + nn.functional.softplus(FAKE).mean()
    torch.testing.assert_close(loss("gan", smoothing=0.1).d_loss(REAL, FAKE), expected)


class Square(nn.Module):
    """Scores a / 2 times the squared pixels: the gradient is a x."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(3.0))

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        return self.a / 2 * x.square().sum((1, 2, 3))


def square(**given: object) -> tuple[object, Square]:
    """A training whose D is Square."""
    training, network = trainer(**given), Square()
    training.networks["D"] = training.game.networks["D"].module = network
    return training, network


def test_r3gan_pairs_the_scores_and_holds_d_flat_on_both_sides() -> None:
    training, network = square(loss__name="r3gan", loss__gamma=0.1)
    x, y = training.game.batch()
    fake = training.game.G(training.game.noise(8), y).detach()
    ((player, objective),) = training.loss.d_turn(training.game, x, fake, y)
    real_score, fake_score = network(x, y), network(fake, y)
    slopes = sum(9 * each.square().sum((1, 2, 3)).mean() for each in (x, fake))
    assert player == "D"
    torch.testing.assert_close(objective, nn.functional.softplus(fake_score - real_score).mean() + 0.05 * slopes)
    ((player, objective),) = training.loss.g_turn(training.game, x, fake, y)
    assert player == "G"
    torch.testing.assert_close(objective, nn.functional.softplus(real_score - fake_score).mean())


def test_r1_adds_the_slope_at_real_images_to_the_objective_of_d() -> None:
    training, _ = square()
    moves = list(with_r1(_one_of_each(training), training.game, 5.0, "gan"))
    x, _ = training.game.judged["D"]
    penalty = 9 * x.square().sum((1, 2, 3)).mean()
    assert [player for player, _ in moves] == ["D", "G"]
    torch.testing.assert_close(moves[0][1], 2.5 * penalty)
    assert moves[1][1] == 0
    assert training.game.statistics.take()["r1"] == pytest.approx(penalty.item())


def _one_of_each(training: object) -> object:
    training.game.D(training.game.batch()[0], None)
    training.game.D(torch.zeros(8, *training.data.spec.shape), None)
    yield "D", torch.zeros(())
    yield "G", torch.zeros(())


@pytest.mark.parametrize("name", ["gan", "wgan", "wgan-gp", "lsgan", "hinge", "r3gan"])
def test_r1_comes_every_so_many_steps_with_any_loss(name: str) -> None:
    ticks = list(trainer(loss__name=name, optim__r1=1.0, optim__r1_every=3, steps=7, log_every="1"))
    assert [tick.step for tick in ticks if math.isfinite(tick.statistics.get("r1", math.nan))] == (
        list(range(1, 8)) if name == "r3gan" else [1, 4, 7]
    )


def test_a_long_gradient_is_shortened_and_reported_as_it_was() -> None:
    before, after = (
        trainer(optim__algorithm="sgd", optim__lr=1.0),
        trainer(optim__algorithm="sgd", optim__lr=1.0, optim__clip=0.01),
    )
    lengths = {}
    for training in (before, after):
        player = training.players["D"]
        weights = [weight.clone() for weight in player.parameters.values()]
        _, objective = next(training.loss.step(training.game))
        player.move(objective, 1.0)
        moved = [now - then for now, then in zip(player.parameters.values(), weights, strict=True)]
        lengths[training] = torch.nn.utils.get_total_norm(moved).item()
        assert player.gradient > 0.01
    assert lengths[before] == pytest.approx(before.players["D"].gradient.item(), rel=1e-4)
    assert lengths[after] == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("arch", ["gan", "cgan", "dcgan", "resnet"])
def test_spectral_normalisation_holds_every_weight_of_d_at_one(arch: str) -> None:
    training = trainer(arch__name=arch, arch__d_norm="spectral", steps=60, optim__lr=1e-3)
    list(training)
    for key, module in training.networks["D"].named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear | nn.Embedding):
            assert torch.linalg.matrix_norm(module.weight.detach().flatten(1), 2) == pytest.approx(1, abs=0.15), key
