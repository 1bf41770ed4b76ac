"""The rules of metrics and extractors."""

import math

import numpy as np
import torch

from gancli.base.progress import Progress
from gancli.metrics.contract import Features, Generated, Reference
from gancli.testing.contract import Broken, Case
from gancli.testing.training import pictures

COUNT, WIDTH, CLASSES = 60, 8, 2


def lends(case: Case) -> None:
    """Raise Broken unless an extractor gives the same finite features (N, D) of the same images in any batch."""
    extractor, data = case.entry.load()(name=case.entry.name, source=case.source or ""), pictures((32, 32))
    network = extractor.open(data, torch.device("cpu"), Progress()).eval()
    pixels = torch.from_numpy(np.asarray(data.pixels[:]))
    with torch.no_grad():
        whole, part = network(pixels), network(pixels[:4])
    if whole.dim() != 2 or len(whole) != len(pixels):
        raise Broken(f"Its features are of shape {tuple(whole.shape)}, not ({len(pixels)}, D).")
    if not whole.isfinite().all() or not torch.allclose(whole[:4], part, atol=1e-3):
        raise Broken("Its features are not finite, or differ with the images beside them. Is it in eval mode?")


def measures(case: Case) -> None:
    """Raise Broken unless a metric gives a finite float for each figure it names, the same for the same images."""
    metric = case.entry.load()()
    rows = np.random.default_rng(0).normal(size=(2, COUNT, WIDTH)).astype(np.float32)
    classes = np.arange(COUNT) % CLASSES
    generated = Generated(Features(rows[0], classes), classes)
    mean, covariance = rows[1].mean(0, np.float64), np.cov(rows[1].astype(np.float64), rowvar=False)
    real = Reference(COUNT, mean, covariance, Features(rows[1], classes), np.arange(COUNT), ("A", "B"))
    first, again = metric.measure(generated, real), metric.measure(generated, real)
    for name in metric.better:
        if not isinstance(first.get(name), float) or not math.isfinite(first[name]):
            raise Broken(f"Figure {name} is {first.get(name)!r}, no finite float.")
        if first[name] != again[name]:
            raise Broken(f"Figure {name} differs from one time to the next. Seed what is random in it.")
    if not metric.better:
        raise Broken("It names no figure. Say in `better` which way each is better.")
