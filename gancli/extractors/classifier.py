"""The default for labelled images: a small classifier, trained on the same images and kept in the cache."""

import math
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import torch
from pydantic import PrivateAttr
from torch import Tensor, nn

from gancli.base.errors import GanError, UsageError
from gancli.base.moved import keep_old_names
from gancli.base.text import clean
from gancli.data import cache
from gancli.data.images import Images
from gancli.extractors.contract import Extractor
from gancli.metrics import classifier

if TYPE_CHECKING:
    from gancli.base.progress import Advance, Progress

LABELS_NEEDED = "The images have no classes for a classifier to learn."


class ClassifierFeatures(nn.Module):
    """A trained classifier as the network of an extractor: features (N, 128), and scores of classes."""

    def __init__(self, judge: classifier.Classifier) -> None:
        super().__init__()
        self.judge, self.accuracy = judge, None if math.isnan(judge.test_accuracy) else judge.test_accuracy

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the features, float (N, 128), of uint8 images (N, C, H, W)."""
        return self.judge.features(classifier.unit(pixels))

    def classify(self, features: Tensor) -> Tensor:
        """Return the scores of the classes (N, classes) from features (N, 128)."""
        return self.judge.head(features)


class Trained(Extractor):
    """A classifier trained on the run's own images for six epochs or three minutes, whichever ends first."""

    EPOCHS: ClassVar[float] = 6
    LEAST: ClassVar[int] = 1000  # steps, where the images are few
    SECONDS: ClassVar[float] = 180
    _ready: tuple[Path, classifier.Classifier] | None = PrivateAttr(None)

    def open(self, images: Images, device: torch.device, progress: "Progress") -> ClassifierFeatures:
        """Return the classifier of these images, from the cache or trained now; raises UsageError without classes."""
        if images.labels is None or len(images.classes) < 2:
            raise UsageError(LABELS_NEEDED, "Choose --extractor random.")
        path = cache_path(images)
        if self._ready is not None and self._ready[0] == path:
            # A training that was told that it opens at once never trains it, though the cache is cleared meanwhile.
            return ClassifierFeatures(self._ready[1].to(device))
        with cache.locked(path.name, lambda: progress.wait("Another process trains this classifier: waiting for it")):
            judge = _read(path)
            if judge is None:
                judge = self._train(images, device, progress)
                _keep(judge, path)
        return ClassifierFeatures(judge.to(device))

    def ready(self, images: Images) -> bool:
        """Whether the cache has the classifier of these images, undamaged; then that is what it opens."""
        judge = None if images.labels is None else _read(cache_path(images))
        self._ready = None if judge is None else (cache_path(images), judge)
        return judge is not None

    def _train(self, images: Images, device: torch.device, progress: "Progress") -> classifier.Classifier:
        assert images.labels is not None
        epochs = max(self.EPOCHS, self.LEAST * classifier.BATCH / len(images))
        with progress.track("Training a classifier on", len(images)) as advance:
            return classifier.train_classifier(
                images.pixels,
                images.labels,
                len(images.classes),
                epochs=epochs,
                seconds=self.SECONDS,
                device=device,
                advance=_in_images(advance, len(images)),
            )


class File(Extractor):
    """A classifier from a file that gancli wrote: file:PATH."""

    def open(self, images: Images, device: torch.device, progress: "Progress") -> ClassifierFeatures:
        """Return the classifier in the file; raises GanError where it is none, or its shape or classes are others."""
        path = Path(self.source).expanduser()
        if not self.source:
            raise UsageError("--extractor file needs the path of a classifier.", "Write --extractor file:PATH.")
        judge = classifier.load(path)
        if judge.shape != images.spec.shape:
            wanted, got = ("x".join(map(str, shape)) for shape in (judge.shape, images.spec.shape))
            raise GanError(f"{clean(path)} is for images of {wanted} (CxHxW), and these are of {got}.")
        if images.classes and judge.classes != len(images.classes):
            raise GanError(f"{clean(path)} tells {judge.classes} classes, and the images have {len(images.classes)}.")
        return ClassifierFeatures(judge.to(device))


def cache_path(images: Images) -> Path:
    """Return the file in the cache for the classifier of these images."""
    return cache.home() / "extractors" / f"classifier-{images.key}.safetensors"


def _in_images(advance: "Advance", count: int) -> Callable[[float], None]:
    """A function of the share done, in [0, 1], that advances a progress of `count` images."""
    done = 0

    def advance_to(share: float) -> None:
        nonlocal done
        now = int(min(share, 1) * count)
        advance(now - done)
        done = now

    return advance_to


def _read(path: Path) -> classifier.Classifier | None:
    """The classifier in a file; None where there is none, or it is damaged."""
    try:
        return classifier.load(path)
    except GanError:
        return None


def _keep(judge: classifier.Classifier, path: Path) -> None:
    """Write a classifier if the disk allows; otherwise it is trained anew the next time."""
    with suppress(OSError, GanError):
        path.parent.mkdir(parents=True, exist_ok=True)
        classifier.save(judge, path)


keep_old_names(globals())
