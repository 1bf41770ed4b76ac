"""Batches on the device: which images come when depends on the seed and on nothing else."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from gancli.data.base import Images


class Stream:
    """An endless order of images: the permutations of successive epochs, one after another.

    Where it stands is one integer, the number of images drawn, so that a run resumes in mid-epoch.
    """

    def __init__(self, members: np.ndarray, seed: int, device: torch.device, drawn: int = 0) -> None:
        self.members, self.seed, self.device, self.drawn = members, seed, device, drawn
        self._epoch, self._order = -1, torch.empty(0, dtype=torch.int64)

    def draw(self, n: int) -> Tensor:
        """The numbers of the next n images, int64 (n,) on the device."""
        parts = list(self._parts(n))
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _parts(self, n: int) -> Iterator[Tensor]:
        while n:
            epoch, start = divmod(self.drawn, len(self.members))
            part = self._permutation(epoch)[start : start + n]
            self.drawn += len(part)
            n -= len(part)
            yield part

    def _permutation(self, epoch: int) -> Tensor:
        if epoch != self._epoch:
            order = np.random.default_rng([self.seed, epoch]).permutation(self.members)
            self._epoch, self._order = epoch, torch.from_numpy(order).to(self.device)
        return self._order


class Source:
    """The images on the device, and a stream through all of them or through one class."""

    def __init__(self, images: Images, seed: int, device: torch.device) -> None:
        self.images, self.seed, self.device = images, seed, device
        self.pixels = torch.from_numpy(images.pixels).to(device)
        self.labels = None if images.labels is None else torch.from_numpy(images.labels).to(device)
        self.streams: dict[str, Stream] = {}

    def batch(self, n: int, only: str | None = None) -> tuple[Tensor, Tensor | None]:
        """The next n images, float32 (n, C, H, W) in [-1, 1], and their classes; `only` draws from one class."""
        numbers = self.stream(only).draw(n)
        x = self.pixels[numbers].float().div_(127.5).sub_(1)
        return x, None if self.labels is None else self.labels[numbers]

    def stream(self, only: str | None = None) -> Stream:
        """The stream through all images, or through the class of that name; raises ValueError if there is none."""
        name = only or ""
        if name not in self.streams:
            self.streams[name] = Stream(self._members(only), self._seed(name), self.device)
        return self.streams[name]

    def positions(self) -> dict[str, int]:
        """How many images each stream has drawn."""
        return {name: stream.drawn for name, stream in self.streams.items()}

    def seek(self, positions: dict[str, int]) -> None:
        """Continue every stream where it stood."""
        for name, drawn in positions.items():
            self.stream(name or None).drawn = drawn

    def _seed(self, name: str) -> int:
        # Streams through classes must not go in step with each other.
        return self.seed if not name else int.from_bytes(f"{self.seed}/{name}".encode()[:64], "big")

    def _members(self, only: str | None) -> np.ndarray:
        if only is None:
            return np.arange(len(self.images))
        if self.images.labels is None or only not in self.images.classes:
            raise ValueError(f"the data has no class '{only}', only {', '.join(self.images.classes) or 'no labels'}")
        return np.flatnonzero(self.images.labels == self.images.classes.index(only))
