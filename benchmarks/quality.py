"""Equal time for everybody: games of gancli, the plain tutorial loop and copied scripts on any data, under one judge.

    uv run python benchmarks/quality.py judge DATA --size 32 --out judge.safetensors
    uv run python benchmarks/quality.py run DATA judge.safetensors --size 32 --time 240 --seeds 0,1,2 --out results/ \\
        "dcgan: --preset dcgan" "augmented: --preset dcgan --augment color,translation" tutorial
    uv run python benchmarks/quality.py score DATA judge.safetensors --size 32 TEST_DATA samples.npz

A competitor is `name: words`, what a user types after `gan train DATA`; or `tutorial`; or `copied-dcgan` and the like
(MNIST only).  They train one after another, seed by seed, nothing beside them; then every one makes the same number of
samples, and all are judged alike: a table with the median and the range over the seeds, `table.md`, and a grid of each.
What is in the folder already is kept, so that a run can be stopped and continued.  A file of samples holds `images`,
uint8, and `labels` where classes were asked for.
"""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median

import numpy as np
import torch

from gancli.base.errors import GanError
from gancli.config.config import Config
from gancli.config.layers import resolve
from gancli.generation import pictures as pictures
from gancli.metrics import classifier, formulas

HERE, MOST, GRID = Path(__file__).parent, 10_000, 100
SPEED = {"steps": "{:,.0f}", "rate": "{:,.0f}", "real": "{:.2f}", "fake": "{:.2f}"}
FIGURES = {"fid": "{:.2f}", "precision": "{:.2f}", "recall": "{:.2f}", "coverage": "{:.2f}"}
HEAD = """\
| | steps | images/s | D(x) | D(G(z)) | FID | precision | recall | coverage | share of each class, % | as asked |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: |"""


def load(source, size):
    """Return the images of the data, with labels."""
    sizes = {"data.size": size} if size else {}
    return resolve([Config("benchmark", {"data.source": source, **sizes})]).settings.data.load()


class Bench:
    """A classifier of the data, and what it thinks of the real images, taken once for all competitors."""

    def __init__(self, judge, real):
        self.judge, self.classes = classifier.load(judge), len(real.classes)
        features, _ = classifier.embed(self.judge, real.pixels[:])
        self.moments = formulas.moments(features)
        self.real = features[np.random.default_rng(0).permutation(len(features))[:MOST]]

    def score(self, images, asked=None):
        """Return the figures of uint8 images (N, C, H, W); `asked` are the classes that were asked for, if any."""
        features, seen = classifier.embed(self.judge, images)
        precision, recall = formulas.precision_recall(self.real, features[:MOST])
        _, coverage = formulas.density_coverage(self.real, features[:MOST])
        return {
            "fid": formulas.frechet_distance(self.moments, formulas.moments(features)),
            "precision": precision,
            "recall": recall,
            "coverage": coverage,
            "shares": formulas.class_shares(seen, self.classes).tolist(),
            **({} if asked is None else {"asked": float((seen == asked).mean())}),
        }


def python(*words):
    """Run a Python command and return what it printed."""
    return subprocess.run([sys.executable, *map(str, words)], check=True, stdout=subprocess.PIPE, text=True).stdout


def train(name, words, seed, options):
    """Train one competitor with one seed, unless that was done; leave its samples and how fast it was."""
    place = options.out / f"{name}-{seed}"
    if not kept(place, ".json").exists():
        print(f"{name}, seed {seed} ...", file=sys.stderr)
        speed = ours(place, words, seed, options) if words else theirs(place, name, seed, options)
        kept(place, ".json").write_text(json.dumps(speed))


def kept(place, suffix):
    """Return the file of a training with that suffix; its name may have dots in it."""
    return place.with_name(place.name + suffix)


def ours(place, words, seed, options):
    """Train and sample by the commands a user types; return the steps, images a second and D's last scores."""
    size = ["--size", options.size] if options.size else []
    fixed = ["--time", f"{options.time}s", "--seed", seed, "--display", "none", "--device", options.device]
    folder = place.parent / "runs" / place.name
    where = ["--out", folder.parent, "--name", folder.name]
    shutil.rmtree(folder, ignore_errors=True)  # what a run that was stopped has left
    python("-m", "gancli", "train", options.data, *size, *shlex.split(words), *fixed, *where)
    python("-m", "gancli", "sample", folder, "-n", options.samples, "--out", kept(place, ".npz"), "--force")
    last = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
    scores = {key: last[key] for key in ("real", "fake") if key in last}
    return {"steps": last["step"], "rate": last["images"] / last["seconds"], **scores}


def theirs(place, name, seed, options):
    """Train the tutorial's loop or a copied script; return the steps and images a second."""
    script = ["tutorial_dcgan.py"] if name == "tutorial" else ["copied_scripts.py", "--model", name[7:]]
    size = ["--size", options.size] if options.size and name == "tutorial" else []
    fixed = ["--time", options.time, "--seed", seed, "--samples", options.samples, "--device", options.device]
    printed = python(HERE / script[0], *script[1:], "--data", options.data, *size, *fixed, "--out", f"{place}.npz")
    words = printed.replace(",", "").split()
    return {"steps": int(words[words.index("steps") - 1]), "rate": float(words[words.index("images/s") - 1])}


def read(path):
    """Return the images (N, C, H, W) of a file of samples, and the classes asked for or None."""
    with np.load(path) as file:
        images, labels = file["images"], file.get("labels")
    images = images[:, None] if images.ndim == 3 else images
    images = images.transpose(0, 3, 1, 2) if images.shape[-1] in (1, 3, 4) else images
    return np.ascontiguousarray(images), labels


def judged(path, bench):
    """Return the figures of a file of samples."""
    return bench.score(*read(path))


def grid(path):
    """Draw the first samples of a file beside it."""
    images, _ = read(path)
    pictures.save(Path(f"{str(path).removesuffix('.npz')}.png"), pictures.grid(images[:GRID], 10))


def row(name, found):
    """Return one row of the table: medians, and the range where there are several seeds."""
    cells = [name]
    for key, form in (SPEED | FIGURES).items():
        values = sorted(f[key] for f in found if key in f)
        ranged = len(values) > 1 and key in FIGURES
        spread = f" ({form.format(values[0])} to {form.format(values[-1])})" if ranged else ""
        cells.append(form.format(median(values)) + spread if values else "")
    shares = np.mean([f["shares"] for f in found], 0)
    asked = [f["asked"] for f in found if "asked" in f]
    cells += [" ".join(f"{100 * share:.0f}" for share in shares), f"{median(asked):.1%}" if asked else ""]
    return f"| {' | '.join(cells)} |"


def run(options):
    """Train all competitors, judge them, print the table."""
    options.out.mkdir(parents=True, exist_ok=True)
    competitors = dict(text.partition(":")[::2] for text in options.competitors)
    if options.size not in {None, "28"} and any(name.startswith("copied-") for name in competitors):
        sys.exit("quality: the copied scripts make images of 28 x 28 only. Leave them out, or --size.")
    seeds = [int(seed) for seed in options.seeds.split(",")]
    for seed in seeds:
        for name, words in competitors.items():
            train(name, words, seed, options)
    bench, rows = Bench(options.judge, load(options.data, options.size)), [HEAD]
    for name in competitors:
        places = [options.out / f"{name}-{seed}" for seed in seeds]
        scored = [json.loads(kept(at, ".json").read_text()) | judged(kept(at, ".npz"), bench) for at in places]
        rows.append(row(name, scored))
        grid(kept(places[0], ".npz"))
    (options.out / "table.md").write_text("\n".join([*rows, ""]))
    print("\n".join(rows))


def score(options):
    """Judge files of samples, .npz, and other real images beside them."""
    bench = Bench(options.judge, load(options.data, options.size))
    print(HEAD)
    for source in options.samples:
        if source.endswith(".npz"):
            print(row(Path(source).stem, [judged(Path(source), bench)]))
        else:
            real = load(source, options.size)
            print(row(f"real, {source}", [bench.score(real.pixels[:], real.labels)]))


def judge(options):
    """Train the judge: a classifier of the data."""
    data = load(options.data, options.size)
    other = load(options.test, options.size) if options.test else None
    made = classifier.train_classifier(
        data.pixels[:],
        data.labels,
        len(data.classes),
        epochs=options.epochs,
        seed=0,
        test=other and (other.pixels[:], other.labels),
    )
    classifier.save(made, options.out)
    print(f"{options.out}: {made.test_accuracy:.2%} right on images that it was not trained on")


def main():
    """Read the command line, and act."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    learn, play, look = (verbs.add_parser(act.__name__, help=act.__doc__) for act in (judge, run, score))
    for verb, act in ((learn, judge), (play, run), (look, score)):
        verb.add_argument("data", help="what `gan train` takes")
        verb.add_argument("--size", help="size of the images, where not their own")
        verb.set_defaults(act=act)
    learn.add_argument("--test", help="images to test it on, if they are not to be held out of the data")
    learn.add_argument("--epochs", type=float, default=6)
    learn.add_argument("--out", type=Path, default=Path("judge.safetensors"))
    play.add_argument("judge", type=Path)
    play.add_argument("competitors", nargs="+", metavar="NAME[: WORDS]")
    play.add_argument("--time", type=int, default=240, help="seconds of training for each (240)")
    play.add_argument("--samples", type=int, default=10_000)
    play.add_argument("--seeds", default="0", help="with commas between (0)")
    play.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    play.add_argument("--out", type=Path, default=Path("results"))
    look.add_argument("judge", type=Path)
    look.add_argument("samples", nargs="+", help="files of samples, and what `gan train` takes")
    options = parser.parse_args()
    try:
        options.act(options)
    except GanError as error:
        sys.exit(f"quality: {error}")


if __name__ == "__main__":
    main()
