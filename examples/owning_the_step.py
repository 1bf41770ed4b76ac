"""A game of three players in one file: beside G and D, E learns to tell the latent of an image that G has made.

G(E(x)) then is the image nearest to a real x that G can make: the latent regressor of 1605.09782.

    python examples/owning_the_step.py [STEPS]
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from gancli import DCGAN, Config, Field, Game, Loss, Move, Networks, Spec, Trainer, pictures, resolve


class Invertible(DCGAN):
    """DCGAN, and a network E that takes images to latents."""

    def build(self, spec: Spec, conditional: bool) -> Networks:
        """G, D and E."""
        return {**super().build(spec, conditional), "E": Encoder(spec, 2 * self.width, self.latent)}


class Encoder(nn.Module):
    """Two convolutions and a linear layer."""

    def __init__(self, spec: Spec, width: int, latent: int) -> None:
        super().__init__()
        sizes = [nn.Conv2d(spec.channels, width, 4, 2, 1), nn.Conv2d(width, 2 * width, 4, 2, 1)]
        pixels = 2 * width * (spec.height // 4) * (spec.width // 4)
        self.layers = nn.Sequential(sizes[0], nn.ReLU(), sizes[1], nn.ReLU(), nn.Flatten(), nn.Linear(pixels, latent))

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Images (N, C, H, W) to latents (N, latent)."""
        latents: Tensor = self.layers(x)
        return latents


class Inverting(Loss):
    """The game of 2014, and after each of its steps a move of E."""

    players: ClassVar = {"G": ("G",), "D": ("D",), "E": ("E",)}

    weight: float = Field(1.0, ge=0, description="Weight of the distance between latents.")

    def step(self, game: Game) -> Iterator[Move]:
        """D's move, G's on the same images, E's on the images that G has made."""
        x, y = game.batch()
        z = game.noise(len(x))
        fake = game.G(z, y)
        real_score, fake_score = game.D(x, y), game.D(fake.detach(), y)
        game.report(real=real_score, fake=fake_score)
        yield "D", softplus(-real_score).mean() + softplus(fake_score).mean()
        fake_score = game.D(fake, y)
        game.report(fake_after=fake_score)
        yield "G", softplus(-fake_score).mean()
        yield "E", self.weight * (game.E(fake.detach(), y) - z).square().mean()


def main(steps: int) -> None:
    """Train on digits, and put real ones beside what G makes of E's latents."""
    networks = {"arch.name": "dcgan", "arch.width": 8, "arch.latent": 16}
    values = {**networks, "data.count": 4000, "optim.lr": 1e-3, "steps": steps, "log_every": 50}
    settings = resolve([Config("this file", values)]).settings
    arch, loss = Invertible(**settings.arch.model_dump()), Inverting(name="inverting")
    trainer = Trainer(settings.model_copy(update={"arch": arch, "loss": loss}), settings.data.load())
    for tick in trainer:
        print(tick.step, {name: round(tick.statistics[name], 3) for name in ("loss_D", "loss_G", "loss_E")})
    x, y = trainer.source.batch(40)
    with torch.no_grad():
        rebuilt = trainer.average.networks["G"](trainer.networks["E"](x, y), None)
    real, made = (pictures.grid(pictures.to_uint8(each), 8) for each in (x, rebuilt))
    pictures.save(Path("rebuilt.png"), pictures.side_by_side(real, made))
    print("Real digits, and what G makes of E's latents: rebuilt.png")


if __name__ == "__main__":
    torch.set_num_threads(1)  # tiny networks: more threads would only wait for each other
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1500)
