"""Cycle consistency: what is translated there and back again must be what it was (1703.10593)."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field
from torch import Tensor
from torch.nn.functional import l1_loss

from gancli import Game, Loss, Move
from gancli_cyclegan.history import History


class CycleGANLoss(Loss):
    """Two games of least squares on patches (1611.04076), one for each class, tied together by cycles.

    G_ab turns images of the first class into the second, G_ba the other way. D_a and D_b judge against images that
    were generated at any time since, so that they do not forget what they have learnt (1612.07828).
    """

    players: ClassVar = {"G": ("G_ab", "G_ba"), "D": ("D_a", "D_b")}
    needs: ClassVar = {"D_a": ("patches",), "D_b": ("patches",)}
    suggests: ClassVar = {"optim.lr": 2e-4, "optim.betas": (0.5, 0.999)}

    cycle: float = Field(10.0, ge=0, description="Weight of the distance between an image and its way there and back.")
    identity: float = Field(
        0.5, ge=0, description="Weight of leaving what is of the class as it is, over --loss.cycle."
    )
    history: int = Field(50, ge=1, le=10_000, description="Generated images of a class that its D is shown again.")

    def step(self, game: Game) -> Iterator[Move]:
        """D's move against images old and new, then G's on the new ones."""
        a, b = (game.batch(only=name)[0] for name in game.classes)
        fake_a = game.G_ba(b, None)
        cycle_b, identity_b = l1_loss(game.G_ab(fake_a, None), b), l1_loss(game.G_ab(b, None), b)
        # What G_ab makes last is what the game measures of it: translations, not copies of what there is.
        fake_b = game.G_ab(a, None)
        cycle_a, identity_a = l1_loss(game.G_ba(fake_b, None), a), l1_loss(game.G_ba(a, None), a)
        game.report(cycle_a=cycle_a, cycle_b=cycle_b, identity=(identity_a + identity_b) / 2)
        yield "D", self.judged(game, "D_a", a, fake_a) + self.judged(game, "D_b", b, fake_b)
        fooled = self.fooled(game, "D_a", fake_a) + self.fooled(game, "D_b", fake_b)
        yield "G", fooled + self.cycle * (cycle_a + cycle_b + self.identity * (identity_a + identity_b))

    def judged(self, game: Game, judge: str, x: Tensor, fake: Tensor) -> Tensor:
        """What a discriminator minimises on images of its class and on those of its history, new ones among them."""
        shown = History(game, f"history_{judge}", self.history).exchange(fake.detach())
        real_score, fake_score = (game.networks[judge].patches(images, None) for images in (x, shown))
        game.report(real=real_score, fake=fake_score)
        return (off(real_score, 1) + off(fake_score, 0)) / 2

    def fooled(self, game: Game, judge: str, fake: Tensor) -> Tensor:
        """What a generator minimises for its images to pass."""
        score = game.networks[judge].patches(fake, None)
        game.report(fake_after=score)
        return off(score, 1)


def off(scores: Tensor, target: float) -> Tensor:
    """The mean squared distance of scores from a target."""
    return (scores - target).square().mean()
