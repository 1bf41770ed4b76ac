"""One judge for all sample files: figures of generated MNIST digits under the features of a digit classifier.

    python benchmarks/judge.py train MNIST_DIR --out judge.safetensors
    python benchmarks/judge.py score judge.safetensors MNIST_DIR sample.npz [more.npz ...] [--json]
    python benchmarks/judge.py floor judge.safetensors MNIST_DIR [--through 32] [--json]

A sample file holds `images`, uint8 (N, 1, 28, 28), (N, 28, 28) or (N, 28, 28, 1), and optionally `labels`, the
digits that were asked for.  Figures are comparable at equal N and under the same judge only.
"""

import argparse
import gzip
import json
import sys
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from torch.nn import functional as F

from gancli.errors import GanError
from gancli.metrics import classifier, figures

SIDE, DIGITS, MOST = 28, 10, 10_000


def read_idx(path):
    """Return the uint8 array in a gzipped IDX file."""
    with gzip.open(path) as file:
        raw = file.read()
    if raw[:3] != b"\0\0\x08":
        raise GanError(f"{path} is not an IDX file of unsigned bytes.")
    shape = np.frombuffer(raw, ">i4", raw[3], 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape).copy()


def read_mnist(folder, part):
    """Return images (N, 1, 28, 28) and labels (N,), uint8, of part "train" or "t10k"."""
    images, labels = (read_idx(Path(folder) / f"{part}-{name}-ubyte.gz") for name in ("images-idx3", "labels-idx1"))
    return images[:, None], labels


def resize(images, side):
    """Return uint8 images (N, 1, H, W) as (N, 1, side, side): bilinear, antialiased where they shrink."""
    parts = torch.from_numpy(images).split(1000)
    done = [F.interpolate(p.float(), (side, side), mode="bilinear", antialias=True).round() for p in parts]
    return torch.cat(done).clamp_(0, 255).to(torch.uint8).numpy()


def read_samples(path, crop):
    """Return images (N, 1, 28, 28), labels or None, and a note of what was done to the images ("" if nothing)."""
    try:
        with np.load(path, allow_pickle=False) as file:
            images, labels = file["images"], file.get("labels")
    except (ValueError, KeyError, TypeError, BadZipFile) as error:
        raise GanError(f"{path} is not an npz file with `images`.") from error
    if images.ndim == 3:
        images = images[:, None]
    elif images.ndim == 4 and images.shape[-1] == 1:
        images = images.transpose(0, 3, 1, 2)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != 1:
        raise GanError(f"{path}: want uint8 images (N, 1, 28, 28), got {images.dtype} {images.shape}.")
    if labels is not None and labels.shape != images.shape[:1]:
        raise GanError(f"{path}: {len(images)} images, but labels of shape {labels.shape}.")
    images, note = fit(np.ascontiguousarray(images), crop)
    return images, labels, note


def fit(images, crop):
    """Return the images at 28 x 28 and a note of how they got there."""
    height, width = images.shape[2:]
    if (height, width) == (SIDE, SIDE):
        return images, ""
    if crop:
        top, left = (height - SIDE) // 2, (width - SIDE) // 2
        return images[:, :, top : top + SIDE, left : left + SIDE].copy(), f"cropped from {height}x{width}"
    return resize(images, SIDE), f"resized bilinearly from {height}x{width}"


class Bench:
    """The judge and what it thinks of the training images, taken once for all sample files."""

    def __init__(self, judge, folder, through=None):
        self.judge = classifier.load(judge)
        images, _ = read_mnist(folder, "train")
        real, _ = classifier.embed(self.judge, resize(resize(images, through), SIDE) if through else images)
        self.moments = figures.moments(real)
        self.real = real[np.random.default_rng(0).permutation(len(real))[:MOST]]

    def score(self, images, asked=None):
        """Return the figures of images (N, 1, 28, 28), and of how many show the digit asked for."""
        features, digits = classifier.embed(self.judge, images)
        few = features[:MOST]
        precision, recall = figures.precision_recall(self.real, few)
        density, coverage = figures.density_coverage(self.real, few)
        shares = figures.class_shares(digits, DIGITS)
        found = {
            "n": len(images),
            "fid": figures.frechet_of_moments(self.moments, figures.moments(features)),
            "kid": figures.kernel_distance(self.real, features, subsets=50, subset_size=1000, seed=0),
            "precision": precision,
            "recall": recall,
            "density": density,
            "coverage": coverage,
            "shares": shares.tolist(),
            "entropy": figures.entropy(shares),
            "modes": int((shares > 0.01).sum()),
        }
        return found if asked is None else {**found, "asked": float((digits == asked).mean())}


def show(name, found, as_json):
    """Print the figures of one sample file, as one JSON line or as three lines to read."""
    if as_json:
        print(json.dumps({"name": name, **found}))
        return
    note = f"  ({found['note']})" if found.get("note") else ""
    print(f"{name}{note}\n  n {found['n']}  FID {found['fid']:.3f}  KID {found['kid']:.5f}", end="")
    print("".join(f"  {key} {found[key]:.3f}" for key in ("precision", "recall", "density", "coverage")))
    shares = " ".join(f"{digit}:{share:.1%}" for digit, share in enumerate(found["shares"]))
    asked = f"  as asked {found['asked']:.2%}" if "asked" in found else ""
    print(f"  {shares}  entropy {found['entropy']:.3f} of {np.log(DIGITS):.3f}  modes {found['modes']}{asked}")


def train(options):
    """Train the judge on the training digits, save it and print its accuracy on the test digits."""
    judge = classifier.train_classifier(
        *read_mnist(options.mnist, "train"),
        DIGITS,
        seconds=options.time,
        epochs=None if options.time else options.epochs,
        seed=options.seed,
        device=options.device,
        test=read_mnist(options.mnist, "t10k"),
    )
    classifier.save(judge, options.out)
    print(f"{options.out}: test accuracy {judge.test_accuracy:.2%}")


def score(options):
    """Print the figures of sample files."""
    bench = Bench(options.judge, options.mnist, options.through)
    for path in options.samples:
        images, labels, note = read_samples(path, options.crop)
        show(str(path), {**bench.score(images, labels), "note": note}, options.json)


def floor(options):
    """Print what real images get: the test set against the training set, and again after another size and back."""
    bench = Bench(options.judge, options.mnist)
    images, labels = read_mnist(options.mnist, "t10k")
    show("real test images", bench.score(images, labels), options.json)
    for side in options.through or []:
        there_and_back = resize(resize(images, side), SIDE)
        show(f"real test images by way of {side}x{side}", bench.score(there_and_back, labels), options.json)


def parser():
    """Return the parser of the three commands."""
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = top.add_subparsers(required=True)
    learn = verbs.add_parser("train", help="train the judge and print its test accuracy")
    learn.add_argument("mnist", type=Path)
    learn.add_argument("--out", type=Path, default=Path("judge.safetensors"))
    learn.add_argument("--epochs", type=float, default=6, help="passes over the images (6)")
    learn.add_argument("--time", type=float, help="seconds to train for, instead (not repeatable)")
    learn.add_argument("--seed", type=int, default=0)
    learn.add_argument("--device", default="cpu")
    learn.set_defaults(act=train)
    for name, act in (("score", score), ("floor", floor)):
        verb = verbs.add_parser(name, help=act.__doc__)
        verb.add_argument("judge", type=Path)
        verb.add_argument("mnist", type=Path)
        if act is score:
            verb.add_argument("samples", type=Path, nargs="+")
            verb.add_argument("--crop", action="store_true", help="cut out the middle 28 x 28, for padded digits")
            verb.add_argument("--through", type=int, help="resize the training images to this side and back as well")
        else:
            verb.add_argument("--through", type=int, action="append", help="also resize to this side and back")
        verb.add_argument("--json", action="store_true", help="one JSON object a line")
        verb.set_defaults(act=act)
    return top


if __name__ == "__main__":
    options = parser().parse_args()
    try:
        options.act(options)
    except (GanError, OSError) as error:
        sys.exit(f"judge: {error}")
