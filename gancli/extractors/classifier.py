"""The default with labelled images: a small classifier, trained on that very data and kept for the next time."""

import math
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import torch
from pydantic import PrivateAttr
from torch import Tensor, nn

from gancli.base.errors import GanError, UsageError
from gancli.base.text import clean
from gancli.data import cache
from gancli.data.images import Images
from gancli.extractors.contract import Extractor
from gancli.metrics import classifier

if TYPE_CHECKING:
    from gancli.base.progress import Progress

LABELS_NEEDED = "The images have no classes for a classifier to learn."


class Judge(nn.Module):
    """A trained classifier as an extractor's network: features (N, 128), and the classes it sees in them."""

    def __init__(self, judge: classifier.Classifier) -> None:
        super().__init__()
        self.judge, self.accuracy = judge, None if math.isnan(judge.test_accuracy) else judge.test_accuracy

    def forward(self, pixels: Tensor) -> Tensor:
        """Features of uint8 images."""
        return self.judge.features(classifier.unit(pixels))

    def classify(self, features: Tensor) -> Tensor:
        """Scores of the classes."""
        return self.judge.head(features)


class Trained(Extractor):
    """A classifier trained on the run's own images, six times over or for three minutes, whichever ends first."""

    EPOCHS: ClassVar[float] = 6
    LEAST: ClassVar[int] = 1000  # steps, where the images are few
    SECONDS: ClassVar[float] = 180
    _ready: tuple[Path, classifier.Classifier] | None = PrivateAttr(None)

    def open(self, images: Images, device: torch.device, progress: "Progress") -> Judge:
        """The classifier of these images, out of the cache or trained now; raises UsageError without classes."""
        if images.labels is None or len(images.classes) < 2:
            raise UsageError(LABELS_NEEDED, "Choose --extractor random.")
        path = kept(images)
        if self._ready is not None and self._ready[0] == path:
            # A training that was told that it opens at once never trains it, though the cache is cleared meanwhile.
            return Judge(self._ready[1].to(device))
        with cache.locked(path.name, lambda: progress.wait("Another process trains this classifier: waiting for it")):
            judge = _read(path)
            if judge is None:
                judge = self._train(images, device, progress)
                _keep(judge, path)
        return Judge(judge.to(device))

    def ready(self, images: Images) -> bool:
        """Whether the cache has it, whole; then that is what it opens."""
        judge = None if images.labels is None else _read(kept(images))
        self._ready = None if judge is None else (kept(images), judge)
        return judge is not None

    def _train(self, images: Images, device: torch.device, progress: "Progress") -> classifier.Classifier:
        assert images.labels is not None
        epochs = max(self.EPOCHS, self.LEAST * classifier.BATCH / len(images))
        with progress.track("Training a classifier on", len(images)) as advance:
            done = 0

            def tell(share: float) -> None:
                nonlocal done
                now = int(min(share, 1) * len(images))
                advance(now - done)
                done = now

            return classifier.train_classifier(
                images.pixels,
                images.labels,
                len(images.classes),
                epochs=epochs,
                seconds=self.SECONDS,
                device=device,
                advance=tell,
            )


class File(Extractor):
    """A classifier from a file that this tool has written: file:PATH."""

    def open(self, images: Images, device: torch.device, progress: "Progress") -> Judge:
        """The classifier in the file; raises GanError where it is none, or is for images of another shape."""
        path = Path(self.source).expanduser()
        if not self.source:
            raise UsageError("--extractor file needs the path of a classifier.", "Write --extractor file:PATH.")
        judge = classifier.load(path)
        if judge.shape != images.spec.shape:
            wanted, got = ("x".join(map(str, shape)) for shape in (judge.shape, images.spec.shape))
            raise GanError(f"{clean(path)} is for images of {wanted} (CxHxW), and these are of {got}.")
        if images.classes and judge.classes != len(images.classes):
            raise GanError(f"{clean(path)} tells {judge.classes} classes, and the images have {len(images.classes)}.")
        return Judge(judge.to(device))


def kept(images: Images) -> Path:
    """Where the classifier of these images is kept."""
    return cache.home() / "extractors" / f"classifier-{images.key}.safetensors"


def _read(path: Path) -> classifier.Classifier | None:
    """The classifier kept there; None where there is none, or one that is damaged."""
    try:
        return classifier.load(path)
    except GanError:
        return None


def _keep(judge: classifier.Classifier, path: Path) -> None:
    """Keep it if the disk allows; without, it is trained anew the next time."""
    with suppress(OSError, GanError):
        path.parent.mkdir(parents=True, exist_ok=True)
        classifier.save(judge, path)
