"""Images generated earlier, for a discriminator that is not to forget them (1612.07828)."""

import torch
from torch import Tensor

from gancli import Game


class History:
    """The last so many images that something made: a state of the game, saved with it, and never read on the host."""

    def __init__(self, game: Game, name: str, size: int) -> None:
        self.game, self.name, self.size = game, name, size

    @torch.no_grad()
    def exchange(self, made: Tensor) -> Tensor:
        """As many images (N, C, H, W): each the one just made or, half of the time, an older one, whose place it takes.

        Until its places are taken, the new ones are kept and returned as they are.
        """
        images = self.game.state(self.name, torch.zeros(self.size, *made.shape[1:]))
        taken = self.game.state(f"{self.name}_taken", torch.zeros(self.size))
        new = made[: self.size]
        places = self._dice(self.size).argsort()[: len(new)]
        older, full = images[places], taken[places].view(-1, 1, 1, 1) > 0
        swapped = full & (self._dice(len(new), 1, 1, 1) < 0.5)
        images[places] = torch.where(swapped | ~full, new.float(), older)
        taken[places] = 1.0
        return torch.cat([torch.where(swapped, older, new.float()), made[self.size :].float()])

    def _dice(self, *shape: int) -> Tensor:
        dice = self.game.generator
        return torch.rand(shape, generator=dice, device=dice.device)
