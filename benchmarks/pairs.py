"""Every pair of built-in architecture and loss, each for the same CPU time on the embedded digits: a table and a sheet.

    OMP_NUM_THREADS=1 uv run python benchmarks/pairs.py --time 60 --out pairs/ [--jobs 2]
    OMP_NUM_THREADS=1 uv run python benchmarks/pairs.py --time 60 --out pairs/ --only resnet+hinge --set optim.lr=1e-3

Networks are narrow; settings else are what the pair itself suggests.  A classifier of these digits, trained once,
judges 2,000 samples of each; beside them stand digits of another seed.  What is in the folder already is kept.
"""

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from quality import Bench

from gancli.base.errors import GanError
from gancli.config.config import Config
from gancli.config.layers import resolve
from gancli.data.digits import Digits
from gancli.generation import pictures
from gancli.metrics import classifier
from gancli.plugins.registry import BUILT_IN, registry
from gancli.training.trainer import Trainer

CLASSES, SHOWN = 10, 25
NARROW = {"dcgan": {"arch.width": 16}, "resnet": {"arch.width": 8}}
HEAD = """\
| pair | steps | FID | precision | recall | coverage | digits | D(x) | D(G(z)) |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""


def pairs():
    """Yield the names of all pairs of built-in architecture and loss."""
    names = {
        kind: [e.name for e in registry().listing(kind) if e.package == BUILT_IN] for kind in ("architecture", "loss")
    }
    return [f"{arch}+{loss}" for arch in names["architecture"] for loss in names["loss"]]


def train(pair, options):
    """Train one pair until its CPU time is up; leave its samples and its last statistics in the folder."""
    torch.set_num_threads(1)
    arch, loss = pair.split("+")
    given = {"arch.name": arch, "loss.name": loss, **NARROW.get(arch, {}), **dict(s.split("=") for s in options.set)}
    fixed = {"steps": 10**9, "sample_every": "0", "device": "cpu", "seed": options.seed}
    try:
        settings = resolve([Config("benchmark", {**fixed, **given})]).settings
        trainer, begun = Trainer(settings, settings.data.load()), time.process_time()
        for tick in trainer:  # noqa: B007
            if time.process_time() - begun >= options.time:
                trainer.stop()
    except GanError as error:
        return save(options.out / pair, {"error": str(error)})
    np.savez_compressed(options.out / f"{pair}.npz", images=samples(trainer, options.samples))
    return save(options.out / pair, {"step": tick.step, **tick.statistics})


def save(path, found):
    """Write what was found out about a pair."""
    path.with_suffix(".json").write_text(json.dumps(found))


@torch.no_grad()
def samples(trainer, count):
    """Return uint8 images (count, C, H, W) of the averaged generator, the classes in turn."""
    arch, device = trainer.arch, trainer.device
    z = arch.noise(count, torch.Generator(device).manual_seed(0))
    y = torch.arange(count) % CLASSES if trainer.conditional else None
    networks, sampling = trainer.average.networks, arch.sampling()
    return np.concatenate([
        pictures.to_uint8(arch.generate(networks, z[i : i + 100], None if y is None else y[i : i + 100], sampling))
        for i in range(0, count, 100)
    ])  # fmt: skip


def referee(path):
    """Return a judge of the digits, trained where there is none yet."""
    real = Digits(name="digits").load()
    if not path.exists():
        classifier.save(classifier.train_classifier(real.pixels, real.labels, CLASSES, epochs=4, seed=0), path)
    return Bench(path, real)


def row(name, pixels, found, bench):
    """Return one row of the table."""
    figures = bench.score(pixels)
    modes = sum(share > 0.02 for share in figures["shares"])
    scores = [f"{found[key]:.2f}" if key in found else "" for key in ("real", "fake")]
    cells = [f"{figures[key]:.2f}" for key in ("fid", "precision", "recall", "coverage")]
    return f"| {' | '.join([name, str(found.get('step', '')), *cells, str(modes), *scores])} |"


def sheet(names, options):
    """Draw samples of every pair, an architecture a row and a loss a column."""
    rows, columns = (list(dict.fromkeys(name.split("+")[i] for name in names)) for i in (0, 1))
    side = pictures.grid(np.zeros((SHOWN, 1, 28, 28), np.uint8), 5).shape[0]
    whole = Image.new("L", (len(columns) * (side + 8), len(rows) * (side + 20)))
    for name in names:
        arch, loss = name.split("+")
        corner = columns.index(loss) * (side + 8), rows.index(arch) * (side + 20)
        ImageDraw.Draw(whole).text(corner, name, fill=255)
        if (path := options.out / f"{name}.npz").exists():
            made = pictures.grid(np.load(path)["images"][:SHOWN], 5)
            whole.paste(Image.fromarray(made[..., 0] if made.ndim == 3 else made), (corner[0], corner[1] + 14))
    whole.save(options.out / "pairs.png", optimize=True)


def main():
    """Train what is asked for, judge all there is, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--time", type=float, default=60, help="CPU seconds for each (60)")
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="how many at once (1)")
    parser.add_argument("--out", type=Path, default=Path("pairs"))
    parser.add_argument("--only", help="pairs, with commas between; an architecture or a loss stands for all its pairs")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of all, optim.lr=1e-3"
    )
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    wanted = options.only.split(",") if options.only else pairs()
    todo = [pair for pair in pairs() if {pair, *pair.split("+")} & set(wanted)]
    bench = referee(options.out / "judge.safetensors")
    with ProcessPoolExecutor(options.jobs) as pool:
        list(pool.map(partial(train, options=options), todo))
    known = [pair for pair in pairs() if (options.out / f"{pair}.json").exists()]
    others = Digits(name="digits", seed=1, count=options.samples).load().pixels
    lines = [HEAD, row("real, another seed", others, {}, bench)]
    for pair in known:
        found = json.loads((options.out / f"{pair}.json").read_text())
        lines.append(
            f"| {pair} | {found['error']} |"
            if "error" in found
            else row(pair, np.load(options.out / f"{pair}.npz")["images"], found, bench)
        )
    (options.out / "table.md").write_text("\n".join(lines) + "\n")
    sheet(known, options)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
