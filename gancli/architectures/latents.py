"""Latent vectors: one random stream for each image, interpolation and truncation."""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from gancli.compute.randomness import stream


def draw(noise: Callable[[int, torch.Generator], Tensor], seed: int, indices: Iterable[int]) -> Tensor:
    """Latents (N, ...) of the images with these numbers, on the CPU; `noise(n, generator)` draws n of them."""
    return torch.cat([noise(1, stream(seed, index)) for index in indices])


def slerp(a: Tensor, b: Tensor, t: float) -> Tensor:
    """Spherical interpolation from a to b, (N, ...), at share t in [0, 1]: keeps the typical length (1609.04468)."""
    flat_a, flat_b = a.flatten(1), b.flatten(1)
    cosine = torch.nn.functional.cosine_similarity(flat_a, flat_b, dim=1).clamp(-1, 1)
    angle = torch.acos(cosine).view(-1, *[1] * (a.dim() - 1))
    sine = torch.sin(angle)
    straight = sine < 1e-6
    safe = torch.where(straight, torch.ones_like(sine), sine)
    arc = (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / safe
    return torch.where(straight, lerp(a, b, t), arc)


def lerp(a: Tensor, b: Tensor, t: float) -> Tensor:
    """Linear interpolation from a to b, (N, ...), at share t in [0, 1]."""
    return torch.lerp(a, b, t)


def truncate(z: Tensor, threshold: float) -> Tensor:
    """N(0, 1) latents mapped to the normal truncated at ±threshold, > 0, each keeping its rank (1809.11096)."""
    edge = 0.5 * math.erfc(threshold / math.sqrt(2))
    uniform = torch.special.ndtr(z.double())
    return torch.special.ndtri(edge + uniform * (1 - 2 * edge)).to(z.dtype)
