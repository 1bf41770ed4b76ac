"""Every pair of built-in architecture and loss trains, saves, resumes and samples, or refuses with the reason."""

from pathlib import Path

import numpy as np
import pytest
import torch
from small import trainer

from gancli.base.errors import DivergedError, UsageError
from gancli.generation.model import TrainedModel
from gancli.plugins.registry import BUILT_IN, registry
from gancli.runs import checkpoint


def built_in(kind: str) -> list[str]:
    return [entry.name for entry in registry().listing(kind) if entry.package == BUILT_IN]


each_arch = pytest.mark.parametrize("arch", built_in("architecture"))
each_loss = pytest.mark.parametrize("loss", built_in("loss"))


@each_arch
@each_loss
@pytest.mark.parametrize("conditional", [False, True], ids=["unconditional", "conditional"])
def test_trains_and_samples_the_same_from_its_checkpoint(
    arch: str, loss: str, conditional: bool, tmp_path: Path
) -> None:
    cls = registry().find("architecture", arch).load()
    if cls.conditioning == "required" and not conditional:
        with pytest.raises(UsageError, match="conditional by nature"):
            trainer(arch__name=arch, loss__name=loss, conditional=False)
        return
    training = trainer(tmp_path / "run", arch__name=arch, loss__name=loss, conditional=conditional)
    before = {name: tensor.clone() for name, tensor in training.tensors().items()}
    *_, last = training
    moved = [name for name, tensor in training.tensors().items() if name[0] in "GD" and _differs(tensor, before, name)]
    assert {"G", "D", "G_ema"} <= {name.partition(".")[0] for name in moved}
    assert {"real", "fake", "fake_after", "loss_D", "loss_G"} <= set(last.statistics)

    generator = TrainedModel.load(tmp_path / "run" / "checkpoints" / "step-00000002.safetensors", "cpu")
    z, y = generator.latents(0, range(3)), generator.classes([], 3)
    with torch.no_grad():
        fill = torch.arange(64) % 3
        live = training.arch.generate(
            training.average.networks, z[fill], None if y is None else y[fill], generator.sampling
        )
    assert np.array_equal(generator(z, y), (live[:3].clamp(-1, 1).add(1) * 127.5).round().byte().numpy())


def _differs(tensor: torch.Tensor, before: dict[str, torch.Tensor], name: str) -> bool:
    return not torch.equal(tensor, before[name])


@each_arch
@each_loss
def test_a_resumed_run_is_the_run_that_never_stopped(arch: str, loss: str, tmp_path: Path) -> None:
    options = {"arch__name": arch, "loss__name": loss, "optim__decay": "linear"}
    straight = trainer(**options, steps=40)
    list(straight)
    stopped = trainer(tmp_path / "run", **options, steps=40, checkpoint_every="20", log_every="20")
    for tick in stopped:
        if tick.step == 20:
            break
    resumed = trainer(**options, steps=40)
    resumed.resume(tmp_path / "run" / "checkpoints" / "step-00000020.safetensors")
    list(resumed)
    assert resumed.step == straight.step == 40
    for name, tensor in straight.tensors().items():
        assert torch.equal(tensor, resumed.tensors()[name]), name


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    first, again, other = (trainer(seed=seed) for seed in (1, 1, 2))
    for training in (first, again, other):
        list(training)
    weight = "G.first.weight"
    assert torch.equal(first.tensors()[weight], again.tensors()[weight])
    assert not torch.equal(first.tensors()[weight], other.tensors()[weight])


@pytest.mark.parametrize(("size", "channels"), [("8", 1), ("8x12", 3), ("28", 1), ("32x48", 4), ("14x20", 3)])
@each_arch
def test_sizes_and_channels(arch: str, size: str, channels: int) -> None:
    training = trainer(arch__name=arch, data__size=size, data__channels=channels, steps=1)
    list(training)
    height, _, width = size.partition("x")
    assert training.gallery.samples(4).shape[2] == channels
    assert training.data.spec.shape == (channels, int(height), int(width or height))


@pytest.mark.parametrize(("size", "near"), [("50", "48 and 56"), ("30x64", "28x64 and 32x64"), ("5", "8")])
def test_a_size_that_dcgan_cannot_make_is_answered_with_the_nearest(size: str, near: str) -> None:
    with pytest.raises(UsageError) as refused:
        trainer(data__size=size)
    assert near in str(refused.value)


def test_wgan_gp_refuses_batch_normalisation_in_the_critic() -> None:
    with pytest.raises(UsageError, match="batch normalisation in D"):
        trainer(loss__name="wgan-gp", arch__d_norm="batch")


def test_latents_are_not_what_other_randomness_is_made_of() -> None:
    training = trainer(seed=0)
    shared = torch.Generator().manual_seed(training.settings.seed)
    assert not torch.equal(training.game.generator.get_state(), shared.get_state())


@pytest.mark.parametrize("norm", ["none", "layer", "instance", "spectral"])
def test_wgan_gp_lives_with_every_other_norm(norm: str) -> None:
    list(trainer(loss__name="wgan-gp", arch__d_norm=norm))


def test_wgan_clips_the_critic() -> None:
    training = trainer(loss__name="wgan", loss__clip=0.003)
    list(training)
    assert max(weight.abs().max().item() for weight in training.networks["D"].parameters()) <= 0.003 + 1e-9


def test_images_seen_counts_every_batch_of_real_images() -> None:
    training = trainer(loss__name="wgan-gp", loss__n_critic=5, loss__g_steps=2, steps=3)
    *_, last = training
    assert (last.step, last.images) == (3, 3 * 5 * 8)


@pytest.mark.parametrize(("length", "steps"), [({"steps": 3}, 3), ({"steps": None, "epochs": 0.5}, 3)])
def test_length_in_steps_or_epochs(length: dict[str, object], steps: int) -> None:
    *_, last = trainer(**length)
    assert last.step == steps  # half of 40 images is 2.5 batches of 8
    assert last.progress == 1.0


def test_length_in_time_ends_on_time_and_fixes_the_horizon_of_schedules() -> None:
    training = trainer(steps=None, time="1s", optim__decay="linear", log_every="0", sample_every="0")
    *_, last = training
    assert last.seconds >= 1.0
    assert training.horizon is not None
    assert training.horizon > 0


def test_critics_report_the_earth_mover_estimate() -> None:
    *_, last = trainer(loss__name="wgan-gp")
    assert last.statistics["wasserstein"] == pytest.approx(last.statistics["real"] - last.statistics["fake"])


def test_divergence_is_an_error_and_is_never_saved(tmp_path: Path) -> None:
    training = trainer(tmp_path / "run", steps=50, optim__lr=1e30, loss__name="wgan-gp", optim__algorithm="sgd")
    with pytest.raises(DivergedError, match="diverged at step"):
        list(training)
    assert not training.run.checkpoints()


def test_stop_finishes_the_step_and_saves(tmp_path: Path) -> None:
    training = trainer(tmp_path / "run", steps=1000, log_every="1")
    for tick in training:
        if tick.step == 3:
            training.stop()
    assert tick.step == 4
    assert checkpoint.read_header(training.run.latest()).step == 4


def test_old_checkpoints_are_deleted_and_the_newest_kept(tmp_path: Path) -> None:
    training = trainer(tmp_path / "run", steps=6, checkpoint_every="1", keep=2)
    list(training)
    assert [path.name for path in training.run.checkpoints()] == [
        "step-00000005.safetensors",
        "step-00000006.safetensors",
    ]


def test_a_whole_batch_comes_however_few_images_there_are() -> None:
    training = trainer(data__count=10, batch_size=64, steps=2)
    *_, last = training
    assert last.images == 128


def test_the_comparison_shows_the_same_classes_on_both_sides() -> None:
    training = trainer(arch__name="cgan", steps=1, data__count=200, data__size=8)
    *_, last = training
    (picture,) = [event.picture for event in last.events if event.kind == "comparison"]
    real = picture[:, : (picture.shape[1] - 12) // 2]
    first_column = [real[10 * row : 10 * row + 8, :8, 0] for row in range(6)]
    zeros = training.data.pixels[training.data.labels == 0][:, 0]
    assert all(any(np.array_equal(image, zero) for zero in zeros) for image in first_column)
