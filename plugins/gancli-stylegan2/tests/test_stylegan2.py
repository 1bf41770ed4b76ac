"""StyleGAN2's layers, styles and penalties, and what can be asked of it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from gancli_stylegan2.architecture import StyleGAN2
from gancli_stylegan2.generator import Generator
from gancli_stylegan2.layers import Convolution, Linear, Modulated, StyledLayer
from gancli_stylegan2.loss import StyleGAN2Loss
from gancli_stylegan2.sampling import Styles
from torch import Tensor
from torch.nn.functional import conv2d

from gancli import Config, GanError, Run, Spec, TrainedModel, Trainer, preset, resolve
from gancli.testing import Check, Gan, checks

torch.set_num_threads(1)
TINY = {"arch.width": 2, "arch.latent": 4, "arch.style": 4, "arch.depth": 2, "arch.grain": 3}
ARCH = StyleGAN2(name="stylegan2", width=2, latent=4, style=4, depth=2, grain=3)


@pytest.mark.parametrize("check", checks("gancli-stylegan2", TINY), ids=str)
def test_it_keeps_the_contracts(check: Check) -> None:
    check()


def trainer(given: Mapping[str, object] | None = None, folder: Path | None = None) -> Trainer:
    short = {"batch_size": 8, "steps": 4, "data.count": 40, "data.size": 8, "device": "cpu"}
    tiny = Config("tiny", TINY)  # dropped where another architecture is given
    settings = resolve([preset("stylegan2"), tiny, Config("test", {**short, **(given or {})})]).settings
    run = Run(folder) if folder else None
    if run:
        run.make()
    return Trainer(settings, settings.data.load(), run)


def generator(classes: tuple[str, ...] = ()) -> Generator:
    torch.manual_seed(0)
    built = ARCH.build(Spec(16, 16, 1, classes), bool(classes))["G"]
    assert isinstance(built, Generator)
    for module in built.modules():
        if isinstance(module, StyledLayer):
            torch.nn.init.constant_(module.strength, 0.3)
    return built


def z(n: int, seed: int = 0) -> Tensor:
    return ARCH.noise(n, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("demodulate", [False, True])
def test_modulation_is_that_of_each_images_own_weights(demodulate: bool) -> None:
    layer = Modulated(3, 5, 3, 4, demodulate=demodulate)
    x, w = torch.randn(2, 3, 6, 6), torch.randn(2, 4)
    for image, style, made in zip(x, layer.style(w), layer(x, w), strict=True):
        weight = layer.weight * layer.scale * style[:, None, None]
        if demodulate:
            weight = weight / weight.square().sum((1, 2, 3), keepdim=True).sqrt()
        torch.testing.assert_close(made, conv2d(image[None], weight, padding=1)[0])


def test_weights_are_scaled_when_used() -> None:
    layer, x = Linear(400, 300, rate=0.01), torch.randn(50, 400)
    assert 0.95 < layer(x).std() < 1.05
    assert layer.weight.std() > 90


@pytest.mark.parametrize(("side", "size"), [(1, (8, 12)), (3, (14, 14))])
def test_halving_keeps_what_is_even(side: int, size: tuple[int, int]) -> None:
    layer = Convolution(1, 1, side, halve=True)
    torch.nn.init.constant_(layer.weight, 1 / (layer.scale * side * side))
    made = layer(torch.ones(1, 1, *size))
    assert made.shape == (1, 1, size[0] // 2, size[1] // 2)
    torch.testing.assert_close(made[..., 1:-1, 1:-1], torch.ones_like(made[..., 1:-1, 1:-1]))


def test_images_are_decided_by_their_latents() -> None:
    network = generator().eval()
    made = network(z(5), None)
    assert torch.equal(made, network(z(5), None))
    torch.testing.assert_close(made[2:3], network(z(5)[2:3], None))
    grain = torch.cat([z(5)[:, :4], z(5, 1)[:, 4:]], 1)
    assert torch.equal(network.styles(grain, None), network.styles(z(5), None))
    assert not torch.allclose(made, network(grain, None))


def test_in_training_later_layers_are_those_of_another_style() -> None:
    network = generator().train()
    plain = network.eval().styles(z(200), None)
    styles = network.train().styles(z(200), None)
    own = (styles == plain).all(2)
    assert own[:, 0].all()
    assert (own.int().diff(dim=1) <= 0).all()
    assert 0.8 < (~own[:, -1]).float().mean() < 1


def test_the_mean_follows_the_styles_of_each_class() -> None:
    network = generator(("cat", "dog", "owl")).train()
    classes = torch.tensor([0, 1] * 50)
    for seed in range(100):
        network.styles(z(100, seed), classes)
    network.eval()
    for number in (0, 1):
        styles = network.styles(z(2000), torch.full((2000,), number))[:, 0]
        torch.testing.assert_close(network.mean[number], styles.mean(0), atol=0.15, rtol=0)
    assert (network.mean[0] - network.mean[1]).abs().max() > 0.3
    assert (network.mean[2] == 0).all()
    mixed = network.centre(1, torch.tensor([[0.25, 0.75, 0.0]]))[0]
    torch.testing.assert_close(mixed, torch.lerp(network.mean[0], network.mean[1], 0.75))


def asked(network: Generator, n: int, y: Tensor | None = None, **options: object) -> Tensor:
    sampling = Styles(**options)
    latents = sampling.latents(ARCH, range(n), lambda numbers: torch.cat([z(1, number) for number in numbers]))
    return ARCH.generate({"G": network.eval()}, latents, y, sampling)


def test_truncation_ends_at_the_mean() -> None:
    network = generator(("cat", "dog"))
    network.train()
    classes = torch.tensor([0, 1, 0, 1])
    network.styles(z(4), classes)
    spread = [asked(network, 4, classes, truncation=psi, noise=False)[::2].std(0).mean() for psi in (1, 0.5, 0)]
    assert spread[0] > spread[1] > spread[2] == 0
    made = asked(network, 4, classes, truncation=0, noise=False)
    assert not torch.allclose(made[0], made[1])


def test_noise_can_be_left_out() -> None:
    network = generator()
    assert not torch.allclose(asked(network, 2), asked(network, 2, noise=False))


def test_a_table_mixes_the_styles_of_its_rows_and_columns() -> None:
    network = generator()
    depth = network.synthesis.depth
    plain = asked(network, 16, noise=False)
    columns, rows, mixed = (asked(network, 24, mix=mix, noise=False) for mix in (0, depth, 2))
    torch.testing.assert_close(columns[8:16], plain[:8])
    torch.testing.assert_close(rows[::8], plain[8:11])
    assert not torch.allclose(mixed, rows)
    assert not torch.allclose(mixed, columns)
    assert Styles(mix=2).columns(ARCH) == 8


def test_path_lengths_are_those_of_the_jacobian() -> None:
    training = trainer()
    training.networks["G"].eval()  # one style for all layers, and the same at every call
    loss = StyleGAN2Loss(name="stylegan2")
    torch.manual_seed(0)
    squares = torch.stack([loss.lengths(training.game, 1, None).detach() ** 2 for _ in range(50)]).mean()
    expected = torch.stack([jacobian_norm(training) for _ in range(50)]).mean()
    torch.testing.assert_close(squares, expected, rtol=0.2, atol=0)


def jacobian_norm(training: Trainer) -> Tensor:
    """The mean square over layers of the Jacobian from styles to pixels, over the number of pixels."""
    network, latents = training.networks["G"], training.game.noise(1)
    assert isinstance(network, Generator)
    styles = network.styles(latents, None).detach()
    pixels = torch.func.jacrev(lambda given: network.draw(given, latents))(styles).reshape(-1, *styles.shape[1:])
    return pixels.square().sum() / styles.shape[1] / len(pixels)


def test_the_path_penalty_is_due_every_few_steps_and_moves_the_mapping() -> None:
    training = trainer({"steps": 8, "log_every": 1, "loss.path_every": 4, "optim.r1_every": 4})
    ticks = list(training)
    assert ["path_length" in tick.statistics for tick in ticks] == [True, False, False, False] * 2
    assert ["r1" in tick.statistics for tick in ticks] == [True, False, False, False] * 2
    assert training.game.state("path_length", 0.0) > 0
    training.networks["G"].zero_grad()
    loss = training.loss
    assert isinstance(loss, StyleGAN2Loss)
    torch.autograd.backward(loss.deviation(training.game, 4, None))
    gradients = {name: each.grad for name, each in training.networks["G"].named_parameters() if each.grad is not None}
    assert all(gradient.isfinite().all() for gradient in gradients.values())
    assert gradients["mapping.layers.0.weight"].abs().sum() > 0


def test_without_a_weight_no_path_is_measured() -> None:
    training = trainer({"loss.path": 0})
    *_, last = training
    assert "path_length" not in last.statistics
    assert not training.game.states


def test_the_mean_is_in_the_checkpoint_and_in_the_average(tmp_path: Path) -> None:
    training = trainer({"conditional": True}, tmp_path / "run")
    list(training)
    loaded = TrainedModel.load(Run(tmp_path / "run").latest(), "cpu")
    mean, live = (networks["G"].get_buffer("mean") for networks in (loaded.networks, training.networks))
    assert mean.abs().sum() > 0
    assert torch.equal(mean, live)
    truncated = replace(loaded, sampling=Styles(truncation=0, noise=False))
    made = truncated(loaded.latents(0, range(4)), torch.tensor([3, 3, 3, 5]))
    assert (made[0] == made[2]).all()


def test_an_architecture_without_styles_is_refused() -> None:
    with pytest.raises(GanError, match=r"Loss stylegan2 calls G\.styles, which architecture dcgan does not have"):
        trainer({"arch.name": "dcgan"})


def test_r1_is_suggested_and_can_be_left_out() -> None:
    assert resolve([preset("stylegan2")]).settings.optim.r1 > 0
    assert resolve([preset("stylegan2"), Config("test", {"optim.r1": 0})]).settings.optim.r1 == 0


def test_an_image_is_the_same_however_many_are_made(gan: Gan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    monkeypatch.chdir(tmp_path)
    words = [word for key, value in TINY.items() for word in (f"--{key}", value)]
    words += ["--steps", 2, "--batch-size", 8, "--size", 8, "--data.count", 40, "--display", "none"]
    assert gan("train", "--preset", "stylegan2", *words).code == 0
    for asking in ([], ["--truncation", 0.5], ["--sample.mix", 1]):
        for count in (5, 70):
            assert gan("sample", "-n", count, *asking, "--out", f"{count}.npz", "--force").code == 0
        assert np.array_equal(np.load("5.npz")["images"], np.load("70.npz")["images"][:5])
