"""Whether figures tell what is wrong with images: real ones, damaged in known ways, under each extractor.

    python benchmarks/extractors.py SOURCE [--extractors classifier,random] [-n 5000] [--limit 20000] [--json]

The images of SOURCE are halved at random. One half is the reference; n of the other are evaluated as if a model had
made them: as they are, blurred, shifted, noisy, without one class, one of them repeated; and, for memorisation, n of
the reference itself with a little noise. Every row should be worse than the first in the figure it is about.
"""

import argparse
import json
from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional as F

from gancli.config.config import Config
from gancli.config.layers import resolve
from gancli.evaluation.measuring import choose_metrics, measure
from gancli.evaluation.references import measure_reference
from gancli.extractors.contract import find
from gancli.extractors.embedder import open_embedder
from gancli.metrics.contract import Generated
from gancli.terminal.progress import show_progress

SHOWN = ("fid", "kid", "precision", "recall", "density", "coverage", "modes", "novelty", "copied", "duplicates")


def blurred(pixels, sigma=1.0):
    """Images blurred by a Gaussian of so many pixels."""
    reach = torch.arange(-4.0, 5.0)
    line = torch.exp(-(reach**2) / (2 * sigma**2))
    kernel = (line[:, None] * line / line.sum() ** 2).expand(pixels.shape[1], 1, 9, 9)
    padded = F.pad(torch.from_numpy(pixels).float(), (4, 4, 4, 4), mode="replicate")
    return F.conv2d(padded, kernel, groups=pixels.shape[1]).round().byte().numpy()


def noisy(pixels, size, seed=0):
    """Images with Gaussian noise of so many gray levels."""
    noise = np.random.default_rng(seed).normal(0, size, pixels.shape)
    return (pixels + noise).clip(0, 255).round().astype(np.uint8)


def damages(real, reference):
    """Names and what stands for a model's images, made of n real ones and of the reference."""
    pixels, n = real.pixels[:], len(real)
    yield "real, the other half", pixels
    yield "blurred by 1 pixel", blurred(pixels)
    yield "shifted by 2 pixels", np.roll(pixels, 2, axis=3)
    yield "noise of 16 gray levels", noisy(pixels, 16)
    yield "nothing but noise", np.random.default_rng(0).integers(0, 256, pixels.shape, dtype=np.uint8)
    if real.labels is not None:
        kept = np.flatnonzero(real.labels != 0)
        yield "without the first class", pixels[np.resize(kept, n)]
    yield "one image, repeated", pixels[np.zeros(n, int)]
    yield "training images by heart", noisy(reference.pixels[np.arange(min(n, len(reference)))], 2)


def halves(images, n):
    """A random half as reference, and n images of the other."""
    order = np.random.default_rng(0).permutation(len(images))
    first, second = order[: len(order) // 2], order[len(order) // 2 :][:n]
    return part(images, first), part(images, second)


def part(images, numbers):
    """Some of the images, as a set of their own."""
    labels = None if images.labels is None else images.labels[numbers]
    return replace(images, pixels=images.pixels[numbers], labels=labels, digest="", numbers=None)


def table(images, name, n):
    """The identity of an extractor, its accuracy, and the figures of each damage."""
    reference, real = halves(images, n)
    embedder = open_embedder(find(name), reference, torch.device("cpu"), show_progress())
    facts = measure_reference(reference, embedder, show_progress())
    have = frozenset({"training"} | ({"classes"} if embedder.classes else set()))
    rows = {
        damage: measure(choose_metrics((), have), Generated(embedder(pixels)), facts)[0]
        for damage, pixels in damages(real, reference)
    }
    return embedder.identity, embedder.accuracy, rows


def main():
    """Print a table for each extractor."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("--extractors", default="classifier,random")
    parser.add_argument("-n", type=int, default=5000)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    asked = {"data.source": options.source, **({"data.limit": options.limit} if options.limit else {})}
    images = resolve([Config("options", asked)]).settings.data.load(show_progress())
    for name in options.extractors.split(","):
        identity, accuracy, rows = table(images, name, options.n)
        if options.json:
            print(json.dumps({"extractor": identity, "accuracy": accuracy, "rows": rows}))
            continue
        right = "" if accuracy is None else f", {accuracy:.2%} right"
        print(f"\n{identity}{right}; {options.n:,} images against {len(images) // 2:,}")
        figures = [figure for figure in SHOWN if figure in rows["real, the other half"]]
        print(f"| {'':<25} | " + " | ".join(f"{figure:>10}" for figure in figures) + " |")
        print("|" + "---|" * (1 + len(figures)))
        for damage, found in rows.items():
            print(f"| {damage:<25} | " + " | ".join(f"{found[figure]:10.4g}" for figure in figures) + " |")


if __name__ == "__main__":
    main()
