"""An architecture in one file: one layer each way, trained on the digits that come with gancli.

python examples/first_architecture.py [STEPS]
"""

import sys
from pathlib import Path
from typing import ClassVar

from torch import Tensor, nn

from gancli import Architecture, Field, Networks, Spec, Trainer, pictures, register


class Tiny(Architecture):
    """One hidden layer each way."""

    conditioning: ClassVar = "impossible"
    suggests: ClassVar = {"optim.lr": 1e-3}

    width: int = Field(128, ge=1, description="Hidden units.")

    def build(self, spec: Spec, conditional: bool) -> Networks:
        return {"G": Generator(self.latent, self.width, spec), "D": Discriminator(self.width, spec)}


class Generator(nn.Module):
    """Latents (N, latent) to images (N, C, H, W) in [-1, 1]."""

    def __init__(self, latent: int, width: int, spec: Spec) -> None:
        super().__init__()
        pixels = spec.channels * spec.height * spec.width
        hidden = [nn.Linear(latent, width), nn.BatchNorm1d(width), nn.ReLU()]
        self.layers = nn.Sequential(*hidden, nn.Linear(width, pixels), nn.Tanh(), nn.Unflatten(1, spec.shape))

    def forward(self, z: Tensor, y: Tensor | None) -> Tensor:
        images: Tensor = self.layers(z)
        return images


class Discriminator(nn.Module):
    """Images (N, C, H, W) to scores (N,)."""

    def __init__(self, width: int, spec: Spec) -> None:
        super().__init__()
        pixels = spec.channels * spec.height * spec.width
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(pixels, width), nn.LeakyReLU(0.2), nn.Linear(width, 1))

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        scores: Tensor = self.layers(x)
        return scores.squeeze(1)


def main(steps: int) -> None:
    register("architecture", "tiny", Tiny)
    trainer = Trainer.of({"arch": "tiny", "data": {"count": 4000}, "steps": steps})
    for tick in trainer:
        print(tick.step, {name: round(tick.statistics[name], 3) for name in ("loss_D", "loss_G")})
        for event in tick.events:
            if event.picture is not None:
                pictures.save(Path(f"{event.kind}.png"), event.picture)
    print("Digits as they are: real.png, and as G makes them: samples.png")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
