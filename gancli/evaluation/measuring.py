"""The figures of a generator: samples are made in chunks, and only their features are kept."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gancli.base.errors import GanError, UsageError
from gancli.base.moved import keep_old_names
from gancli.base.progress import Progress
from gancli.base.text import clean
from gancli.data.images import Images
from gancli.extractors.embedder import Embedder
from gancli.generation.sampler import Sampler
from gancli.metrics.contract import Generated, Metric, Reference, joined
from gancli.plugins.registry import registry

CHUNK = 512

WANTED = {
    "classes": "an extractor that tells classes, such as --extractor classifier",
    "asked": "a conditional model, and images whose classes are the model's",
    "training": "the images that the model was trained on: leave --data out",
}


def generate(
    sampler: Sampler, asked: np.ndarray | None, n: int, seed: int, embedder: Embedder, bar: Progress
) -> Generated:
    """Return the features of samples 0 to n - 1 of a seed, of the classes asked for, int64 (n,) or None."""
    import torch

    parts = []
    with bar.track("Making", n, "sample") as advance:
        for start in range(0, n, CHUNK):
            numbers = range(start, min(start + CHUNK, n))
            y = None if asked is None else torch.from_numpy(asked[start : numbers.stop])
            parts.append(embedder(sampler(sampler.latents(seed, numbers, y), y)))
            advance(len(numbers))
    return Generated(joined(parts), asked)


def classes_for(sampler: Sampler, images: Images, n: int, seed: int) -> np.ndarray | None:
    """Return the classes, int64 (n,), to ask a conditional model for; None for an unconditional one.

    They are drawn as often as they are among the images, or in turn where the images have other classes.
    """
    if not sampler.conditional:
        return None
    if images.labels is None or images.classes != sampler.spec.classes:
        return np.arange(n) % len(sampler.spec.classes)
    return np.random.default_rng(seed).choice(images.labels, n)


def choose_metrics(names: Sequence[str], available: frozenset[str]) -> dict[str, Metric]:
    """Return by name the metrics named, or all whose needs are available; raises UsageError where one's are not."""
    metrics = {name: _metric(name) for name in names or [entry.name for entry in registry().listing("metric")]}
    for name, metric in metrics.items():
        if names and (lacking := sorted(metric.needs - available)):
            raise UsageError(f"Metric {clean(name)} needs {WANTED.get(lacking[0], lacking[0])}.")
    return {name: metric for name, metric in metrics.items() if metric.needs <= available}


def _metric(name: str) -> Metric:
    metric = registry().find("metric", name).load()()
    if not isinstance(metric, Metric):
        raise UsageError(f"'{clean(name)}' is registered as a metric, and is none.")
    return metric


class MetricWarning(UserWarning):
    """A metric that was not asked for by name cannot be taken of these images."""


def measure(
    metrics: Mapping[str, Metric], generated: Generated, real: Reference, *, asked: bool = True
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return all figures by name, and which direction of each is better, "lower" or "higher".

    A metric that cannot be taken raises GanError, or if it was not `asked` for gives a MetricWarning. Raises GanError
    where a figure is not finite.
    """
    figures: dict[str, Any] = {}
    better: dict[str, str] = {}
    for name, metric in metrics.items():
        try:
            taken = metric.measure(generated, real)
        except GanError as error:
            if asked:
                raise
            warnings.warn(f"No {clean(name)}: {error.message}", MetricWarning, stacklevel=2)
            continue
        for figure, direction in metric.better.items():
            if not np.isfinite(taken[figure]):
                raise GanError(f"Metric {clean(name)} gives no finite {clean(figure)} of these images.")
            better[figure] = direction
        figures |= taken
    return figures, better


keep_old_names(globals())
