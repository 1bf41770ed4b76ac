"""The features of images, in batches of one size, from the network of an extractor."""

import hashlib
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from gancli.base.errors import GanError
from gancli.base.moved import keep_old_names
from gancli.base.progress import Progress
from gancli.base.tensor_file import digest_of
from gancli.compute.memory import BatchSize
from gancli.data.images import Images
from gancli.extractors.contract import Extractor
from gancli.metrics.contract import Features, joined

BATCH = 64
"""Images in a batch. The last batch is filled up, so that features do not depend on how many images there are. Where
memory runs out batches are halved, which may change the last bits of features.
"""


class Embedder:
    """An opened extractor; `identity` names it and its weights, so that figures of two are never confused."""

    def __init__(
        self, name: str, network: nn.Module, classes: tuple[str, ...], device: torch.device, batch: int = BATCH
    ) -> None:
        self.network, self.device = network.to(device).eval().requires_grad_(False), device
        self.batch = BatchSize(batch)
        self._classify: Callable[[Tensor], Tensor] | None = getattr(network, "classify", None)
        self.accuracy: float | None = getattr(network, "accuracy", None)
        self.classes = classes if self._classify else ()
        weights = "".join(f"{key}{digest_of(value.cpu())}" for key, value in sorted(network.state_dict().items()))
        self.identity = f"{name} {_short(weights)}"

    @torch.no_grad()
    def __call__(self, pixels: np.ndarray) -> Features:
        """Return the features of uint8 images (N, C, H, W), N >= 1; raises GanError where they are not finite."""
        features = joined(self.batch.compute(lambda size: self._batches(pixels, size)))
        if not np.isfinite(features.rows).all():
            raise GanError(f"Extractor {self.identity} gives features that are not finite.", "Choose another one.")
        return features

    def _batches(self, pixels: np.ndarray, size: int) -> list[Features]:
        return [self._features(pixels[start : start + size], size) for start in range(0, len(pixels), size)]

    def _features(self, pixels: np.ndarray, size: int) -> Features:
        """The features of `size` images or fewer, as a batch that repeats them up to that size."""
        count = len(pixels)
        filled = torch.from_numpy(pixels[np.arange(size) % count]).to(self.device)
        rows = self.network(filled).float()
        classes = self._classify(rows).argmax(1)[:count].cpu().numpy() if self._classify else None
        return Features(rows[:count].cpu().numpy(), classes)


def open_embedder(extractor: Extractor, images: Images, device: torch.device, progress: Progress) -> Embedder:
    """Open an extractor for such images on a device; raises GanError where its weights cannot be had."""
    return Embedder(extractor.name, extractor.open(images, device, progress), images.classes, device)


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


keep_old_names(globals())
