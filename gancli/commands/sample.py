"""`gan sample`: images from a trained generator."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gancli.base.errors import Exit
from gancli.base.text import clean, plural
from gancli.commands.generating import GeneratingCommand, model_of
from gancli.generation.targets import PICTURES, check_target

if TYPE_CHECKING:
    import numpy as np

    from gancli.generation.model import TrainedModel
    from gancli.generation.writing import Chunk

CHUNK = 4096  # images made and written at a time


@click.command("sample", cls=GeneratingCommand)
@click.argument("model", metavar="[RUN|CKPT]", required=False)
@click.option("-n", "count", type=click.IntRange(1, 10_000_000), default=64, show_default=True, help="How many images.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Seed of the latents.")
@click.option("--class", "classes", metavar="NAME,...", help="Classes to ask for, in turn; default: all in turn.")
@click.option("--out", metavar="FILE|DIR", help="A grid (.png, .jpg, .webp), an array (.npz), or a folder of PNGs.")
@click.option("--columns", type=click.IntRange(1), help="Columns of the grid.  [as square as it gets]")
@click.option("--data", "source", metavar="SOURCE", help="What images of images are made of.  [the run's own images]")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps.")
@click.option("--show", is_flag=True, help="Draw them in the terminal; Enter draws the next ones.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.pass_context
def command(ctx: click.Context, /, **words: Any) -> int:
    """Make images with the averaged generator of a run or checkpoint; the newest run when left out.

    Image number i of a seed is always the same, however many are made. With a model, --help also lists what can be
    asked of it.
    """
    from gancli.generation.writing import check_grid, joined, write

    count, out = words["count"], words["out"]
    target = None if words["show"] and out is None else Path(out or "samples.png")
    if target is not None:
        check_target(target, (*PICTURES, ".npz", ""), force=words["force"] or out is None)

    generator = model_of(ctx, words["model"])
    names = generator.split_classes(words["classes"])
    columns = words["columns"] or _columns(generator, names, count)
    if words["show"] or (target is not None and target.suffix.lower() in PICTURES):
        check_grid(target or "The grid", generator.spec.shape, count, columns)
    chunks: Iterable[Chunk] = make(generator, names, range(count), words["seed"])
    if words["show"]:
        chunks = list(chunks)
    if target is not None:
        write(target, chunks, count, columns)
        click.echo(f"{plural(count, 'image')} of step {generator.header.step:,} in {clean(target)}")
    if words["show"]:
        _show(generator, names, count, words["seed"], columns, joined(chunks))
    return Exit.OK


def make(generator: "TrainedModel", names: list[str], numbers: range, seed: int) -> "Iterator[Chunk]":
    """The images with these numbers, and their classes, some at a time."""
    for start in range(numbers.start, numbers.stop, CHUNK):
        part = range(start, min(start + CHUNK, numbers.stop))
        y = generator.classes(names, len(part), start)
        yield generator(generator.latents(seed, part, y), y), None if y is None else y.numpy()


def _columns(generator: "TrainedModel", names: list[str], count: int) -> int:
    """Those that suit what is asked for, else columns of one class each."""
    from gancli.generation import pictures

    if asked := generator.sampling.columns(generator.arch):
        return asked
    kinds = len(names) or (len(generator.spec.classes) if generator.conditional else 1)
    return pictures.columns(kinds, count)


def _show(
    generator: "TrainedModel", names: list[str], count: int, seed: int, columns: int, pixels: "np.ndarray"
) -> None:
    """Draw grids in the terminal, the next ones at each Enter; only the first where nobody is there to press it."""
    from gancli.generation import pictures
    from gancli.generation.writing import joined
    from gancli.terminal.blocks import show

    start = 0
    while True:
        show(pictures.grid(pixels, columns))
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            return
        try:
            if click.prompt("Enter for the next ones, q to end", default="", show_default=False).strip().lower() == "q":
                return
        except click.Abort:
            return
        start += count
        pixels = joined(make(generator, names, range(start, start + count), seed))
