"""Players move what they may of their networks, once; what they read and report may lie anywhere."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from small import playing, trainer
from torch import Tensor, nn

from gancli import Game, Move, Networks, Spec, register
from gancli.architectures.dcgan import DCGAN
from gancli.base.errors import GanError, UsageError
from gancli.config.settings import Optim
from gancli.game.network import Network
from gancli.game.statistics import Statistics
from gancli.losses.gan import GANLoss
from gancli.training.averaging import Average
from gancli.training.build import put_on
from gancli.training.players import Player

CPU = torch.device("cpu")
SMALL = {"arch__width": 4, "arch__latent": 8, "optim__r1": 0.0}


class Frozen(DCGAN):
    """DCGAN whose first layers are given: in D a pretrained one, in G whatever it begins with."""

    def build(self, spec: Spec, conditional: bool) -> Networks:
        networks = super().build(spec, conditional)
        for network in networks.values():
            next(network.children()).requires_grad_(False)
        return networks


class Coupled(DCGAN):
    """Two generators of the same first layer, for the loss below."""

    def build(self, spec: Spec, conditional: bool) -> Networks:
        first, second = (super(Coupled, self).build(spec, conditional) for _ in range(2))
        second["G"].first = first["G"].first
        return {"G": first["G"], "H": second["G"], "D": first["D"]}


class CoupledLoss(GANLoss):
    """G and H take turns by halves of a batch."""

    players: ClassVar = {"G": ("G", "H"), "D": ("D",)}

    def step(self, game: Game) -> Iterator[Move]:
        x, y = game.batch()
        z = game.noise(len(x))
        fake = torch.cat([game.G(z[:4], y), game.H(z[4:], y)])
        yield from self.d_turn(game, x, fake.detach(), y)
        yield from self.g_turn(game, x, fake, y)


register("architecture", "frozen", Frozen)
register("architecture", "coupled", Coupled)
register("loss", "coupled", CoupledLoss)


def frozen_of(training: Any) -> dict[str, Tensor]:
    return {
        f"{name}.{key}": parameter
        for name, network in training.networks.items()
        for key, parameter in network.named_parameters()
        if not parameter.requires_grad
    }


def test_frozen_parameters_stay_as_they_are_and_out_of_the_optimiser(tmp_path: Path) -> None:
    training = trainer(tmp_path / "run", arch__name="frozen", steps=4, checkpoint_every="2", log_every="2", **SMALL)
    before = {key: tensor.clone() for key, tensor in frozen_of(training).items()}
    list(training)
    assert {key.partition(".")[0] for key in before} == {"G", "D"}
    for key, tensor in frozen_of(training).items():
        assert torch.equal(tensor, before[key])
    stored = training.tensors()
    assert before.keys() <= stored.keys()
    assert not any(f"optim.{key[0]}/{key}/step" in stored for key in before)
    for key in before:
        if key.startswith("G."):
            assert torch.equal(stored[key.replace("G.", "G_ema.")], before[key])


@pytest.mark.parametrize(("arch", "loss"), [("frozen", "gan"), ("coupled", "coupled")])
@pytest.mark.parametrize("algorithm", ["adam", "rmsprop", "sgd"])
def test_such_a_run_resumes_bit_for_bit(arch: str, loss: str, algorithm: str, tmp_path: Path) -> None:
    given = {"arch__name": arch, "loss__name": loss, "steps": 4, "optim__algorithm": algorithm, **SMALL}
    straight = trainer(tmp_path / "run", **given, checkpoint_every="2")
    list(straight)
    resumed = trainer(**given)
    resumed.resume(tmp_path / "run" / "checkpoints" / "step-00000002.safetensors")
    list(resumed)
    tensors = resumed.tensors()
    for name, tensor in straight.tensors().items():
        assert torch.equal(tensor, tensors[name]), name


def test_a_parameter_that_the_loss_freezes_for_a_while_is_left_alone() -> None:
    training = playing(steps=1)
    first = next(training.networks["D"].parameters()).requires_grad_(False)
    before = first.clone()
    list(training)
    assert torch.equal(first, before)


def test_the_checks_of_plugins_pass_a_frozen_network() -> None:
    from gancli.plugins.registry import registry
    from gancli.testing.architectures import _differentiates_twice, _moves_everything
    from gancli.testing.contract import Case

    settings = {"arch.width": 4, "arch.latent": 8}
    case = Case(registry().find("architecture", "frozen"), settings=settings)
    _moves_everything(case)
    _differentiates_twice(case)


def test_a_player_with_nothing_to_learn_is_refused() -> None:
    class Still(DCGAN):
        def build(self, spec: Spec, conditional: bool) -> Networks:
            networks = super().build(spec, conditional)
            networks["D"].requires_grad_(False)
            return networks

    with pytest.raises(UsageError, match="Player D of loss gan has nothing to learn"):
        playing(Still)


def test_a_parameter_of_two_networks_is_moved_once() -> None:
    shared = nn.Linear(2, 1, bias=False)
    twin = copy.deepcopy(shared)
    twice = Player("G", {"a": nn.Sequential(shared), "b": nn.Sequential(shared)}, Optim())
    once = Player("G", {"a": nn.Sequential(twin)}, Optim())
    for player, layer in ((twice, shared), (once, twin)):
        for _ in range(3):
            player.move(layer(torch.ones(1, 2)).sum(), 1.0)
    assert list(twice.parameters) == ["a.0.weight"]
    assert torch.equal(shared.weight, twin.weight)
    assert twice.gradient == once.gradient
    assert twice.tensors().keys() == once.tensors().keys()


def test_what_an_older_version_stored_of_a_shared_parameter_twice_is_taken_once() -> None:
    shared = nn.Linear(2, 1, bias=False)
    networks = {"a": nn.Sequential(shared), "b": nn.Sequential(shared)}
    player = Player("G", networks, Optim())
    player.move(shared(torch.ones(1, 2)).sum(), 1.0)
    tensors = {name: tensor.clone() for name, tensor in player.tensors().items()}
    fresh = Player("G", networks, Optim())
    fresh.restore(tensors | {name.replace("a.", "b.", 1): tensor for name, tensor in tensors.items()})
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in fresh.tensors().items())


def test_the_averages_of_networks_share_what_the_networks_share() -> None:
    shared, twin = (nn.Linear(2, 1, bias=False) for _ in range(2))
    twin.load_state_dict(shared.state_dict())
    both = Average({"a": nn.Sequential(shared), "b": nn.Sequential(shared)}, 100)
    one = Average({"a": nn.Sequential(twin)}, 100)
    for average, layer in ((both, shared), (one, twin)):
        average.update(10_000)
        nn.init.zeros_(layer.weight)
        average.update(10_050)
    assert both.networks["a"][0].weight is both.networks["b"][0].weight
    assert not torch.equal(both.networks["a"][0].weight, shared.weight)
    assert torch.equal(both.networks["a"][0].weight, one.networks["a"][0].weight)


def test_a_network_without_parameters_can_be_averaged() -> None:
    average = Average({"G": nn.Sequential(nn.Tanh())}, 100)
    average.update(10)
    assert average.images == 10


def test_an_average_copies_what_cannot_be_averaged() -> None:
    network = nn.Linear(2, 2)
    network.table = nn.Parameter(torch.arange(3), requires_grad=False)
    average = Average({"G": network}, 100)
    network.table.add_(5)
    average.update(10)
    assert torch.equal(average.networks["G"].table, network.table)


def test_networks_of_volumes_are_put_on_the_device() -> None:
    network = nn.Sequential(nn.Conv3d(1, 2, 3), nn.Conv2d(3, 2, 3), nn.Linear(2, 2))
    put_on({"G": network}, CPU)
    assert network[1].weight.is_contiguous(memory_format=torch.channels_last)
    assert network[0].weight.is_contiguous()


class Other(nn.Module):
    """A network with a method of its own, and one that nn.Module has too."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.layer(x)

    def features(self, x: Tensor) -> Tensor:
        return self.layer(x).relu()


def test_only_the_methods_of_the_architecture_run_in_the_precision_of_the_run() -> None:
    module = Other()
    seen: list[torch.dtype] = []
    module.layer.register_forward_hook(lambda *args: seen.append(args[2].dtype))
    network = Network(module, CPU, torch.bfloat16)
    for call in (network, network.features, network.forward):
        assert call(torch.ones(1, 4)).dtype is torch.float32
    assert seen == [torch.bfloat16] * 3
    assert network.parameters == module.parameters
    assert network.train == module.train
    assert network.to(torch.float64) is module
    assert module.layer.weight.dtype is torch.float64


def test_statistics_take_numbers_and_tensors_of_any_kind() -> None:
    statistics = Statistics()
    statistics.add("half", torch.ones(3, dtype=torch.float16))
    for value in (1, 2.0, torch.tensor(3)):
        statistics.add("number", value)
    assert statistics.take() == {"half": 1.0, "number": 2.0}
    assert statistics.take() == {}


def test_statistics_of_two_devices_are_read_one_device_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    stack, devices = torch.stack, []

    def stacked(tensors: list[Tensor]) -> Tensor:
        (device,) = {tensor.device for tensor in tensors}
        devices.append(device.type)
        return stack([torch.full((), 7.0) if tensor.is_meta else tensor for tensor in tensors])

    monkeypatch.setattr(torch, "stack", stacked)
    statistics = Statistics()
    for name, value in {"a": torch.ones(()), "b": torch.ones(2, device="meta"), "c": torch.zeros(())}.items():
        statistics.add(name, value)
    assert statistics.take() == {"a": 1.0, "b": 7.0, "c": 0.0}
    assert devices == ["cpu", "meta"]


def test_a_loss_reports_numbers_and_scores_alike() -> None:
    game = playing().game
    game.report(weight=0.5, real=0.0, fake=torch.zeros(4, requires_grad=True))
    assert game.statistics.take() == {"weight": 0.5, "real": 0.5, "fake": 0.5}


def normed() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Tanh())


def test_the_statistics_of_an_average_are_those_of_what_its_own_weights_make() -> None:
    average = Average({"G": normed()}, 100)
    average.update(1000)
    nn.init.constant_(average.live["G"][0].weight, 7.0)
    average.update(1010)
    network, z = average.networks["G"], torch.randn(3, 50, 2)

    def generate() -> None:
        for batch in z:
            network(batch)

    average.renew_statistics(generate)
    norm, inside = network[1], network[0](z)
    torch.testing.assert_close(norm.running_mean, inside.mean((0, 1)))
    torch.testing.assert_close(norm.running_var, inside.var(1).mean(0))
    assert not network.training
    assert norm.momentum == 0.1
    average.update(1020)
    assert torch.equal(norm.running_mean, average.live["G"][1].running_mean)


def test_statistics_that_are_held_fast_in_training_are_not_fitted() -> None:
    average = Average({"G": normed()}, 100)
    average.live["G"][1].eval()  # as that of a pretrained network
    average.renew_statistics(lambda: average.networks["G"](torch.randn(50, 2)))
    assert torch.equal(average.networks["G"][1].running_mean, torch.zeros(3))


def test_samples_and_checkpoints_have_statistics_of_their_own_and_training_has_not(tmp_path: Path) -> None:
    shown, unseen = (
        trainer(tmp_path / name, steps=4, sample_every=every, checkpoint_every=every, **SMALL)
        for name, every in (("a", "1"), ("b", "0"))
    )
    list(shown)
    list(unseen)
    name = next(key for key, _ in shown.average.networks["G"].named_buffers() if key.endswith("running_mean"))
    live, mean = (networks["G"].get_buffer(name) for networks in (shown.networks, shown.average.networks))
    assert not torch.equal(live, mean)
    tensors = unseen.tensors()
    for key, tensor in shown.tensors().items():
        assert torch.equal(tensor, tensors[key]), key


def test_where_memory_does_not_allow_it_the_copied_statistics_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    training = trainer(steps=1, **SMALL)
    sampler = type(training.gallery.sampler)
    call = sampler.__call__

    def refuses(self: Any, z: Tensor, y: Tensor | None) -> Any:
        if len(z) > 64:
            raise GanError("Out of memory.")
        return call(self, z, y)

    monkeypatch.setattr(sampler, "__call__", refuses)
    list(training)
    live = dict(training.networks["G"].named_buffers())
    for name, buffer in training.average.networks["G"].named_buffers():
        assert torch.equal(buffer, live[name]), name
