"""Batches of images on the device, in an order that depends on the seed alone."""

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gancli.data.images import Images, Order, shuffled
from gancli.data.streamed import Streamed

SHARE = 0.25  # of the device's free memory that images may take
AHEAD = 2  # batches that each worker decodes before they are needed


class Stream:
    """An endless order of images: the permutations of successive epochs, one after another.

    Its position is one integer, `drawn`, the number of images drawn, so that a run resumes in the middle of an epoch.
    """

    def __init__(self, members: np.ndarray, seed: int, order: Order = shuffled, *, mirrored: bool = False) -> None:
        self.members, self.seed, self.order, self.mirrored, self.drawn = members, seed, order, mirrored, 0
        self._epochs: dict[int, np.ndarray] = {}

    def draw(self, n: int) -> np.ndarray:
        """The numbers of the next n images, int64 (n,); those of images to mirror are ~number, which is negative."""
        numbers = self.numbers_at(self.drawn, n)
        self.drawn += n
        return numbers

    def numbers_at(self, position: int, n: int) -> np.ndarray:
        """The numbers that `draw(n)` returns when `drawn` is `position`, int64 (n,)."""
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
            # Near the end of an epoch, decoding ahead needs the next one in turn with this one.
            self._epochs = {number: order for number, order in self._epochs.items() if number >= epoch - 1}
            rng = np.random.default_rng([self.seed, epoch])
            order = self.order(rng, self.members)
            self._epochs[epoch] = np.where(rng.random(len(order)) < 0.5, ~order, order) if self.mirrored else order
        return self._epochs[epoch]


class Source:
    """Batches of images, from all of them or from one class.

    The images are on the device if they fit, else in their array or memory map, else batches are decoded ahead.
    """

    def __init__(self, images: Images, seed: int, device: torch.device) -> None:
        self.images, self.seed, self.device = images, seed, device
        self.labels = None if images.labels is None else torch.from_numpy(images.labels).to(device)
        self.streams: dict[str, Stream] = {}
        self._resident = _on_device(images, device)
        self._requests: dict[tuple[str, int, int], Future[Any]] = {}

    def batch(self, n: int, only: str | None = None) -> tuple[Tensor, Tensor | None]:
        """The next n images, float32 (n, C, H, W) in [-1, 1], and their classes, int64 (n,) or None.

        Both are on the device. `only` names the one class to draw from; raises ValueError if there is none.
        """
        stream = self.stream(only)
        position, drawn = stream.drawn, stream.draw(n)
        numbers = np.where(drawn < 0, ~drawn, drawn)
        rows = self._to_device(torch.from_numpy(numbers))
        pixels = self._pixels(numbers, rows, only or "", position)
        if self.images.mirrored:
            mirrored = self._to_device(torch.from_numpy(drawn < 0)).view(-1, 1, 1, 1)
            pixels = torch.where(mirrored, pixels.flip(3), pixels)
        x = pixels.float().div_(127.5).sub_(1)
        return x, None if self.labels is None else self.labels[rows]

    def stream(self, only: str | None = None) -> Stream:
        """The stream through all images, or through the class of that name; raises ValueError if there is none."""
        name = only or ""
        if name not in self.streams:
            members, order = self._members(only), self.images.order
            self.streams[name] = Stream(members, self._seed(name), order, mirrored=self.images.mirrored)
        return self.streams[name]

    def positions(self) -> dict[str, int]:
        """How many images each stream has drawn, by class name; '' is the stream of all."""
        return {name: stream.drawn for name, stream in self.streams.items()}

    def seek(self, positions: dict[str, int]) -> None:
        """Continue every stream from its position."""
        for name, drawn in positions.items():
            self.stream(name or None).drawn = drawn

    def _pixels(self, numbers: np.ndarray, rows: Tensor, name: str, position: int) -> Tensor:
        """uint8 images (n, C, H, W) on the device; `rows` are the numbers on the device."""
        if self._resident is not None:
            return self._resident[rows]
        stored = self.images.pixels
        if isinstance(stored, Streamed):
            pixels = stored.take(numbers, self._decoded(stored, name, position, len(numbers)))
        else:
            pixels = np.ascontiguousarray(stored[numbers])
        return self._to_device(torch.from_numpy(pixels))

    def _decoded(self, stored: Streamed, name: str, position: int, n: int) -> "Future[Any]":
        """The batch of a stream at a position, decoded ahead if it was requested before; requests later ones too."""
        stream = self.streams[name]
        for ahead in range(1 + AHEAD * stored.workers):
            key = (name, position + ahead * n, n)
            if key not in self._requests:
                numbers = stream.numbers_at(key[1], n)
                self._requests[key] = stored.ask(np.where(numbers < 0, ~numbers, numbers))
        request = self._requests.pop((name, position, n))
        outdated = {key for key in self._requests if key[0] == name and key[1] <= position}
        self._requests = {key: later for key, later in self._requests.items() if key not in outdated}
        return request

    def _to_device(self, tensor: Tensor) -> Tensor:
        """A copy on the device of a tensor on the host; the host does not wait for it."""
        if self.device.type != "cuda":
            return tensor.to(self.device)
        return tensor.pin_memory().to(self.device, non_blocking=True)

    def _seed(self, name: str) -> int:
        # Streams of classes must not draw in the same order.
        return self.seed if not name else int.from_bytes(f"{self.seed}/{name}".encode()[:64], "big")

    def _members(self, only: str | None) -> np.ndarray:
        if only is None:
            return np.arange(len(self.images))
        if self.images.labels is None or only not in self.images.classes:
            raise ValueError(f"the data has no class '{only}', only {', '.join(self.images.classes) or 'no labels'}")
        return np.flatnonzero(self.images.labels == self.images.classes.index(only))


def _on_device(images: Images, device: torch.device) -> Tensor | None:
    """All images, uint8 (N, C, H, W), on an accelerator that they leave most memory of; else None."""
    if device.type == "cpu" or isinstance(images.pixels, Streamed):
        return None
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else torch.mps.recommended_max_memory()
    if np.prod(images.pixels.shape, dtype=object) > SHARE * free:
        return None
    return torch.from_numpy(np.ascontiguousarray(images.pixels[:])).to(device)
