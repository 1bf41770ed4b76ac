"""Games of other shapes than G against D fit the contracts: state, a second head, four networks on two streams."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from gancli.base.errors import UsageError
from gancli.config.config import Config
from gancli.config.layers import resolve
from gancli.data.images import Images
from gancli.generation.model import TrainedModel
from gancli.runs.run import Run
from gancli.training.trainer import Trainer

torch.set_num_threads(1)


class Game(NamedTuple):
    """A game by the names of its architecture and loss, and what must be among its tensors and statistics."""

    name: str
    options: dict[str, int]
    tensors: set[str]
    statistics: set[str]


GAMES = [
    Game("began", {"arch.width": 4, "arch.hidden": 4}, {"state.k", "G_ema.decoder.first.weight"}, {"k", "M"}),
    Game(
        "infogan",
        {"arch.latent": 4, "arch.width": 4, "arch.hidden": 4},
        {"D.head.2.weight", "optim.D/D.head.2.weight/exp_avg"},
        {"category_unknown"},
    ),
    Game(
        "cyclegan",
        {"arch.width": 2, "arch.blocks": 1},
        {"G_ab_ema.layers.0.weight", "optim.G/G_ba.layers.0.weight/exp_avg", "state.history_D_a"},
        {"cycle_a", "cycle_b", "identity"},
    ),
]
each_game = pytest.mark.parametrize("game", GAMES, ids=lambda game: game.name)


@pytest.fixture(scope="module")
def pictures() -> Images:
    """Two classes of unequal size, neither a multiple of the batch."""
    rng = np.random.default_rng(0)
    labels = np.array([0] * 9 + [1] * 14)
    pixels = rng.integers(0, 256, (23, 3, 8, 12), dtype=np.uint8)
    return Images(pixels // (1 + labels[:, None, None, None].astype(np.uint8)), labels, ("A", "B"))


def trainer(game: Game, data: Images, steps: int, folder: Path | None = None, **given: object) -> Trainer:
    fixed = {"arch.name": game.name, "loss.name": game.name, "steps": steps, "batch_size": 4, "device": "cpu"}
    settings = resolve([Config("test", {**fixed, **game.options, **given})]).settings
    run = None if folder is None else Run(folder)
    if run is not None and not run.path.exists():
        run.make()
    return Trainer(settings, data, run)


@each_game
def test_moves_every_network_and_reports(game: Game, pictures: Images) -> None:
    training = trainer(game, pictures, 3)
    before = {name: tensor.clone() for name, tensor in training.tensors().items()}
    *_, last = training
    assert all(torch.isfinite(torch.tensor(value)) for value in last.statistics.values())
    assert game.statistics | {"loss_G", "loss_D"} <= set(last.statistics)
    for network, module in training.networks.items():
        for key, _ in module.named_parameters():
            assert not torch.equal(before[f"{network}.{key}"], training.tensors()[f"{network}.{key}"]), (network, key)


@each_game
def test_resumes_bit_for_bit(game: Game, pictures: Images, tmp_path: Path) -> None:
    straight, first = trainer(game, pictures, 12, tmp_path / "a"), trainer(game, pictures, 6, tmp_path / "b")
    list(straight)
    list(first)
    second = trainer(game, pictures, 12, tmp_path / "b")
    second.resume(Run(tmp_path / "b").latest())
    list(second)
    whole, parts = straight.tensors(), second.tensors()
    assert game.tensors <= set(whole)
    assert whole.keys() == parts.keys()
    assert [name for name in whole if not torch.equal(whole[name], parts[name])] == []
    assert straight.source.positions() == second.source.positions()
    assert not torch.equal(first.tensors()["rng.noise"], whole["rng.noise"])


def test_a_head_that_the_loss_leaves_alone_does_not_stop_a_resumed_run(pictures: Images, tmp_path: Path) -> None:
    alone = {"loss.name": "gan"}
    straight = trainer(GAMES[1], pictures, 4, tmp_path / "a", **alone)
    list(straight)
    list(trainer(GAMES[1], pictures, 2, tmp_path / "b", **alone))
    second = trainer(GAMES[1], pictures, 4, tmp_path / "b", **alone)
    second.resume(Run(tmp_path / "b").latest())
    list(second)
    assert all(torch.equal(tensor, second.tensors()[name]) for name, tensor in straight.tensors().items())
    assert not any(name.startswith("optim.D/D.head.") for name in second.tensors())


@each_game
def test_generates_from_a_checkpoint(game: Game, pictures: Images, tmp_path: Path) -> None:
    list(trainer(game, pictures, 3, tmp_path / "a"))
    generator = TrainedModel.load(Run(tmp_path / "a").latest(), "cpu").with_images(pictures)
    y = generator.classes([], 5)
    a, b = generator.latents(0, range(5), y), generator.latents(1, range(5), y)
    for z in (a, generator.arch.mix(a, b, 0.3)):
        images = generator.arch.generate(generator.networks, z, y, generator.sampling)
        assert images.shape == (5, 3, 8, 12)
        assert images.isfinite().all()
        assert images.abs().max() <= 1
    assert generator(a, y).shape == (5, 3, 8, 12)
    assert generator(a, y).std() > 0


@each_game
def test_in_half_precision_a_loss_still_gets_full_scores(game: Game, pictures: Images) -> None:
    *_, last = trainer(game, pictures, 2, precision="bf16")
    assert all(np.isfinite(list(last.statistics.values())))


@pytest.mark.parametrize("game", [game for game in GAMES if game.name != "cyclegan"], ids=lambda game: game.name)
def test_several_moves_a_step(game: Game, pictures: Images) -> None:
    training = trainer(game, pictures, 2, **{"loss.n_critic": 3, "loss.g_steps": 2})
    list(training)
    assert training.game.images == 2 * 3 * 4


def test_streams_of_two_classes_are_drawn_apart(pictures: Images) -> None:
    training = trainer(GAMES[2], pictures, 5)
    list(training)
    assert training.source.positions() == {"A": 20, "B": 20}


def test_a_loss_of_four_networks_refuses_an_architecture_of_two(pictures: Images) -> None:
    with pytest.raises(UsageError, match=r"plays with G_ab, G_ba, D_a, D_b; architecture gan has G, D"):
        trainer(GAMES[2]._replace(options={}), pictures, 2, **{"arch.name": "gan"})
