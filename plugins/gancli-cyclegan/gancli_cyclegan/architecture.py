"""The networks of CycleGAN: a residual translator each way, and a critic of patches on either side (1703.10593)."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from gancli import Networks, Spec, Translator, UsageError, dcgan_weights, size_text

LEAST = 8  # pixels a side, of which a patch can be judged


class CycleGAN(Translator):
    """Images of two classes, each made of an image of the other: y is the class that they are to have."""

    conditioning: ClassVar = "required"

    width: int = Field(64, ge=1, le=4096, description="Channels next to the image; they double as the size halves.")
    blocks: int = Field(6, ge=0, le=32, description="Residual blocks in a generator, at a quarter of the size.")
    d_layers: int = Field(3, ge=1, le=6, description="Halvings in a discriminator: more, and it judges larger patches.")

    def build(self, spec: Spec, conditional: bool) -> Networks:
        """G_ab, G_ba, D_a and D_b; sides must be multiples of 4, from 8 on, and the data of two classes."""
        _check(self.name, spec)
        # Of very small images less is left to halve: a side of 4 pixels at least remains.
        halvings = min(self.d_layers, (min(spec.height, spec.width) // 4).bit_length() - 1)
        networks: Networks = {
            **{name: Generator(spec.channels, self.width, self.blocks) for name in ("G_ab", "G_ba")},
            **{name: Discriminator(spec.channels, self.width, halvings) for name in ("D_a", "D_b")},
        }
        for network in networks.values():
            network.apply(dcgan_weights)
        return networks

    def origin(self, target: int, classes: int) -> int:
        """The other class."""
        return 1 - target

    def generate(self, networks: Mapping[str, nn.Module], z: Tensor, y: Tensor | None, sampling: Any) -> Tensor:
        """Images z (N, C, H, W) as if they were of the classes y (N,)."""
        assert y is not None
        return torch.where(y.view(-1, 1, 1, 1) == 0, networks["G_ba"](z, None), networks["G_ab"](z, None))


def _check(name: str, spec: Spec) -> None:
    if len(spec.classes) != 2:
        raise UsageError(
            f"Architecture {name} turns images of two classes into each other; the data has {len(spec.classes)}.",
            "Choose two of them: --classes A,B.",
        )
    if min(spec.height, spec.width) < LEAST or spec.height % 4 or spec.width % 4:
        near = [tuple(max(LEAST, side // 4 * 4 + more) for side in (spec.height, spec.width)) for more in (0, 4)]
        raise UsageError(
            f"Architecture {name} cannot make images of {spec.height}x{spec.width}.",
            f"The nearest sizes are {' and '.join(size_text((size[0], size[1])) for size in near)}: give --size.",
        )


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """Mirrored at the edges, so that no frame shows, normalised image by image, none below zero."""
    padded = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False, padding_mode="reflect")
    return [padded, nn.InstanceNorm2d(outputs), nn.ReLU()]


class Residual(nn.Module):
    """Two convolutions beside a way straight on."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*convolution(channels, channels, 3), *convolution(channels, channels, 3)[:-1])

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to the same."""
        changed: Tensor = self.layers(x)
        return x + changed


class Generator(nn.Module):
    """Image to image: to a quarter of the size, through residual blocks, and back."""

    def __init__(self, channels: int, width: int, blocks: int) -> None:
        super().__init__()
        down = [layer for i in (1, 2) for layer in convolution(width * i, 2 * width * i, 3, 2)]
        up = [layer for i in (2, 1) for layer in _doubled(2 * width * i, width * i)]
        last = nn.Conv2d(width, channels, 7, 1, 3, padding_mode="reflect")
        middle = [Residual(4 * width) for _ in range(blocks)]
        self.layers = nn.Sequential(*convolution(channels, width, 7), *down, *middle, *up, last)

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Images (N, C, H, W) to images (N, C, H, W) in [-1, 1]."""
        images: Tensor = self.layers(x)
        return images.tanh()


def _doubled(inputs: int, outputs: int) -> list[nn.Module]:
    wider = nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, output_padding=1, bias=False)
    return [wider, nn.InstanceNorm2d(outputs), nn.ReLU()]


class Discriminator(nn.Module):
    """Image to raw scores of its overlapping patches (1611.07004); the image's own is their mean."""

    def __init__(self, channels: int, width: int, halvings: int) -> None:
        super().__init__()
        widths = [width * min(2**i, 8) for i in range(halvings + 1)]
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        for i in range(halvings):
            stride = 2 if i < halvings - 1 else 1
            layers += [nn.Conv2d(widths[i], widths[i + 1], 4, stride, 1, bias=False)]
            layers += [nn.InstanceNorm2d(widths[i + 1]), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, 1, 1))

    def patches(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Images (N, C, H, W) to scores (N, patches)."""
        scores: Tensor = self.layers(x)
        return scores.flatten(1)

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Images (N, C, H, W) to scores (N,)."""
        return self.patches(x, y).mean(1)
