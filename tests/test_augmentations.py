"""What D sees is augmented, real and generated alike, and a loss need not know."""

from pathlib import Path

import pytest
import torch
from fake_package import hook, installed
from small import trainer
from torch import Tensor

from gancli.base.errors import UsageError
from gancli.game.augmentations import color, cutout, translation
from gancli.plugins.registry import registry

torch.set_num_threads(1)
ALL = "color,translation,cutout"
each = pytest.mark.parametrize("augment", [color, translation, cutout])


def images(n: int = 64, channels: int = 3, height: int = 16, width: int = 24) -> Tensor:
    return torch.rand(n, channels, height, width, generator=seeded(1)) * 2 - 1


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@each
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_keep_their_shape_and_differ_from_one_another(augment: object, channels: int) -> None:
    same = images(1, channels).expand(64, -1, -1, -1)
    made = augment(same, seeded(0))
    assert made.shape == same.shape
    assert len(torch.unique(made.flatten(1), dim=0)) > 8
    assert torch.equal(made, augment(same, seeded(0)))
    assert not torch.equal(made, augment(same, seeded(1)))


@each
def test_the_gradient_of_the_gradient_exists(augment: object) -> None:
    x = images(4).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: augment(x, seeded(0)), x[:, :, :5, :5].detach().requires_grad_())
    (gradient,) = torch.autograd.grad(augment(x, seeded(0)).square().sum(), x, create_graph=True)
    gradient.square().sum().backward()
    assert x.grad.abs().sum() > 0


def test_colours_keep_their_mean_over_many_and_transparency_altogether() -> None:
    x = images(4000, 4, 2, 2)
    made = color(x, seeded(0))
    torch.testing.assert_close(made[:, 3], x[:, 3])
    torch.testing.assert_close(made[:, :3].mean(), x[:, :3].mean(), atol=0.02, rtol=0)
    shift = (made[:, :3] - x[:, :3]).mean((1, 2, 3))
    assert shift.abs().max() <= 0.5
    assert shift.min() < -0.49
    assert shift.max() > 0.49


def test_translation_moves_whole_images_by_an_eighth_at_most() -> None:
    numbered = torch.arange(16 * 24).view(16, 24) + 1
    moves = set()
    for image in translation(numbered.expand(400, 1, -1, -1), seeded(0))[:, 0]:
        at = image.nonzero()[0]
        number = int(image[tuple(at)]) - 1
        move = int(at[0]) - number // 24, int(at[1]) - number % 24
        moves.add(move)
        assert torch.equal(image, moved(numbered, *move))
    assert moves == {(down, right) for down in range(-2, 3) for right in range(-3, 4)}


def moved(image: Tensor, down: int, right: int) -> Tensor:
    canvas = torch.nn.functional.pad(image, (3, 3, 2, 2))
    return canvas[2 - down : 18 - down, 3 - right : 27 - right]


def test_cutout_hides_a_box_around_any_pixel() -> None:
    hidden = cutout(torch.ones(2000, 1, 16, 24), seeded(0))[:, 0] == 0
    assert {int(n) for n in hidden.any(2).sum(1)} == set(range(4, 9))
    assert {int(n) for n in hidden.any(1).sum(1)} == set(range(6, 13))
    assert torch.equal(hidden, hidden.any(2)[:, :, None] & hidden.any(1)[:, None, :])
    assert hidden.any(0).all()
    assert 0.15 < hidden.float().mean() < 0.25


def test_only_what_d_is_given_is_augmented() -> None:
    seen = []
    training = trainer(augment=ALL)
    for network in training.networks.values():
        network.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    x, y = training.game.batch()
    z = training.game.noise(8)
    training.game.D(x, y)
    training.game.G(z, y)
    training.game.gradient(x, y)
    assert not torch.equal(seen[0], x)
    assert torch.equal(seen[1], z)
    assert torch.equal(seen[2], x)


def test_without_it_nothing_changes() -> None:
    training = trainer()
    x, _ = training.game.batch()
    seen = []
    training.networks["D"].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    training.game.D(x, None)
    assert seen[0] is x


def test_a_resumed_run_augments_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    straight, first = trainer(augment=ALL, steps=12), trainer(tmp_path / "run", augment=ALL, steps=6)
    list(straight)
    list(first)
    second = trainer(augment=ALL, steps=12)
    second.resume(tmp_path / "run" / "checkpoints" / "step-00000006.safetensors")
    list(second)
    assert all(torch.equal(tensor, second.tensors()[name]) for name, tensor in straight.tensors().items())


def test_an_augmentation_comes_from_a_package_like_anything_else(tmp_path: Path) -> None:
    source = hook(("augmentation", "flip", "gancli_flip:flip")) + "def flip(x, generator):\n    return x.flip(3)\n"
    with installed(tmp_path, "gancli-flip", source):
        assert [entry.name for entry in registry().listing("augmentation")][-1] == "flip"
        *_, last = trainer(augment="flip,cutout")
    assert last.step == 2


def test_an_unknown_augmentation_is_answered_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="Did you mean color"):
        trainer(augment="colour")
