"""Equal time for everybody: games of gancli, the plain tutorial loop and copied scripts on any data, under one judge.

    uv run python benchmarks/quality.py judge DATA --size 32 --out judge.safetensors
    uv run python benchmarks/quality.py run DATA judge.safetensors --size 32 --time 240 --seeds 0,1,2 --out results/ \\
        "dcgan: --preset dcgan" "augmented: --preset dcgan --augment color,translation" tutorial

A competitor is `name: words`, what a user types after `gan train DATA`; or `tutorial`; or `copied-dcgan` and the like
(MNIST only).  They train one after another, seed by seed, nothing beside them; then every one makes the same number of
samples, and all are judged alike: a table with the median and the range over the seeds, `table.md`, and a grid of each.
What is in the folder already is kept, so that a run can be stopped and continued.
"""

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path
from statistics import median

import numpy as np
import torch

from gancli import images as pictures
from gancli.config import Config, resolve
from gancli.metrics import classifier, figures

HERE, MOST, GRID = Path(__file__).parent, 10_000, 100
COLUMNS = ("fid", "precision", "recall", "coverage", "entropy", "asked")
HEAD = """\
| | seeds | steps | images/s | FID | precision | recall | coverage | entropy of the classes | as asked |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""


def load(options):
    """Return the images of the data, with labels."""
    sizes = {"data.size": options.size} if options.size else {}
    return resolve([Config("benchmark", {"data.source": options.data, **sizes})]).settings.data.load()


class Bench:
    """A classifier of the data, and what it thinks of the real images, taken once for all competitors."""

    def __init__(self, judge, real):
        self.judge, self.classes = classifier.load(judge), len(real.classes)
        features, _ = classifier.embed(self.judge, real.pixels)
        self.moments = figures.moments(features)
        self.real = features[np.random.default_rng(0).permutation(len(features))[:MOST]]

    def score(self, images, asked=None):
        """Return the figures of uint8 images (N, C, H, W); `asked` are the classes that were asked for, if any."""
        features, seen = classifier.embed(self.judge, images)
        precision, recall = figures.precision_recall(self.real, features[:MOST])
        density, coverage = figures.density_coverage(self.real, features[:MOST])
        return {
            "fid": figures.frechet_of_moments(self.moments, figures.moments(features)),
            "precision": precision,
            "recall": recall,
            "density": density,
            "coverage": coverage,
            "entropy": figures.entropy(figures.class_shares(seen, self.classes)),
            **({} if asked is None else {"asked": float((seen == asked).mean())}),
        }


def python(*words):
    """Run a Python command and return what it printed."""
    return subprocess.run([sys.executable, *map(str, words)], check=True, stdout=subprocess.PIPE, text=True).stdout


def train(name, words, seed, options):
    """Train one competitor with one seed, unless that was done; leave its samples and how fast it was."""
    place = options.out / f"{name}-{seed}"
    if not place.with_suffix(".json").exists():
        print(f"{name}, seed {seed} ...", file=sys.stderr)
        speed = ours(place, words, seed, options) if words else theirs(place, name, seed, options)
        place.with_suffix(".json").write_text(json.dumps(speed))


def ours(place, words, seed, options):
    """Train and sample by the commands a user types; return the steps and images a second."""
    size = ["--size", options.size] if options.size else []
    fixed = ["--time", f"{options.time}s", "--seed", seed, "--display", "none", "--device", options.device]
    folder = place.parent / "runs" / place.name
    where = ["--out", folder.parent, "--name", folder.name]
    python("-m", "gancli", "train", options.data, *size, *shlex.split(words), *fixed, *where)
    python("-m", "gancli", "sample", folder, "-n", options.samples, "--out", place.with_suffix(".npz"))
    last = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
    return {"steps": last["step"], "rate": last["images"] / last["seconds"]}


def theirs(place, name, seed, options):
    """Train the tutorial's loop or a copied script; return the steps and images a second."""
    script = ["tutorial_dcgan.py"] if name == "tutorial" else ["copied_scripts.py", "--model", name[7:]]
    size = ["--size", options.size] if options.size and name == "tutorial" else []
    fixed = ["--time", options.time, "--seed", seed, "--samples", options.samples, "--device", options.device]
    printed = python(HERE / script[0], *script[1:], "--data", options.data, *size, *fixed, "--out", f"{place}.npz")
    words = printed.replace(",", "").split()
    return {"steps": int(words[words.index("steps") - 1]), "rate": float(words[words.index("images/s") - 1])}


def judged(name, seed, options, bench):
    """Return the speed and the figures of one training; draw its grid."""
    place = options.out / f"{name}-{seed}"
    with np.load(f"{place}.npz") as file:
        images, labels = file["images"], file.get("labels")
    images = images.transpose(0, 3, 1, 2) if images.shape[-1] in (1, 3) else images
    pictures.save(place.with_suffix(".png"), pictures.grid(images[:GRID], 10))
    return {**json.loads(place.with_suffix(".json").read_text()), **bench.score(np.ascontiguousarray(images), labels)}


def row(name, found):
    """Return one row of the table: medians, and the range where there are several seeds."""
    cells = [
        name,
        str(len(found)),
        f"{median(f['steps'] for f in found):,.0f}",
        f"{median(f['rate'] for f in found):,.0f}",
    ]
    for key in COLUMNS:
        values = sorted(f[key] for f in found if key in f)
        spread = f" ({values[0]:.2f} to {values[-1]:.2f})" if len(values) > 1 else ""
        cells.append(f"{median(values):.2f}{spread}" if values else "")
    return f"| {' | '.join(cells)} |"


def run(options):
    """Train all competitors, judge them, print the table."""
    options.out.mkdir(parents=True, exist_ok=True)
    competitors = dict(text.partition(":")[::2] for text in options.competitors)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    for seed in seeds:
        for name, words in competitors.items():
            train(name, words, seed, options)
    bench = Bench(options.judge, load(options))
    rows = [row(name, [judged(name, seed, options, bench) for seed in seeds]) for name in competitors]
    table = "\n".join([HEAD, *rows])
    (options.out / "table.md").write_text(table + "\n")
    print(table)


def judge(options):
    """Train the judge: a classifier of the data."""
    data = load(options)
    made = classifier.train_classifier(data.pixels, data.labels, len(data.classes), epochs=options.epochs, seed=0)
    classifier.save(made, options.out)
    print(f"{options.out}: {made.test_accuracy:.2%} right on images held out")


def main():
    """Read the command line, and act."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    learn, play = verbs.add_parser("judge", help=judge.__doc__), verbs.add_parser("run", help=run.__doc__)
    for verb in (learn, play):
        verb.add_argument("data", help="what `gan train` takes")
        verb.add_argument("--size", help="size of the images, where not their own")
    learn.add_argument("--epochs", type=float, default=6)
    learn.add_argument("--out", type=Path, default=Path("judge.safetensors"))
    learn.set_defaults(act=judge)
    play.add_argument("judge", type=Path)
    play.add_argument("competitors", nargs="+", metavar="NAME[: WORDS]")
    play.add_argument("--time", type=int, default=240, help="seconds of training for each (240)")
    play.add_argument("--samples", type=int, default=10_000)
    play.add_argument("--seeds", default="0", help="with commas between (0)")
    play.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    play.add_argument("--out", type=Path, default=Path("results"))
    play.set_defaults(act=run)
    options = parser.parse_args()
    options.act(options)


if __name__ == "__main__":
    main()
