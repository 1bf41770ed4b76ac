"""A loss in one file: least squares to a soft target, trained on the digits that come with gancli.

python examples/first_loss.py [STEPS]
"""

import sys
from pathlib import Path

from torch import Tensor

from gancli import AdversarialLoss, Field, Trainer, pictures, register


class SoftLSGAN(AdversarialLoss):
    """Least squares (1611.04076), with a target that D need not be quite sure of."""

    target: float = Field(0.9, gt=0, description="Score that D gives real images.")

    def d_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return ((real - self.target) ** 2).mean() / 2 + (fake**2).mean() / 2

    def g_loss(self, fake: Tensor) -> Tensor:
        return ((fake - self.target) ** 2).mean() / 2


def main(steps: int) -> None:
    register("loss", "soft-lsgan", SoftLSGAN)
    settings = {"loss": {"name": "soft-lsgan", "target": 0.8}, "arch": {"name": "dcgan", "width": 8}}
    trainer = Trainer.of({**settings, "data": {"count": 4000}, "optim": {"lr": 1e-3, "ema": 2000}, "steps": steps})
    for tick in trainer:
        print(tick.step, {name: round(tick.statistics[name], 3) for name in ("loss_D", "loss_G")})
        for event in tick.events:
            if event.picture is not None:
                pictures.save(Path(f"{event.kind}.png"), event.picture)
    print("Digits as they are: real.png, and as G makes them: samples.png")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
