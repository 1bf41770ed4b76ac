"""Layers of StyleGAN2: rates equal for all weights, and convolutions that a style modulates (1912.04958)."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, leaky_relu, linear

EPSILON = 1e-8


def activate(x: Tensor) -> Tensor:
    """Leaky ReLU that keeps the variance."""
    return leaky_relu(x, 0.2) * math.sqrt(2)


def normalized(x: Tensor) -> Tensor:
    """Vectors (N, features) of mean square one."""
    return x * (x.square().mean(1, keepdim=True) + EPSILON).rsqrt()


def doubled(x: Tensor) -> Tensor:
    """Images at twice the size, under the filter [1, 3, 3, 1]."""
    return interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class Linear(nn.Module):
    """A linear layer whose weights are N(0, 1), and scaled when they are used, so that Adam moves all alike.

    `rate` slows down what the layer learns (1710.10196).
    """

    def __init__(self, inputs: int, outputs: int, bias: float = 0.0, rate: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.scale, self.rate = rate / math.sqrt(inputs), rate

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs) to (N, outputs)."""
        return linear(x, self.weight * self.scale, self.bias * self.rate)


class Convolution(nn.Module):
    """A convolution, scaled as `Linear` is; with `halve` to half the size, after the filter [1, 3, 3, 1]."""

    def __init__(self, inputs: int, outputs: int, side: int, *, halve: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, side, side))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale, self.side, self.halve = 1 / math.sqrt(inputs * side * side), side, halve

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H, W), or half of it."""
        weight = self.weight * self.scale
        if not self.halve:
            return conv2d(x, weight, self.bias, padding=self.side // 2)
        line = x.new_tensor([1 / 8, 3 / 8, 3 / 8, 1 / 8])
        filters = torch.outer(line, line).expand(x.shape[1], 1, 4, 4)
        filtered = conv2d(x, filters, padding=(self.side + 1) // 2, groups=x.shape[1])
        return conv2d(filtered, weight, self.bias, stride=2)


class Modulated(nn.Module):
    """A convolution whose input channels are scaled by the style, and its output back to variance one where asked."""

    def __init__(self, inputs: int, outputs: int, side: int, style: int, *, demodulate: bool = True) -> None:
        super().__init__()
        self.style = Linear(style, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, side, side))
        self.scale, self.demodulate = 1 / math.sqrt(inputs * side * side), demodulate

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Features (N, inputs, H, W) under styles (N, style) to (N, outputs, H, W)."""
        style, weight = self.style(w), self.weight * self.scale
        # Scaling features is the same as scaling each image's own weights, and needs no convolution an image.
        x = conv2d(x * style[:, :, None, None], weight, padding=weight.shape[-1] // 2)
        if not self.demodulate:
            return x
        variance = style.square() @ weight.square().sum((2, 3)).T
        return x * (variance + EPSILON).rsqrt()[:, :, None, None]


class StyledLayer(nn.Module):
    """A modulated convolution, noise that is the same for all channels, a bias, and leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, style: int, size: tuple[int, int], grain: int) -> None:
        super().__init__()
        self.convolution = Modulated(inputs, outputs, 3, style)
        self.bias = nn.Parameter(torch.zeros(outputs, 1, 1))
        self.strength = nn.Parameter(torch.zeros(()))
        # Each pixel's noise is a fixed mixture of the grain: N(0, 1), and decided by the latent alone.
        self.mixture: Tensor
        self.register_buffer("mixture", torch.randn(grain, *size) / math.sqrt(grain))

    def forward(self, x: Tensor, w: Tensor, grain: Tensor) -> Tensor:
        """(N, inputs, H, W), styles (N, style) and grain (N, grain) to (N, outputs, H, W)."""
        noise = torch.einsum("ng,ghw->nhw", grain, self.mixture).unsqueeze(1)
        return activate(self.convolution(x, w) + self.strength * noise + self.bias)
