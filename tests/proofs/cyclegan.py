"""A game of four networks on two streams: images of one class become images of the other, and back (1703.10593)."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import interpolate, l1_loss

from gancli import Architecture, Game, Loss, Move, Networks, Spec


class CycleGAN(Architecture):
    """Two translators and two critics, small, for any size."""

    conditioning: ClassVar = "impossible"

    width: int = Field(4, ge=1, description="Channels of the hidden layer.")

    def build(self, spec: Spec, conditional: bool) -> Networks:
        """G_ab, G_ba, D_a and D_b."""
        translators = {name: Translator(spec, self.width) for name in ("G_ab", "G_ba")}
        return {**translators, **{name: Critic(spec, self.width) for name in ("D_a", "D_b")}}

    def noise(self, n: int, generator: torch.Generator) -> Tensor:
        """n rough drawings (n, 1, 4, 4): what a translator is given where nobody brings images."""
        return torch.randn(n, 1, 4, 4, generator=generator, device=generator.device)

    def generate(self, networks: Mapping[str, nn.Module], z: Tensor, y: Tensor | None, sampling: Any) -> Tensor:
        """The drawings at the size of the images, as if of the first class, translated to the second."""
        channels, height, width = networks["G_ab"].shape
        return networks["G_ab"](interpolate(z, (height, width), mode="bilinear").tanh().expand(-1, channels, -1, -1), y)


class Translator(nn.Module):
    def __init__(self, spec: Spec, width: int) -> None:
        super().__init__()
        self.shape, c = spec.shape, spec.channels
        self.layers = nn.Sequential(nn.Conv2d(c, width, 3, 1, 1), nn.ReLU(), nn.Conv2d(width, c, 3, 1, 1))

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        return (x + self.layers(x)).tanh()


class Critic(nn.Module):
    def __init__(self, spec: Spec, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(spec.channels, width, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(width, 1, 3))

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        return self.layers(x).mean((1, 2, 3))


class CycleGANLoss(Loss):
    """Least squares on both sides; there and back again must give the image."""

    players: ClassVar = {"G": ("G_ab", "G_ba"), "D": ("D_a", "D_b")}

    a: str = Field("A", description="Class translated from.")
    b: str = Field("B", description="Class translated to.")
    weight: float = Field(10.0, ge=0, description="Weight of the cycle.")

    def step(self, game: Game) -> Iterator[Move]:
        (a, _), (b, _) = game.batch(only=self.a), game.batch(only=self.b)
        fake_b, fake_a = game.G_ab(a, None), game.G_ba(b, None)
        cycle = l1_loss(game.G_ba(fake_b, None), a) + l1_loss(game.G_ab(fake_a, None), b)
        game.report(cycle=cycle)
        fooled = to_one(game.D_b(fake_b, None)) + to_one(game.D_a(fake_a, None))
        yield "G", fooled + self.weight * cycle
        on_real = to_one(game.D_b(b, None)) + to_one(game.D_a(a, None))
        on_fake = game.D_b(fake_b.detach(), None).square().mean() + game.D_a(fake_a.detach(), None).square().mean()
        yield "D", (on_real + on_fake) / 2


def to_one(scores: Tensor) -> Tensor:
    """The mean squared distance of scores from one."""
    return (scores - 1).square().mean()
