"""The five presets on MNIST for equal time, beside a plain tutorial loop and widely copied scripts, under one judge.

    uv run python benchmarks/judge.py train MNIST_DIR --out judge.safetensors
    uv run python benchmarks/presets.py MNIST_DIR judge.safetensors --time 240 --out results/ [--baselines]

Trains one after another, nothing beside it, makes 10,000 samples of each, and prints a table in Markdown; the grids
and `table.md` go to the folder.  `--only dcgan,tutorial` trains just these; what is in the folder already is kept.
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from judge import Bench, read_samples

HERE = Path(__file__).parent
PRESETS = ("gan", "dcgan", "cgan", "wgan", "wgan-gp")
BASELINES = ("tutorial", *(f"copied-{name}" for name in PRESETS))


def run(*words):
    """Run a Python command and return what it printed."""
    return subprocess.run([sys.executable, *map(str, words)], check=True, capture_output=True, text=True).stdout


def train_preset(name, options):
    """Train a preset by the command a user types; leave its samples and grid, return its last tick."""
    folder = options.out / "runs" / name
    shared = ["--time", f"{options.time}s", "--seed", options.seed, "--display", "none"]
    run("-m", "gancli", "train", options.mnist, "--preset", name, *shared, "--out", folder.parent, "--name", name)
    run("-m", "gancli", "sample", folder, "-n", options.samples, "--out", options.out / f"{name}.npz")
    shutil.copy(folder / "real-and-generated.png", options.out / f"{name}.png")
    return json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])


def train_baseline(name, options):
    """Train the tutorial loop or a copied script; leave its samples and grid, return its steps and speed."""
    script, model = ("tutorial_dcgan.py", []) if name == "tutorial" else ("copied_scripts.py", ["--model", name[7:]])
    files = ["--out", options.out / f"{name}.npz", "--grid", options.out / f"{name}.png"]
    shared = ["--data", options.mnist, "--time", options.time, "--seed", options.seed, "--samples", options.samples]
    printed = run(HERE / script, *model, *shared, *files).strip().splitlines()[-1]
    print(printed, file=sys.stderr)
    words = printed.replace(",", "").split()
    return {"step": int(words[words.index("steps") - 1]), "rate": float(words[words.index("images/s") - 1])}


def row(name, tick, options, bench):
    """Judge one sample file; return a row of the table."""
    images, labels, note = read_samples(options.out / f"{name}.npz", crop=False)
    found = bench.score(images, labels)
    probability = [f"{tick[key]:.2f}" if key in tick else "" for key in ("real", "fake")]
    rate = tick["images"] / tick["seconds"] if "images" in tick else tick["rate"]
    figures = [f"{found[key]:.2f}" for key in ("fid", "precision", "recall", "coverage")]
    shares = " ".join(f"{100 * share:.0f}" for share in found["shares"])
    asked = f"{found['asked']:.1%}" if "asked" in found else ""
    cells = [name + (" (32 px)" if note else ""), f"{tick['step']:,}", f"{rate:,.0f}", *probability, *figures]
    return "| " + " | ".join([*cells, shares, asked]) + " |"


HEAD = """\
| | steps | images/s | D(x) | D(G(z)) | FID | precision | recall | coverage | share of each digit 0 to 9, % | as asked |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: |"""


def main():
    """Train what is asked for, judge all, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mnist", type=Path)
    parser.add_argument("judge", type=Path)
    parser.add_argument("--time", type=int, default=240, help="seconds of training for each (240)")
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results"))
    parser.add_argument("--only", help="names to train, with commas between")
    parser.add_argument("--baselines", action="store_true", help="the tutorial loop and the copied scripts too")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    names = options.only.split(",") if options.only else [*PRESETS, *(BASELINES if options.baselines else ())]
    for name in names:
        tick = train_preset(name, options) if name in PRESETS else train_baseline(name, options)
        (options.out / f"{name}.json").write_text(json.dumps(tick))
    known = [name for name in (*PRESETS, *BASELINES) if (options.out / f"{name}.json").exists()]
    bench = Bench(options.judge, options.mnist)
    rows = [row(name, json.loads((options.out / f"{name}.json").read_text()), options, bench) for name in known]
    table = "\n".join([HEAD, *rows])
    (options.out / "table.md").write_text(table + "\n")
    print(table)


if __name__ == "__main__":
    main()
