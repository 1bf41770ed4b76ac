"""Plugins broken in ten ways: each is named with its fault, and nothing else breaks."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import Gan
from fake_package import hook, installed

TINY = ["--size", 8, "--data.count", 20, "--batch-size", 4, "--steps", 3, "--display", "none", "--device", "cpu"]

NETWORK = "import socket\ntry:\n    socket.create_connection(('192.0.2.1', 9))\nexcept {}:\n    pass\n" + hook()

# What is wrong, and what the line that names the package says.
REGISTRATION = {
    "import error": ("import nothing_of_that_name", "nothing_of_that_name"),
    "wrong hook name": (hook().replace("register", "registre"), "gancli_registre"),
    "wrong signature": (hook().replace("(add)", "(added)"), "added"),
    "network": (NETWORK.format("OSError"), "it uses the network while it registers"),
    "network, and no word of it": (NETWORK.format("BaseException"), "it uses the network while it registers"),
    "API of the future": ("gancli_api = 99\n" + hook(), "for plugin API 99, and this gancli has 1: update gancli"),
    "API of the past": ("gancli_api = 0\n" + hook(), "update the package"),
}

NETWORKS = """
import torch
from torch import nn
from gancli import AdversarialLoss, Architecture

class Base(AdversarialLoss):
    def d_loss(self, real, fake): return fake.mean() - real.mean()
    def g_loss(self, fake): return -fake.mean()

class Net(nn.Module):
    def __init__(self, inputs, outputs, shape):
        super().__init__()
        self.layer, self.shape = nn.Linear(inputs, outputs), shape
    def forward(self, x, y):
        return self.layer(x.flatten(1)).tanh().reshape(-1, *self.shape)

class Nets(Architecture):
    def build(self, spec, conditional):
        n = spec.channels * spec.height * spec.width
        return {"G": Net(self.latent, n, spec.shape), "D": Net(n, 1, ())}
"""
USE = {
    "wrong signature of a method": (
        "class X(Base):\n    def d_loss(self, real): return real.mean()",
        ["--loss", "broken"],
        "d_loss(self, real) is called as",
    ),
    "scores of a wrong shape": (
        "class X(Nets):\n    def build(self, spec, conditional):\n"
        "        return {**super().build(spec, conditional), 'D': Net(64, 1, (1,))}",
        ["--arch", "broken"],
        "gives scores of D of shape (2, 1)",
    ),
    "images of a wrong shape": (
        "class X(Nets):\n    def build(self, spec, conditional):\n"
        "        return {**super().build(spec, conditional), 'G': Net(100, 81, (1, 9, 9))}",
        ["--arch", "broken"],
        "generates images of shape (2, 1, 9, 9)",
    ),
    "exception in a step": (
        "class X(Base):\n    def g_loss(self, fake):\n        if X.count == 2: raise RuntimeError('own fault')\n"
        "        X.count += 1\n        return -fake.mean()\nX.count = 0",
        ["--loss", "broken"],
        "failed in step 3: RuntimeError: own fault",
    ),
    "state that is no tensor": (
        "class X(Base):\n    def d_turn(self, game, x, fake, y):\n        game.state('k', 'high')\n"
        "        yield from super().d_turn(game, x, fake, y)",
        ["--loss", "broken"],
        "TypeError",
    ),
    "network that keeps no tensor": (
        "class Memory(Net):\n    def get_extra_state(self): return {'a': 1}\n    def set_extra_state(self, s): pass\n"
        "class X(Nets):\n    def build(self, spec, conditional):\n"
        "        return {**super().build(spec, conditional), 'D': Memory(64, 1, ())}",
        ["--arch", "broken"],
        "keeps D._extra_state, which is no tensor",
    ),
}
RULES = {
    "reads a tensor": "float(real.mean())",
    "branches on a tensor": "1.0 if real.mean() > 0 else 2.0",
    "asks for a list": "sum(real.tolist())",
    "selects by a mask": "real[real > 0].sum()",
}


@contextmanager
def broken(folder: Path, kind: str, source: str) -> Iterator[None]:
    """A package `gancli-broken` whose thing `broken` is class X of that source."""
    (folder / "gancli_broken_parts.py").write_text(NETWORKS + source)
    try:
        with installed(folder, "gancli-broken", hook((kind, "broken", "gancli_broken_parts:X"))):
            yield
    finally:
        sys.modules.pop("gancli_broken_parts", None)


@pytest.mark.parametrize("case", REGISTRATION)
def test_a_fault_while_it_registers(gan: Gan, tmp_path: Path, case: str) -> None:
    source, reason = REGISTRATION[case]
    with installed(tmp_path, "gancli-broken", source):
        listed = gan("list")
        told = [line for line in listed.err.splitlines() if "gancli-broken 1.0 is skipped" in line]
        assert [reason in line for line in told] == [True]
        assert "dcgan" in listed.out
        assert reason in gan("plugins").out
        assert gan("train", *TINY).code == 0


@pytest.mark.parametrize("case", USE)
def test_a_fault_in_use(gan: Gan, tmp_path: Path, case: str) -> None:
    source, words, reason = USE[case]
    with broken(tmp_path, "loss" if "--loss" in words else "architecture", source):
        done = gan("train", *words, *TINY)
        assert done.code in {1, 2}
        assert reason in done.err
        assert "gancli-broken" in done.err or "gancli_broken" in done.err
        assert "Traceback" not in done.err
        assert gan("train", *TINY).code == 0


def test_one_name_twice(gan: Gan, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with (
        broken(tmp_path / "a", "loss", "class X(Base): pass"),
        installed(tmp_path / "b", "gancli-other", hook(("loss", "broken", "gancli_broken_parts:X"))),
    ):
        assert gan("list", "losses").out.count("broken ") == 2
        assert "gancli-broken/broken or gancli-other/broken" in gan("train", "--loss", "broken", *TINY).err
        assert gan("train", "--loss", "gancli-other/broken", *TINY).code == 0


@pytest.mark.parametrize("case", RULES)
def test_a_step_that_waits_for_the_host_trains_and_is_found_by_the_check(gan: Gan, tmp_path: Path, case: str) -> None:
    source = f"class X(Base):\n    def d_loss(self, real, fake): return fake.mean() - real.mean() * ({RULES[case]})"
    with broken(tmp_path, "loss", source):
        assert gan("train", "--loss", "broken", *TINY).code == 0
        found = gan("plugins", "check", "gancli-broken")
    assert found.code == 1
    assert "reads a tensor on the host" in found.out
    assert "gancli_broken_parts.py:" in found.out


@pytest.mark.parametrize(("rule", "source"), [
    ("never gets a gradient", "class X(Nets):\n    def build(self, spec, conditional):\n"
     "        networks = super().build(spec, conditional)\n        networks['D'].idle = nn.Linear(2, 2)\n"
     "        return networks"),
    ("noise draws other latents", "class X(Nets):\n    def noise(self, n, generator): return torch.randn(n, 100)"),
    ("generates values beyond", "class Loud(Net):\n    def forward(self, x, y): return 3 + super().forward(x, y)\n"
     "class X(Nets):\n    def build(self, spec, conditional):\n"
     "        n = spec.channels * spec.height * spec.width\n"
     "        return {**super().build(spec, conditional), 'G': Loud(100, n, spec.shape)}"),
    ("A resumed run differs", "class Drift(Net):\n    count = 0\n    def forward(self, x, y):\n"
     "        self.count += self.training\n        return super().forward(x, y) * self.count\n"
     "class X(Nets):\n    def build(self, spec, conditional):\n"
     "        n = spec.channels * spec.height * spec.width\n"
     "        return {**super().build(spec, conditional), 'D': Drift(n, 1, ())}"),
])  # fmt: skip
def test_what_only_the_check_finds_in_networks(gan: Gan, tmp_path: Path, rule: str, source: str) -> None:
    with broken(tmp_path, "architecture", source):
        found = gan("plugins", "check", "gancli-broken")
    assert found.code == 1
    assert rule in found.out
