"""CycleGAN's networks, its loss and its history of images, on small pictures of two classes."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from gancli_cyclegan.architecture import CycleGAN, Discriminator
from gancli_cyclegan.history import History
from gancli_cyclegan.loss import CycleGANLoss

from gancli import Config, Images, Networks, Spec, Trainer, UsageError, preset, resolve
from gancli.testing import Check, checks

torch.set_num_threads(1)
TINY = {"arch.width": 4, "arch.blocks": 1}


@pytest.mark.parametrize("check", checks("gancli-cyclegan", TINY), ids=str)
def test_it_keeps_the_contracts(check: Check) -> None:
    check()


def build(height: int, width: int, channels: int = 3, **options: int) -> Networks:
    small = {"width": 4, "blocks": 1, **options}
    return CycleGAN(name="cyclegan", **small).build(Spec(height, width, channels, ("A", "B")), True)


def stripes() -> Images:
    """Twenty pictures, dark with light stripes in the first class and light with dark ones in the second."""
    rng = np.random.default_rng(0)
    pixels = np.full((20, 1, 16, 16), 30, np.uint8)
    for number, at in enumerate(rng.integers(2, 14, 20)):
        pixels[number, :, :, at : at + 2] = 220
    labels = np.arange(20) % 2
    pixels[labels == 1] = 255 - pixels[labels == 1]
    return Images(pixels, labels, ("dark", "light"))


def trainer(given: Mapping[str, object] | None = None, data: Images | None = None) -> Trainer:
    short = {**TINY, "batch_size": 4, "steps": 4, "device": "cpu", **(given or {})}
    return Trainer(resolve([preset("cyclegan"), Config("test", short)]).settings, data or stripes())


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (12, 20), (28, 28), (32, 32), (48, 64)])
def test_images_and_scores_have_their_shapes(height: int, width: int, channels: int) -> None:
    networks = build(height, width, channels)
    images = networks["G_ab"](torch.rand(2, channels, height, width) * 2 - 1, None)
    assert images.shape == (2, channels, height, width)
    assert images.abs().max() <= 1
    critic = networks["D_a"]
    assert isinstance(critic, Discriminator)
    assert critic.patches(images, None).shape[1] > 1
    torch.testing.assert_close(critic(images, None), critic.patches(images, None).mean(1))


def test_the_papers_critic_judges_patches_of_70_pixels() -> None:
    critic = build(256, 256, d_layers=3)["D_a"].eval()
    x = torch.zeros(1, 3, 256, 256, requires_grad=True)
    assert isinstance(critic, Discriminator)
    # Without normalisation, through which every pixel of an image tells on every other.
    bare = torch.nn.Sequential(*(m for m in critic.layers if not isinstance(m, torch.nn.InstanceNorm2d)))
    scores = bare(x)
    assert scores.shape == (1, 1, 30, 30)
    (gradient,) = torch.autograd.grad(scores[0, 0, 15, 15], x)
    rows = gradient.abs().sum((0, 1, 3)).nonzero()
    assert int(rows.max() - rows.min()) + 1 == 70


@pytest.mark.parametrize(("size", "near"), [((30, 30), "28 and 32"), ((16, 18), "16 and 20"), ((4, 4), "8 and")])
def test_a_size_that_cannot_be_quartered_names_the_nearest(size: tuple[int, int], near: str) -> None:
    with pytest.raises(UsageError) as refused:
        build(*size)
    assert near in (refused.value.hint or "")


@pytest.mark.parametrize("classes", [(), ("A",), ("A", "B", "C")])
def test_other_than_two_classes_are_refused(classes: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="two classes"):
        CycleGAN(name="cyclegan").build(Spec(16, 16, 1, classes), True)


def test_without_classes_it_does_not_train() -> None:
    with pytest.raises(UsageError, match="at least two classes"):
        trainer(data=Images(stripes().pixels))


def test_images_are_made_of_the_other_class() -> None:
    training = trainer()
    sampler = training.gallery.sampler
    z = sampler.latents(0, range(6), torch.tensor([0, 0, 0, 1, 1, 1])).mean((1, 2, 3))
    assert (z[:3] > 0).all()
    assert (z[3:] < 0).all()


def test_each_class_is_made_by_its_own_generator() -> None:
    training = trainer()
    networks, z = training.average.networks, torch.rand(2, 1, 16, 16)
    with torch.no_grad():
        made = training.arch.generate(networks, z, torch.tensor([0, 1]), training.arch.sampling())
        torch.testing.assert_close(made[0], networks["G_ba"](z, None)[0])
        torch.testing.assert_close(made[1], networks["G_ab"](z, None)[1])


def test_the_preset_is_the_papers() -> None:
    settings = resolve([preset("cyclegan")]).settings
    assert isinstance(settings.arch, CycleGAN)
    assert isinstance(settings.loss, CycleGANLoss)
    assert (settings.loss.cycle, settings.loss.identity, settings.loss.history) == (10, 0.5, 50)
    assert (settings.optim.lr, settings.optim.betas) == (2e-4, (0.5, 0.999))


def test_objectives_are_the_papers() -> None:
    training = trainer({"loss.cycle": 3.0, "loss.identity": 0.25, "loss.history": 1})
    moves = training.loss.step(training.game)
    player, objective = next(moves)
    means = training.game.statistics.take()
    assert player == "D"
    assert objective.item() > 0
    assert {"real", "fake", "cycle_a", "cycle_b", "identity"} == set(means)
    consistent = 3.0 * (means["cycle_a"] + means["cycle_b"] + 0.25 * 2 * means["identity"])
    player, objective = next(moves)
    assert player == "G"
    assert {"fake_after"} == set(training.game.statistics.take())
    # The rest is squares of what separates two sets of scores from one.
    assert 0 < objective.item() - consistent < 20
    assert next(moves, None) is None


def test_each_player_is_measured() -> None:
    *_, last = trainer()
    assert {"loss_G", "loss_D", "grad_G", "grad_D", "cycle_a", "cycle_b", "identity"} <= set(last.statistics)


def test_what_is_measured_of_the_generator_are_translations() -> None:
    training = trainer({"batch_size": 8})
    next(training.loss.step(training.game))
    last = training.game.networks["G_ab"].last
    assert last is not None
    dark, _ = training.source.batch(8, "dark")
    training.source.seek({"dark": 0, "light": 8})
    first, _ = training.source.batch(8, "dark")
    with torch.no_grad():
        torch.testing.assert_close(last, training.networks["G_ab"](first, None))
    assert not torch.equal(first, dark)


def test_both_domains_are_drawn_apart() -> None:
    training = trainer({"steps": 5})
    list(training)
    assert training.source.positions() == {"dark": 20, "light": 20}


def test_r1_holds_both_critics() -> None:
    *_, last = trainer({"optim.r1": 1.0, "optim.r1_every": 1})
    assert last.statistics["r1"] > 0


def test_a_history_returns_new_images_until_it_is_full_then_half_old_ones() -> None:
    history = History(trainer().game, "kept", 10)
    returned = [history.exchange(torch.full((4, 1, 2, 2), float(batch)))[:, 0, 0, 0] for batch in range(400)]
    old = torch.stack([batch != number for number, batch in enumerate(returned)]).float()
    assert old[0].sum() == 0
    assert 0.4 < old[50:].mean() < 0.6
    ages = torch.cat([number - batch for number, batch in enumerate(returned)])
    assert ages.max() > 10
    # One that is returned has left: of a batch of four, no more than four are ever seen.
    assert torch.cat(returned).long().bincount()[50:].max() <= 4


def test_a_history_smaller_than_a_batch_shows_the_rest_as_it_is() -> None:
    history = History(trainer().game, "kept", 2)
    history.exchange(torch.zeros(5, 1, 2, 2))
    shown = history.exchange(torch.ones(5, 1, 2, 2))
    assert shown.shape == (5, 1, 2, 2)
    assert (shown[2:] == 1).all()


def test_a_history_is_a_state_of_the_game_on_its_device() -> None:
    training = trainer({"loss.history": 3})
    list(training)
    assert training.tensors()["state.history_D_a"].shape == (3, 1, 16, 16)
    assert training.tensors()["state.history_D_b"].abs().sum() > 0


@pytest.mark.slow
def test_it_learns_to_translate() -> None:
    training = trainer({"steps": 150, "optim.lr": 2e-3, "optim.ema": 100})
    *_, last = training
    sampler = training.gallery.sampler
    y = torch.tensor([1] * 8)
    made = sampler(sampler.latents(0, range(8), y), y)
    assert made.mean() > 150
    assert last.statistics["cycle_a"] < 0.2
