"""Batches on the device: which images come when depends on the seed and on nothing else."""

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gancli.data.images import Images, Order, shuffled
from gancli.data.streamed import Streamed

SHARE = 0.25  # of the device's free memory that images may take
AHEAD = 2  # batches that each worker has to do before they are asked for


class Stream:
    """An endless order of images: the permutations of successive epochs, one after another.

    Where it stands is one integer, the number of images drawn, so that a run resumes in mid-epoch.
    """

    def __init__(self, members: np.ndarray, seed: int, order: Order = shuffled, *, mirrored: bool = False) -> None:
        self.members, self.seed, self.order, self.mirrored, self.drawn = members, seed, order, mirrored, 0
        self._epochs: dict[int, np.ndarray] = {}

    def draw(self, n: int) -> np.ndarray:
        """The numbers of the next n images, int64 (n,); those to be mirrored are ~number, which is below 0."""
        numbers = self.at(self.drawn, n)
        self.drawn += n
        return numbers

    def at(self, position: int, n: int) -> np.ndarray:
        """The numbers that `draw` gives at a position."""
        parts = list(self._parts(position, n))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _parts(self, position: int, n: int) -> Iterator[np.ndarray]:
        while n:
            epoch, start = divmod(position, len(self.members))
            part = self._epoch(epoch)[start : start + n]
            position, n = position + len(part), n - len(part)
            yield part

    def _epoch(self, epoch: int) -> np.ndarray:
        if epoch not in self._epochs:
            # Looking ahead over the end of an epoch goes back and forth between two.
            self._epochs = {old: kept for old, kept in self._epochs.items() if old >= epoch - 1}
            rng = np.random.default_rng([self.seed, epoch])
            order = self.order(rng, self.members)
            self._epochs[epoch] = np.where(rng.random(len(order)) < 0.5, ~order, order) if self.mirrored else order
        return self._epochs[epoch]


class Source:
    """The images, wherever they are, and a stream through all of them or through one class.

    They live on the device if they fit, else in the memory map that holds them, else batches are decoded ahead.
    """

    def __init__(self, images: Images, seed: int, device: torch.device) -> None:
        self.images, self.seed, self.device = images, seed, device
        self.labels = None if images.labels is None else torch.from_numpy(images.labels).to(device)
        self.streams: dict[str, Stream] = {}
        self._resident = _on_device(images, device)
        self._asked: dict[tuple[str, int, int], Future[Any]] = {}

    def batch(self, n: int, only: str | None = None) -> tuple[Tensor, Tensor | None]:
        """The next n images, float32 (n, C, H, W) in [-1, 1], and their classes; `only` draws from one class."""
        stream = self.stream(only)
        position, drawn = stream.drawn, stream.draw(n)
        numbers = np.where(drawn < 0, ~drawn, drawn)
        where = self._to_device(torch.from_numpy(numbers))
        pixels = self._pixels(numbers, where, only or "", position)
        if self.images.mirrored:
            turned = self._to_device(torch.from_numpy(drawn < 0)).view(-1, 1, 1, 1)
            pixels = torch.where(turned, pixels.flip(3), pixels)
        x = pixels.float().div_(127.5).sub_(1)
        return x, None if self.labels is None else self.labels[where]

    def stream(self, only: str | None = None) -> Stream:
        """The stream through all images, or through the class of that name; raises ValueError if there is none."""
        name = only or ""
        if name not in self.streams:
            members, order = self._members(only), self.images.order
            self.streams[name] = Stream(members, self._seed(name), order, mirrored=self.images.mirrored)
        return self.streams[name]

    def positions(self) -> dict[str, int]:
        """How many images each stream has drawn."""
        return {name: stream.drawn for name, stream in self.streams.items()}

    def seek(self, positions: dict[str, int]) -> None:
        """Continue every stream where it stood."""
        for name, drawn in positions.items():
            self.stream(name or None).drawn = drawn

    def _pixels(self, numbers: np.ndarray, where: Tensor, name: str, position: int) -> Tensor:
        """uint8 images (n, C, H, W) on the device."""
        if self._resident is not None:
            return self._resident[where]
        stored = self.images.pixels
        if isinstance(stored, Streamed):
            rows = stored.take(numbers, self._decoded(stored, name, position, len(numbers)))
        else:
            rows = np.ascontiguousarray(stored[numbers])
        return self._to_device(torch.from_numpy(rows))

    def _decoded(self, stored: Streamed, name: str, position: int, n: int) -> "Future[Any]":
        """The batch at a position, asked for long ago or now, with those after it asked for already."""
        stream = self.streams[name]
        for ahead in range(1 + AHEAD * stored.workers):
            key = (name, position + ahead * n, n)
            if key not in self._asked:
                numbers = stream.at(key[1], n)
                self._asked[key] = stored.ask(np.where(numbers < 0, ~numbers, numbers))
        asked = self._asked.pop((name, position, n))
        self._asked = {key: kept for key, kept in self._asked.items() if key[0] != name or key[1] > position}
        return asked

    def _to_device(self, tensor: Tensor) -> Tensor:
        """A tensor of the host on the device, without waiting for the copy."""
        if self.device.type != "cuda":
            return tensor.to(self.device)
        return tensor.pin_memory().to(self.device, non_blocking=True)

    def _seed(self, name: str) -> int:
        # Streams through classes must not go in step with each other.
        return self.seed if not name else int.from_bytes(f"{self.seed}/{name}".encode()[:64], "big")

    def _members(self, only: str | None) -> np.ndarray:
        if only is None:
            return np.arange(len(self.images))
        if self.images.labels is None or only not in self.images.classes:
            raise ValueError(f"the data has no class '{only}', only {', '.join(self.images.classes) or 'no labels'}")
        return np.flatnonzero(self.images.labels == self.images.classes.index(only))


def _on_device(images: Images, device: torch.device) -> Tensor | None:
    """All images as one tensor on an accelerator, where they leave most of its memory free."""
    if device.type == "cpu" or isinstance(images.pixels, Streamed):
        return None
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else torch.mps.recommended_max_memory()
    if np.prod(images.pixels.shape, dtype=object) > SHARE * free:
        return None
    return torch.from_numpy(np.ascontiguousarray(images.pixels[:])).to(device)
