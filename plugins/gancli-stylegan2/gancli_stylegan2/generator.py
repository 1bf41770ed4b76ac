"""The generator of StyleGAN2: a mapping network, and a synthesis network with an image at every size (1912.04958)."""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from gancli import ClassVectors, Spec, pyramid
from gancli_stylegan2.layers import Linear, Modulated, StyledLayer, activate, doubled, normalized

if TYPE_CHECKING:
    from gancli_stylegan2.architecture import StyleGAN2

FOLLOW = 0.999  # of the mean style, what is left after an image


class Generator(nn.Module):
    """Latents are [z | grain]: z is mapped to styles w, and the grain makes the noise of every layer.

    In training, a share of the images gets the styles of its later layers from another z.
    """

    mean: Tensor
    """The mean style of each class, (classes, style)."""

    def __init__(self, options: "StyleGAN2", spec: Spec, classes: int) -> None:
        super().__init__()
        self.parts, self.mixing = [options.latent, options.grain], options.mixing
        self.mapping = Mapping(options, classes)
        self.synthesis = Synthesis(options, spec)
        self.register_buffer("mean", torch.zeros(max(classes, 1), options.style))

    def forward(self, z: Tensor, y: Tensor | None) -> Tensor:
        """Latents (N, latent + grain) to images (N, C, H, W), mostly in [-1, 1]."""
        return self.draw(self.styles(z, y), z)

    def styles(self, z: Tensor, y: Tensor | None) -> Tensor:
        """Styles (N, layers, style) of latents; in training they are mixed, and the mean follows them."""
        latent, _ = torch.split(z, self.parts, 1)
        w: Tensor = self.mapping(latent, y)
        if not self.training:
            return w.unsqueeze(1).expand(-1, self.synthesis.depth, -1)
        self._follow(w.detach(), y)
        other: Tensor = self.mapping(torch.randn_like(latent), y)
        return torch.where(self._own(len(z), z.device).unsqueeze(2), w.unsqueeze(1), other.unsqueeze(1))

    def draw(self, styles: Tensor, z: Tensor) -> Tensor:
        """Images (N, C, H, W) of styles (N, layers, style), with the noise of latents."""
        _, grain = torch.split(z, self.parts, 1)
        images: Tensor = self.synthesis(styles, grain)
        return images

    def centre(self, n: int, y: Tensor | None) -> Tensor:
        """The mean styles (N, style) of the classes."""
        return self._shares(n, y) @ self.mean

    def _own(self, n: int, device: torch.device) -> Tensor:
        """Which layers (n, layers) keep their own style: those before some layer, where an image is mixed."""
        mixed, place = torch.rand(2, n, 1, device=device)
        first = torch.where(mixed < self.mixing, 1 + place * (self.synthesis.depth - 1), self.synthesis.depth)
        return torch.arange(self.synthesis.depth, device=device) < first.floor()

    @torch.no_grad()
    def _follow(self, w: Tensor, y: Tensor | None) -> None:
        """Move the mean of each class towards its styles here, by as many steps as it has images."""
        shares = self._shares(len(w), y)
        count = shares.sum(0).unsqueeze(1)
        here = shares.T @ w / count.clamp(min=1)
        self.mean.lerp_(here.to(self.mean.dtype), 1 - FOLLOW**count)

    def _shares(self, n: int, y: Tensor | None) -> Tensor:
        """The share of each class in each image, (N, classes)."""
        if y is None:
            return self.mean.new_ones(n, 1)
        return y if y.is_floating_point() else torch.eye(len(self.mean), device=y.device)[y]


class Mapping(nn.Module):
    """z, and the class where there is one, to the style w."""

    def __init__(self, options: "StyleGAN2", classes: int) -> None:
        super().__init__()
        self.classes = ClassVectors(classes, options.style) if classes else None
        sizes = [options.latent + options.style * bool(classes), *[options.style] * options.depth]
        self.layers = nn.ModuleList(Linear(a, b, rate=options.mapping_rate) for a, b in pairwise(sizes))

    def forward(self, z: Tensor, y: Tensor | None) -> Tensor:
        """Latents (N, latent) to styles (N, style)."""
        w = normalized(z)
        if self.classes is not None and y is not None:
            w = torch.cat([w, normalized(self.classes(y))], 1)
        for layer in self.layers:
            w = activate(layer(w))
        return w


class Synthesis(nn.Module):
    """Styles to image: features that are learned at the smallest size, and at each size an image added to the last."""

    def __init__(self, options: "StyleGAN2", spec: Spec) -> None:
        super().__init__()
        n, (height, width) = pyramid(spec, options.name)
        widths = [options.channels(stage) for stage in reversed(range(n + 1))]
        self.start = nn.Parameter(torch.randn(widths[0], height, width))
        self.stages = nn.ModuleList([Stage(options, [widths[0]] * 2, (height, width), spec.channels)])
        for stage, (inputs, outputs) in enumerate(pairwise(widths), 1):
            size = (height * 2**stage, width * 2**stage)
            self.stages.append(Stage(options, [inputs, outputs, outputs], size, spec.channels))
        self.depth = 2 * n + 1

    def forward(self, styles: Tensor, grain: Tensor) -> Tensor:
        """Styles (N, layers, style) and grain (N, grain) to images (N, C, H, W)."""
        (first, *stages), ways = self.stages, iter(styles.unbind(1))
        x, image = first(self.start.expand(len(styles), -1, -1, -1), ways, grain)
        for stage in stages:
            x, added = stage(doubled(x), ways, grain)
            image = doubled(image) + added
        return image


class Stage(nn.Module):
    """The layers of one size, and what they add to the image."""

    def __init__(self, options: "StyleGAN2", widths: list[int], size: tuple[int, int], channels: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(StyledLayer(a, b, options.style, size, options.grain) for a, b in pairwise(widths))
        self.image = Modulated(widths[-1], channels, 1, options.style, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Tensor, styles: Iterator[Tensor], grain: Tensor) -> tuple[Tensor, Tensor]:
        """Features and image, each at this size; takes a style (N, style) a layer."""
        for layer in self.layers:
            w = next(styles)
            x = layer(x, w, grain)
        return x, self.image(x, w) + self.bias
