"""BEGAN's networks and its equilibrium."""

from collections.abc import Mapping

import pytest
import torch
from gancli_began.architecture import BEGAN, Autoencoder
from gancli_began.loss import BEGANLoss

from gancli import Config, Digits, GanError, Networks, Spec, Trainer, UsageError, preset, resolve
from gancli.testing import Check, checks

torch.set_num_threads(1)


@pytest.mark.parametrize("check", checks("gancli-began", {"arch.width": 4, "arch.hidden": 4}), ids=str)
def test_it_keeps_the_contracts(check: Check) -> None:
    check()


def build(height: int, width: int, channels: int) -> Networks:
    return BEGAN(name="began", latent=5, width=4, hidden=3).build(Spec(height, width, channels), False)


def trainer(given: Mapping[str, object] | None = None) -> Trainer:
    tiny = Config("tiny", {"arch.width": 4})  # dropped where another architecture is given
    short = {"batch_size": 4, "steps": 4, "data.count": 20, "data.size": 8, "device": "cpu"}
    settings = resolve([preset("began"), tiny, Config("test", {**short, **(given or {})})]).settings
    return Trainer(settings, settings.data.load())


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (28, 28), (32, 32), (48, 64), (24, 12)])
def test_images_scores_and_codes_have_their_shapes(height: int, width: int, channels: int) -> None:
    networks = build(height, width, channels)
    images = networks["G"](torch.randn(2, 5), None)
    assert images.shape == (2, channels, height, width)
    assert images.abs().max() <= 1
    critic = networks["D"]
    assert isinstance(critic, Autoencoder)
    assert critic(images, None).shape == (2,)
    assert critic.encoder(images).shape == (2, 3)


def test_a_size_that_cannot_be_halved_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="28 and 32"):
        build(30, 30, 1)


def test_a_score_is_minus_the_error_of_that_image_alone() -> None:
    critic = build(8, 8, 3)["D"]
    assert isinstance(critic, Autoencoder)
    images = torch.rand(3, 3, 8, 8) * 2 - 1
    errors = (images - critic.reconstruct(images)).abs().mean((1, 2, 3))
    torch.testing.assert_close(critic(images, None), -errors)
    torch.testing.assert_close(critic(images[1:2], None), -errors[1:2])


def test_latents_are_uniform_and_stay_so() -> None:
    arch = BEGAN(name="began", latent=64)
    z = arch.noise(500, torch.Generator().manual_seed(0))
    assert z.shape == (500, 64)
    assert -1 <= z.min() < -0.99
    assert 0.99 < z.max() <= 1
    assert arch.mix(z[:1], z[1:2], 0.5).abs().max() <= 1
    asked = arch.sampling(truncation=0.5)
    torch.testing.assert_close(asked.latents(arch, range(500), lambda numbers: z), z / 2)


def test_the_preset_is_the_papers() -> None:
    settings = resolve([preset("began")]).settings
    assert (settings.arch.name, settings.loss.name) == ("began", "began")
    assert isinstance(settings.arch, BEGAN)
    assert isinstance(settings.loss, BEGANLoss)
    assert (settings.arch.latent, settings.arch.hidden, settings.loss.gamma) == (64, 64, 0.5)
    assert settings.optim.betas == (0.5, 0.999)
    assert settings.batch_size == 16


def test_k_follows_the_equilibrium() -> None:
    training = trainer()
    game, loss = training.game, BEGANLoss(name="began", k_rate=0.1)
    loss.balance(game, torch.tensor(1.0), torch.tensor(0.2))
    torch.testing.assert_close(game.state("k", 0.0), torch.tensor(0.03))
    loss.balance(game, torch.tensor(1.0), torch.tensor(0.9))
    assert game.state("k", 0.0) == 0
    loss.balance(game, torch.tensor(99.0), torch.tensor(0.0))
    assert game.state("k", 0.0) == 1
    means = game.statistics.take()
    assert means["M"] == pytest.approx((1.3 + 1.4 + 148.5) / 3)
    assert means["k"] == pytest.approx(1.03 / 3)


def test_objectives_are_the_papers() -> None:
    training = trainer({"loss.k_rate": 0.5})
    training.game.state("k", 0.3)
    moves = training.loss.step(training.game)
    player, objective = next(moves)
    means = training.game.statistics.take()
    assert player == "D"
    torch.testing.assert_close(objective.item(), -means["real"] + 0.3 * means["fake"])
    player, objective = next(moves)
    means = training.game.statistics.take()
    assert player == "G"
    torch.testing.assert_close(objective.item(), -means["fake_after"])
    assert means["k"] != pytest.approx(0.3)


def test_reconstruction_of_real_images_improves() -> None:
    ticks = list(trainer({"steps": 40, "log_every": 20, "optim.lr": 2e-3}))
    assert ticks[-1].statistics["real"] > ticks[0].statistics["real"]
    assert ticks[-1].statistics["M"] < ticks[0].statistics["M"]


def test_a_critic_that_reconstructs_nothing_is_refused() -> None:
    with pytest.raises(GanError, match=r"Loss began calls D\.reconstruct, which architecture gan does not have"):
        list(trainer({"arch.name": "gan"}))


@pytest.mark.parametrize("loss", ["gan", "wgan-gp"])
def test_the_networks_play_other_games_too(loss: str) -> None:
    *_, last = trainer({"loss.name": loss})
    assert last.step == 4


def test_classes_are_refused() -> None:
    with pytest.raises(UsageError, match="cannot be conditional"):
        trainer({"conditional": True})


def test_digits_of_any_colour_are_learnt_from() -> None:
    data = Digits(name="digits", count=20, size=(8, 12), channels=3).load()
    settings = trainer().settings
    *_, last = Trainer(settings, data)
    assert last.step == settings.steps
