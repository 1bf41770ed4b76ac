"""The features of real images and their moments: measured once, and kept in the cache."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from gancli.base import tensor_file
from gancli.base.errors import GanError
from gancli.base.progress import Progress
from gancli.base.text import plural
from gancli.data import cache
from gancli.data.images import Images
from gancli.data.records import digest_of
from gancli.extractors.embedder import Embedder
from gancli.metrics import formulas
from gancli.metrics.contract import Features, Reference

FORMAT = 2
ENTRY = "gancli.reference"
LEAST = 10  # images of which figures can be taken at all
KEPT = 2**28  # bytes of single images' features that are kept; the mean and the covariance are of all
CHUNK = 512


def reference_of(images: Images, embedder: Embedder, progress: Progress, *, trained_on: bool = True) -> Reference:
    """Return the reference of images, from the cache or measured now; raises GanError where they are too few."""
    if len(images) < LEAST:
        raise GanError(f"{plural(len(images), 'image')} are too few to compare with.", f"Figures need {LEAST} or more.")
    path = cache_path(images, embedder)
    stored = _read(path)
    if stored is None:
        stored = measure_reference(images, embedder, progress)
        _keep(stored, path)
    return replace(stored, classes=embedder.classes, trained_on=trained_on)


def measure_reference(images: Images, embedder: Embedder, progress: Progress, most: int | None = None) -> Reference:
    """Return the reference of images, each read once, with the features of `most` of them, by default KEPT bytes."""
    count = len(images)
    width = embedder(images.pixels[np.arange(1)]).rows.shape[1]
    order = np.random.default_rng(0).permutation(count)[: min(count, most or KEPT // (4 * width))]
    place = np.full(count, -1)
    place[order] = np.arange(len(order))
    rows, classes = np.empty((len(order), width), np.float32), np.zeros(len(order), np.int64)
    running = formulas.Running()
    with progress.track("Reading", count) as advance:
        for start in range(0, count, CHUNK):
            numbers = np.arange(start, min(start + CHUNK, count))
            features = embedder(images.pixels[numbers])
            running.add(features.rows)
            wanted = place[numbers] >= 0
            rows[place[numbers][wanted]] = features.rows[wanted]
            if features.classes is not None:
                classes[place[numbers][wanted]] = features.classes[wanted]
            advance(len(numbers))
    kept = Features(rows, classes if embedder.classes else None)
    return Reference(count, *running.moments(), kept, order, embedder.classes)


def cache_path(images: Images, embedder: Embedder) -> Path:
    """Return the file in the cache for the reference of these images under this extractor."""
    key = digest_of(FORMAT, KEPT, images.key, images.spec.shape, embedder.identity)
    return cache.home() / "references" / f"{key}.safetensors"


def _keep(reference: Reference, path: Path) -> None:
    """Write a reference if the disk allows; otherwise it is measured anew the next time."""
    features = reference.features
    arrays = {"mean": reference.mean, "covariance": reference.covariance}
    arrays |= {"rows": features.rows, "numbers": reference.numbers}
    if features.classes is not None:
        arrays["classes"] = features.classes
    with suppress(OSError, GanError):
        path.parent.mkdir(parents=True, exist_ok=True)
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        tensor_file.write(path, ENTRY, {"format": FORMAT, "count": reference.count}, tensors)


def _read(path: Path) -> Reference | None:
    """The reference in a file; None where there is none, or it is damaged."""
    try:
        about, tensors = tensor_file.read(path, ENTRY)
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        features = Features(arrays["rows"], arrays.get("classes"))
        return Reference(int(about["count"]), arrays["mean"], arrays["covariance"], features, arrays["numbers"])
    except (OSError, KeyError, ValueError, TypeError):
        return None
