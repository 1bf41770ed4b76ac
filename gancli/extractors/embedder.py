"""Images in, features out: an extractor's network as figures use it."""

import hashlib
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from gancli.base.errors import GanError
from gancli.base.progress import Progress
from gancli.base.tensor_file import digest_of
from gancli.data.images import Images
from gancli.extractors.contract import Extractor
from gancli.metrics.contract import Features, joined

# Always the same, and the last batch is filled up: what is seen in an image does not depend on those beside it.
BATCH = 64


class Embedder:
    """An opened extractor: `identity` names it and its weights, so that figures of two are never confused."""

    def __init__(
        self, name: str, network: nn.Module, classes: tuple[str, ...], device: torch.device, batch: int = BATCH
    ) -> None:
        self.network, self.device, self.batch = network.to(device).eval().requires_grad_(False), device, batch
        self._classify: Callable[[Tensor], Tensor] | None = getattr(network, "classify", None)
        self.accuracy: float | None = getattr(network, "accuracy", None)
        self.classes = classes if self._classify else ()
        weights = "".join(f"{key}{digest_of(value.cpu())}" for key, value in sorted(network.state_dict().items()))
        self.identity = f"{name} {_short(weights)}"

    @torch.no_grad()
    def __call__(self, pixels: np.ndarray) -> Features:
        """The features of uint8 images (N, C, H, W), N at least 1; raises GanError where they are not finite."""
        features = joined(
            [self._seen(pixels[start : start + self.batch]) for start in range(0, len(pixels), self.batch)]
        )
        if not np.isfinite(features.rows).all():
            raise GanError(f"Extractor {self.identity} gives features that are not finite.", "Choose another one.")
        return features

    def _seen(self, pixels: np.ndarray) -> Features:
        count = len(pixels)
        filled = torch.from_numpy(pixels[np.arange(self.batch) % count]).to(self.device)
        rows = self.network(filled).float()
        classes = self._classify(rows).argmax(1)[:count].cpu().numpy() if self._classify else None
        return Features(rows[:count].cpu().numpy(), classes)


def embedder(extractor: Extractor, images: Images, device: torch.device, progress: Progress) -> Embedder:
    """An extractor opened for such images; raises GanError where it cannot be had."""
    return Embedder(extractor.name, extractor.open(images, device, progress), images.classes, device)


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
