"""InfoGAN's codes: drawn, guessed, learned without labels, and asked for."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from gancli_infogan.architecture import Discriminator, InfoGAN

from gancli import Config, GanError, Trainer, UsageError, preset, resolve
from gancli.testing import Check, Gan, checks

torch.set_num_threads(1)
TINY = {"arch.width": 4, "arch.latent": 4, "arch.hidden": 8}


@pytest.mark.parametrize("check", checks("gancli-infogan", TINY), ids=str)
def test_it_keeps_the_contracts(check: Check) -> None:
    check()


def trainer(given: Mapping[str, object] | None = None) -> Trainer:
    short = {"batch_size": 8, "steps": 4, "data.count": 40, "data.size": 8, "device": "cpu"}
    tiny = Config("tiny", TINY)  # dropped where another architecture is given
    settings = resolve([preset("infogan"), tiny, Config("test", {**short, **(given or {})})]).settings
    return Trainer(settings, settings.data.load())


@pytest.fixture
def arch() -> InfoGAN:
    return InfoGAN(name="infogan", latent=4, categories=3, continuous=2)


def asked(arch: InfoGAN, numbers: list[int], **options: object) -> tuple[torch.Tensor, ...]:
    return arch.parts(arch.sampling(**options).latents(arch, numbers, lambda numbers: drawn(arch, numbers)))


def drawn(arch: InfoGAN, numbers: Iterable[int]) -> torch.Tensor:
    """Independent latents by number."""
    return torch.cat([arch.noise(1, torch.Generator().manual_seed(number)) for number in numbers])


def test_latents_are_noise_a_category_and_codes(arch: InfoGAN) -> None:
    noise, category, codes = arch.parts(arch.noise(600, torch.Generator().manual_seed(0)))
    assert (noise.shape, category.shape, codes.shape) == ((600, 4), (600, 3), (600, 2))
    assert 0.9 < noise.std() < 1.1
    assert (category.sum(1) == 1).all()
    assert (category.sum(0) > 150).all()
    assert -1 <= codes.min() < -0.95
    assert 0.95 < codes.max() <= 1


def test_a_row_goes_through_the_categories_and_all_else_stays(arch: InfoGAN) -> None:
    noise, category, codes = asked(arch, list(range(6)), sweep=1)
    assert category.argmax(1).tolist() == [0, 1, 2, 0, 1, 2]
    for part in (noise, codes):
        assert torch.equal(part[[0, 0, 3, 3]], part[[1, 2, 4, 5]])
        assert not torch.equal(part[0], part[3])
    assert arch.sampling(sweep=1).columns(arch) == 3


def test_a_row_goes_through_a_code_and_rows_through_the_categories(arch: InfoGAN) -> None:
    noise, category, codes = asked(arch, list(range(10)), sweep=3, steps=5, reach=1.5)
    torch.testing.assert_close(codes[:5, 1], torch.linspace(-1.5, 1.5, 5))
    assert torch.equal(codes[:5, 1], codes[5:, 1])
    assert len(set(codes[:5, 0].tolist())) == len(set(noise[:5, 0].tolist())) == 1
    assert category.argmax(1).tolist() == [0] * 5 + [1] * 5
    assert asked(arch, list(range(10)), sweep=3, steps=5, category=2)[1].argmax(1).tolist() == [2] * 10


def test_a_category_leaves_the_rest_as_it_was(arch: InfoGAN) -> None:
    plain, given = asked(arch, [5, 6]), asked(arch, [5, 6], category=1)
    assert torch.equal(plain[0], given[0])
    assert torch.equal(plain[2], given[2])
    assert given[1].argmax(1).tolist() == [1, 1]


def test_the_cross_entropy_is_told_apart_from_what_the_codes_cost() -> None:
    last = list(trainer({"loss.weight": 100.0, "steps": 1}))[-1].statistics
    assert last["cross_entropy"] == pytest.approx(1.39, abs=0.1)
    assert last["loss_D"] > 20 * last["cross_entropy"]


@pytest.mark.parametrize(
    ("options", "told"),
    [({"category": 3}, "no category 3. There are 0 to 2"), ({"sweep": 4}, "no code 4. There are 1 to 3")],
)
def test_codes_that_there_are_not_are_refused(arch: InfoGAN, options: dict[str, int], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        asked(arch, [0], **options)


def test_the_loss_reports_what_a_guess_in_the_dark_costs() -> None:
    ticks = list(trainer({"log_every": 1, "batch_size": 128}))
    assert ticks[0].statistics["category_unknown"] == pytest.approx(np.log(10), abs=0.2)
    assert ticks[0].statistics["code_error"] == pytest.approx(1 / 3, abs=0.15)


def test_codes_come_to_be_told_from_images() -> None:
    *_, last = trainer(
        {"steps": 200, "log_every": 40, "arch.width": 8, "batch_size": 16, "optim.lr": 3e-3, "optim.d_lr": 3e-3}
    )
    assert last.statistics["category_unknown"] < 1.5


def test_the_move_of_d_teaches_the_head_alone_to_guess() -> None:
    training = trainer()
    critic = training.networks["D"]
    assert isinstance(critic, Discriminator)
    image = torch.randn(4, 1, 8, 8)
    torch.autograd.backward(torch.cat(critic.codes(image, None), 1).square().sum())
    assert all(parameter.grad is None for parameter in critic.critic.parameters())
    assert all(parameter.grad is not None for parameter in critic.head.parameters())
    image.requires_grad_()
    torch.autograd.backward(torch.cat(critic.codes(image, None), 1).square().sum())
    assert image.grad is not None
    assert image.grad.abs().sum() > 0


def test_a_discriminator_without_the_head_is_refused() -> None:
    with pytest.raises(GanError, match=r"Loss infogan calls D\.codes, which architecture dcgan does not have"):
        trainer({"arch.name": "dcgan"})


def test_a_grid_has_a_column_for_each_value(gan: Gan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    words = [word for key, value in TINY.items() for word in (f"--{key}", value)]
    words += ["--steps", 2, "--batch-size", 8, "--size", 8, "--data.count", 40, "--display", "none"]
    assert gan("train", "--preset", "infogan", *words).code == 0
    for options, columns in (["--sample.sweep", 1], 10), (["--sample.sweep", 2, "--sample.steps", 4], 4):
        assert gan("sample", "-n", 20, *options, "--out", f"{columns}.png").code == 0
        assert Image.open(f"{columns}.png").size[0] == 10 * columns - 2
    refused = gan("sample", "--sample.sweep", 9)
    assert refused.code == 2
    assert "There are 1 to 3" in refused.err
