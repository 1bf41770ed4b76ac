"""Augmentations of all that D sees, real and generated alike: D cannot learn few images by heart (2006.10738).

Each takes images (N, C, H, W) in [-1, 1] and the generator of its random numbers, and gives images of the same shape.
It is differentiable, differs from image to image, and reads nothing on the host.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Augmentation = Callable[[Tensor, torch.Generator], Tensor]
SHIFT, CUT = 1 / 8, 1 / 2


def color(x: Tensor, generator: torch.Generator) -> Tensor:
    """Brightness by up to ±0.5, then saturation by 0 to 2 and contrast by 0.5 to 1.5; transparency stays."""
    colours, rest = x[:, :3], x[:, 3:]
    brightness, saturation, contrast = torch.rand(
        3, len(x), 1, 1, 1, generator=generator, device=x.device, dtype=x.dtype
    )
    colours = colours + brightness - 0.5
    colours = torch.lerp(colours.mean(1, keepdim=True), colours, 2 * saturation)
    colours = torch.lerp(colours.mean((1, 2, 3), keepdim=True), colours, 0.5 + contrast)
    return torch.cat([colours, rest], 1)


def translation(x: Tensor, generator: torch.Generator) -> Tensor:
    """Moved by up to an eighth of each side, in whole pixels; zero where nothing moved in."""
    return _moved(_moved(x, 2, generator), 3, generator)


def cutout(x: Tensor, generator: torch.Generator) -> Tensor:
    """Zero in a box of half the sides, which may reach over the edge."""
    rows, columns = (_stretch(len(x), side, generator) for side in x.shape[2:])
    return x * ~(rows[:, None, :, None] & columns[:, None, None, :])


def chain(augmentations: Sequence[Augmentation], generator: torch.Generator) -> Callable[[Tensor], Tensor]:
    """One after the other, with the random numbers of one generator."""

    def augment(x: Tensor) -> Tensor:
        for each in augmentations:
            x = each(x, generator)
        return x

    return augment


def _moved(x: Tensor, dim: int, generator: torch.Generator) -> Tensor:
    """Images moved along one side, each by its own number of pixels."""
    side = x.shape[dim]
    reach = round(side * SHIFT)
    source = torch.arange(side, device=x.device) + _randint(-reach, reach, len(x), generator)
    shape = [len(x), 1, *(side if each == dim else 1 for each in (2, 3))]
    # Every pixel is taken once, those that leave come in again and are hidden: so gradients add up in no order.
    taken = x.gather(dim, (source % side).view(shape).expand_as(x))
    return taken * ((source >= 0) & (source < side)).view(shape)


def _stretch(n: int, side: int, generator: torch.Generator) -> Tensor:
    """For each image which pixels of a side lie in a stretch around any of them, bool (n, side)."""
    length = round(side * CUT)
    start = _randint(0, side - length % 2, n, generator) - length // 2
    place = torch.arange(side, device=start.device)
    return (place >= start) & (place < start + length)


def _randint(low: int, high: int, n: int, generator: torch.Generator) -> Tensor:
    """Whole numbers from low to high, both included, (n, 1)."""
    return torch.randint(low, high + 1, (n, 1), generator=generator, device=generator.device)
