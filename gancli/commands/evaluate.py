"""`gan evaluate`: figures of a model's images against real ones."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gancli.base.errors import Exit
from gancli.base.text import clean, plural
from gancli.commands.generating import trained_model
from gancli.runs import finding
from gancli.telemetry.labels import number_text

if TYPE_CHECKING:
    from rich.table import Table

    from gancli.extractors.contract import Extractor
    from gancli.generation.model import TrainedModel
    from gancli.runs.evaluations import Evaluation
    from gancli.runs.run import Run

COLUMNS = 5
CLASSES = 20  # of a histogram
BAR = 24


@click.command("evaluate")
@click.argument("model", metavar="[RUN|CKPT]", required=False)
@click.option("--data", "source", metavar="SOURCE", help="Real images to compare with.  [those it was trained on]")
@click.option("--metrics", metavar="NAME,...", default="", help="See `gan list metrics`.  [all that can be taken]")
@click.option(
    "--extractor",
    metavar="NAME[:SOURCE]",
    help="What looks at the images: classifier, random, inception, file:PATH.  [classifier with classes, else random]",
)
@click.option("-n", "count", type=click.IntRange(10, 10_000_000), default=10_000, show_default=True, help="Samples.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Seed of the latents.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps.")
@click.option("--download", is_flag=True, help="Fetch the extractor's weights if they are not there yet.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(
    model: str | None,
    source: str | None,
    metrics: str,
    extractor: str | None,
    count: int,
    seed: int,
    device: str,
    download: bool,
    as_json: bool,
) -> int:
    """Measure how good the images of a run or checkpoint are; the newest run when left out.

    Figures are comparable only under the same extractor, number of samples and real images: they are kept in the
    run, and shown beside those of its other checkpoints on the same terms.
    """
    generator = trained_model(model, device)

    from gancli.extractors.contract import find

    chosen = find(extractor, download=download) if extractor else None
    names = [name.strip() for name in metrics.split(",") if name.strip()]
    evaluation = _evaluate(generator, source, chosen, names, count, seed)
    others = _kept_beside(evaluation, finding.run_of(generator.path))
    if as_json:
        earlier = [other.document() for other in others if other.step != evaluation.step]
        document = {"checkpoint": str(generator.path), **evaluation.document(), "earlier": earlier}
        click.echo(json.dumps(document, indent=2))
    else:
        _show(generator.path, evaluation, others)
    return Exit.OK


def _evaluate(
    generator: "TrainedModel",
    source: str | None,
    extractor: "Extractor | None",
    metrics: list[str],
    count: int,
    seed: int,
) -> "Evaluation":
    """Measure `count` samples against the images of the source, or those of the run; notes go to stderr."""
    from gancli.evaluation.procedure import evaluate, real_images
    from gancli.terminal.progress import show_progress

    real = real_images(generator, source, show_progress(), trusted=finding.run_of(generator.path) is not None)
    for note in real.notes_for(count):
        click.echo(f"Note: {note}", err=True)
    return evaluate(generator, real, extractor, metrics, n=count, seed=seed, bar=show_progress())


def _kept_beside(evaluation: "Evaluation", home: "Run | None") -> "list[Evaluation]":
    """Keep the evaluation in the run of the checkpoint, if there is one; return all of the run on the same terms."""
    from gancli.runs import evaluations

    if home is None:
        return [evaluation]
    evaluations.add(home, evaluation)
    return evaluations.comparable(evaluations.read(home), evaluation)


def _show(path: Path, evaluation: "Evaluation", others: "list[Evaluation]") -> None:
    from rich.console import Console

    right = "" if evaluation.accuracy is None else f" ({evaluation.accuracy:.1%} right on real images held out)"
    click.echo(f"{clean(path)}, step {evaluation.step:,}")
    click.echo(f"{plural(evaluation.n, 'sample')} (seed {evaluation.seed}) against {clean(evaluation.reference)}")
    click.echo(f"seen by extractor {clean(evaluation.extractor)}{right}\n")
    Console(highlight=False).print(figures_table(evaluation, others))
    for line in [*_histogram(evaluation), *_nearest(evaluation)]:
        click.echo(line)


def figures_table(evaluation: "Evaluation", others: "list[Evaluation]") -> "Table":
    """Return a table of the figures of one evaluation and of others on the same terms, a column each, by step."""
    from rich.table import Table
    from rich.text import Text

    earlier = [other for other in others if other.step != evaluation.step][1 - COLUMNS :]
    columns = sorted([*earlier, evaluation], key=lambda column: column.step)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for column in columns:
        table.add_column(Text(f"step {column.step:,}"), justify="right", style="bold" if column is evaluation else "")
    table.add_column("better", style="dim")
    for name, direction in evaluation.better.items():
        values = [number_text(column.shown[name]) if name in column.shown else "-" for column in columns]
        table.add_row(Text(clean(name)), *map(Text, values), Text(clean(direction)))
    return table


def _histogram(evaluation: "Evaluation") -> list[str]:
    """Return a line for each class: a bar, its share of the samples, and its share of the real images."""
    shares, real = (evaluation.figures.get(name) for name in ("shares", "real_shares"))
    names = evaluation.figures.get("names")
    if not (shares and real and names) or len(shares) > CLASSES:
        return []
    width, top = max(len(clean(name)[:32]) for name in names), max(*shares, *real)
    bars = [
        f"  {clean(name)[:32]:<{width}}  {'█' * round(BAR * share / top):<{BAR}}  {share:6.1%}  real {real_share:6.1%}"
        for name, share, real_share in zip(names, shares, real, strict=True)
    ]
    return ["", "Classes:", *bars]


def _nearest(evaluation: "Evaluation") -> list[str]:
    """Return a line on the sample that comes closest to a training image; none where that was not measured."""
    pairs = evaluation.figures.get("nearest")
    if not pairs:
        return []
    sample, image, ratio = (pairs[0][key] for key in ("sample", "image", "ratio"))
    return ["", f"Closest: sample {sample:,} to training image {image:,}, {ratio:.2f} times as far as to any other."]
