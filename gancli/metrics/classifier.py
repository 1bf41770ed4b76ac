"""The judge: a small network that learns to tell the classes of labelled images and lends its features to figures."""

import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import nn
from torch.nn import functional as F

from gancli.base import tensor_file
from gancli.base.errors import GanError
from gancli.base.tensor_file import Damaged, NotSafetensors, TensorFile
from gancli.base.text import clean
from gancli.compute.areas import area_means
from gancli.compute.randomness import apart
from gancli.data.images import Pixels

Images = NDArray[np.uint8]
Labels = NDArray[np.integer]
Shape = tuple[int, int, int]
Tensors = dict[str, torch.Tensor]

WIDTH = 128
ENTRY = "gancli.classifier"
LARGEST = 65536  # of any one number in a file's document: beyond it the file is taken for damaged
CHECKSUM = "sha256"
PEAK_RATE = 3e-3
BATCH = 128

Channels = Annotated[int, Field(strict=True, ge=1, le=LARGEST)]
Side = Annotated[int, Field(strict=True, ge=4, le=LARGEST)]


class JudgeDocument(BaseModel):
    """The document in the file of a judge."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    version: Literal[1, 2]
    shape: tuple[Channels, Side, Side]
    classes: Annotated[int, Field(strict=True, ge=2, le=LARGEST)]
    accuracy: Annotated[float, Field(ge=0, le=1)] | None


class AreaMeans(nn.Module):
    """The means of 4 x 4 areas."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features (N, C, H, W) to (N, C, 4, 4)."""
        return area_means(x, 4, 4)


class Classifier(nn.Module):
    """A convolutional network from images to class scores.

    shape: (C, H, W) with H, W >= 4; input float (N, C, H, W) in [-1, 1]; output (N, classes) logits.
    """

    def __init__(self, shape: Shape, classes: int) -> None:
        super().__init__()
        if min(shape[1:]) < 4 or shape[0] < 1 or classes < 2:
            raise GanError(f"A judge needs images of 4 x 4 or more and 2 classes or more, got {shape}, {classes}.")
        self.shape, self.classes, self.test_accuracy = shape, classes, math.nan
        widths = [shape[0], 32, *[64] * _halvings(max(shape[1:]))]
        stages = [
            _stage(*pair, shape[1] >> halvings, shape[2] >> halvings) for halvings, pair in enumerate(pairwise(widths))
        ]
        self.body = nn.Sequential(*stages, AreaMeans(), nn.Flatten())
        self.neck = nn.Sequential(nn.Linear(widths[-1] * 16, WIDTH, bias=False), nn.BatchNorm1d(WIDTH), nn.ReLU())
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(WIDTH, classes)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Return the penultimate activations: (N, C, H, W) float in [-1, 1] to (N, 128), >= 0."""
        return self.neck(self.body(x))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits: (N, C, H, W) float in [-1, 1] to (N, classes)."""
        return self.head(self.drop(self.features(x)))


def train_classifier(
    images: Pixels,
    labels: Labels,
    classes: int,
    *,
    seconds: float | None = None,
    epochs: float | None = None,
    seed: int = 0,
    device: str | torch.device = "cpu",
    test: tuple[Pixels, Labels] | None = None,
    advance: Callable[[float], None] = lambda share: None,
) -> Classifier:
    """Train a judge on labelled images and note its accuracy on images it never saw.

    images (N, C, H, W) uint8, labels (N,) in [0, classes); it ends after so many seconds or epochs, whichever comes
    first, and is repeatable if that is the epochs; without a test set a tenth of the images is held out.
    `advance` is called with the share of the training, in [0, 1], that is done.  `test_accuracy` is in [0, 1].
    """
    if seconds is None and epochs is None:
        raise GanError("Give the judge seconds or epochs to train for.")
    _check(images, labels, classes)
    training, test = (np.arange(len(labels)), test) if test else _hold_out(images, labels, seed)
    with apart(seed, torch.device(device)):
        judge = Classifier(_shape(images), classes).to(device)
        _fit(judge, images, labels, training, _clock(seconds, epochs, len(training)), advance)
    judge.test_accuracy = accuracy(judge, *test)
    return judge


def accuracy(judge: Classifier, images: Images, labels: Labels) -> float:
    """Return the share, in [0, 1], of images (N, C, H, W) uint8 whose label (N,) the judge predicts."""
    _check(images, labels, judge.classes)
    return float((embed(judge, images)[1] == labels).mean())


@torch.no_grad()
def embed(judge: Classifier, images: Images, batch: int = 500) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the features and the predicted labels of images, the same for any batch size up to float noise.

    images (N, C, H, W) uint8; features (N, 128) float64, labels (N,) in [0, classes).
    """
    if images.dtype != np.uint8 or images.shape[1:] != judge.shape or not len(images):
        raise GanError(f"The judge wants uint8 images of shape {judge.shape}, got {images.dtype} {images.shape}.")
    was_training = judge.training
    judge.eval()
    device = judge.head.weight.device
    features = [judge.features(unit(part.to(device))) for part in torch.split(torch.from_numpy(images), batch)]
    guesses = torch.cat([judge.head(part).argmax(dim=1) for part in features])
    judge.train(was_training)
    return torch.cat(features).cpu().double().numpy(), guesses.cpu().numpy()


def unit(images: torch.Tensor) -> torch.Tensor:
    """Return uint8 images as floats in [-1, 1]."""
    return images.float().div_(127.5).sub_(1)


def save(judge: Classifier, path: Path) -> None:
    """Write the judge to path as safetensors: its weights, and a document with its shape, classes and accuracy."""
    accuracy = None if math.isnan(judge.test_accuracy) else judge.test_accuracy
    about = {"version": 2, "shape": list(judge.shape), "classes": judge.classes, "accuracy": accuracy}
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in judge.state_dict().items()}
    tensor_file.write(path, ENTRY, about, weights)


def load(path: Path) -> Classifier:
    """Read a judge that `save` wrote, on the CPU and in evaluation mode; anything else raises GanError."""
    try:
        with TensorFile(path) as file:
            document, tensors = _whole(file)
        judge = _rebuild(JudgeDocument.model_validate(document), tensors)
    except FileNotFoundError as error:
        raise GanError(f"There is no judge at {clean(path)}.", "Train one first.") from error
    except ValidationError as error:
        fault = error.errors()[0]
        raise _unusable(path, f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
    except (OSError, NotSafetensors, Damaged) as error:
        raise _unusable(path, str(error)) from error
    return judge.eval()


def checksum(about: Mapping[str, Any], tensors: Tensors) -> str:
    """Return the checksum in a file of version 1: the SHA-256 of its document and of all of its tensors."""
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _halvings(side: int) -> int:
    """The number of stages after the first, so that the map before pooling is 4 to 8 wide."""
    return max(1, math.ceil(math.log2(side / 16)))


def _stage(inside: int, outside: int, height: int, width: int) -> nn.Sequential:
    """A convolution that halves both sides, except one of a single pixel."""
    conv = nn.Conv2d(inside, outside, 3, padding=1, bias=False)
    halves = 2 if height > 1 else 1, 2 if width > 1 else 1
    # Pooling first spares the normalisation and the ReLU three quarters of their work.
    return nn.Sequential(conv, nn.MaxPool2d(halves), nn.BatchNorm2d(outside), nn.ReLU())


def _shape(images: Pixels) -> Shape:
    _, channels, height, width = images.shape
    return channels, height, width


def _check(images: Pixels, labels: Labels, classes: int) -> None:
    if images[:0].dtype != np.uint8 or len(images.shape) != 4 or labels.shape != images.shape[:1] or not len(labels):
        raise GanError(f"Want uint8 images (N, C, H, W) and labels (N,), got {images.shape} and {labels.shape}.")
    if labels.min() < 0 or labels.max() >= classes:
        raise GanError(f"Labels must lie from 0 to {classes - 1}, got {labels.min()} to {labels.max()}.")


def _hold_out(images: Pixels, labels: Labels, seed: int) -> tuple[Labels, tuple[Images, Labels]]:
    """The numbers of nine images in ten, and the others with their labels, 10,000 of them at most."""
    if len(labels) < 20:
        raise GanError(f"{len(labels)} labelled images are too few for a judge.", "It needs at least 20.")
    order = np.random.default_rng(seed).permutation(len(labels))
    out, kept = np.sort(order[: min(len(order) // 10, 10_000)]), order[len(order) // 10 :]
    return np.sort(kept), (images[out], labels[out])


def _clock(seconds: float | None, epochs: float | None, count: int) -> Callable[[int], float]:
    """A function from the steps done to the share of the training done, >= 0 and 1 at its end."""
    begun, limit = time.monotonic(), max(math.inf if seconds is None else seconds, 1e-3)
    steps = math.inf if epochs is None else max(1, round(epochs * count / BATCH))
    return lambda step: max(step / steps, (time.monotonic() - begun) / limit)


def _fit(
    judge: Classifier,
    images: Pixels,
    labels: Labels,
    training: Labels,
    done: Callable[[int], float],
    advance: Callable[[float], None],
) -> None:
    device = judge.head.weight.device
    optimizer = torch.optim.AdamW(judge.parameters(), lr=PEAK_RATE, weight_decay=0.02)
    judge.train()
    step = 0
    while (share := done(step)) < 1:
        optimizer.param_groups[0]["lr"] = PEAK_RATE * _rate(share)
        numbers = training[torch.randint(len(training), (BATCH,)).numpy()]
        x = unit(torch.from_numpy(np.ascontiguousarray(images[numbers])).to(device))
        y = torch.from_numpy(labels[numbers].astype(np.int64)).to(device)
        loss = F.cross_entropy(judge(_nudge(x)), y)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        advance(share)
        step += 1


def _rate(share: float) -> float:
    """The factor, in (0, 1], of the learning rate: up over the first tenth, then down along a cosine."""
    return 0.1 + 9 * share if share < 0.1 else max(1e-3, (1 + math.cos(math.pi * (share - 0.1) / 0.9)) / 2)


def _nudge(images: torch.Tensor) -> torch.Tensor:
    """Turn, stretch and shift each image a little (about 8 degrees, 8 %, 6 %); a mirrored 2 would be an S."""
    count = len(images)  # random numbers are drawn on the CPU for every device, so that a seed gives the same ones
    turn, stretch = torch.randn(2, count).clamp_(-2, 2).mul_(0.07)
    size = 1 + stretch
    rows = torch.stack([size * turn.cos(), -turn.sin(), turn.sin(), size * turn.cos()], dim=1).view(count, 2, 2)
    shift = torch.rand(count, 2, 1).sub_(0.5).mul_(0.24)
    grid = F.affine_grid(torch.cat([rows, shift], dim=2), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid.to(images.device), padding_mode="border", align_corners=False)


def _whole(file: TensorFile) -> tuple[dict[str, Any], Tensors]:
    """The document and the tensors of a file of any version; raises Damaged where a digest does not match."""
    document = file.document(ENTRY)
    if document.get("version") != 1:
        return file.whole(ENTRY)
    tensors = file.tensors(file.table, None)
    if document.pop(CHECKSUM, None) != checksum(document, tensors):
        raise Damaged("its checksum does not match")
    return document, tensors


def _rebuild(about: JudgeDocument, tensors: Tensors) -> Classifier:
    with torch.device("meta"):  # no memory is taken until the tensors are known to fit
        judge = Classifier(about.shape, about.classes)
    expected = {name: (value.dtype, value.shape) for name, value in judge.state_dict().items()}
    if expected != {name: (value.dtype, value.shape) for name, value in tensors.items()}:
        raise Damaged("its tensors are not those of a judge of its sizes")
    judge.load_state_dict(tensors, assign=True)
    judge.test_accuracy = math.nan if about.accuracy is None else about.accuracy
    return judge


def _unusable(path: Path, why: str) -> GanError:
    reason = clean(why).rstrip(".")
    return GanError(
        f"{clean(path)} is not a judge that can be used: {reason}.", "Train it again, or copy the file again."
    )
