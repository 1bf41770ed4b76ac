"""`gan info`: what a checkpoint, a run or a name is, without torch."""

import json
from pathlib import Path
from typing import Any

import click

from gancli.base.errors import Exit, GanError
from gancli.base.text import clean, plural
from gancli.config import parts
from gancli.config.config import flatten
from gancli.plugins.registry import Entry, registry
from gancli.runs import finding, run
from gancli.runs.checkpoint import Header, read_header


@click.command("info")
@click.argument("name", metavar="RUN|CKPT|NAME", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(name: str | None, as_json: bool) -> int:
    """Show a checkpoint, the newest one of a run, or everything that bears a name; the newest run when left out."""
    entries = registry().named(name) if name and not Path(name).exists() else []
    if entries:
        _show_entries(entries, as_json)
        return Exit.OK
    chosen = _run(name)
    document = _document(chosen) if chosen else {}
    if chosen is None or chosen.checkpoints():
        path = _checkpoint(name)
        document |= summary(path, read_header(path))
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        _show(document)
    return Exit.OK


def _run(name: str | None) -> run.Run | None:
    """Return the run of that name, or the newest for None; None where it is a checkpoint, or there is no such run."""
    if name is not None and Path(name).is_file():
        return None
    try:
        return finding.find_run(name)
    except GanError:
        return None


def _document(chosen: run.Run) -> dict[str, Any]:
    """Return the overview of a run as JSON holds it, its evaluations, and verdicts judged anew from its statistics."""
    from gancli.reports.overview import overview_of
    from gancli.runs import evaluations
    from gancli.telemetry.metrics_file import judged

    verdicts = judged(chosen.metrics)
    steps = [{"step": step, "name": verdict.name} for step, verdict in verdicts]
    measured = [evaluation.document() for evaluation in evaluations.read(chosen)]
    verdict = {**verdicts[-1][1].document(), "held": steps} if verdicts else None
    return {**overview_of(chosen).document(), "evaluations": measured, "verdict": verdict}


def summary(path: Path, header: Header) -> dict[str, Any]:
    """Return the header of a checkpoint, and the size of its file in bytes, under the names that users know."""
    names = {part: flatten(header.settings).get(key, "?") for part, key in parts.SHORT.items()}
    return {
        "checkpoint": str(path),
        "step": header.step,
        "images_seen": header.images_seen,
        "seconds": header.seconds,
        **names,
        "conditional": header.conditional,
        "spec": header.spec.document(),
        "metrics": header.metrics,
        "packages": header.packages,
        "torch": header.torch,
        "size": path.stat().st_size,
        "settings": header.settings,
    }


def _checkpoint(name: str | None) -> Path:
    try:
        return finding.find_checkpoint(name)
    except GanError as error:
        if name is None or "has no checkpoint" in error.message:
            raise
        raise GanError(f"There is no run, checkpoint or registered name '{clean(name)}'.", error.hint) from None


def _show_entries(entries: list[Entry], as_json: bool) -> None:
    documents = [{**vars(entry)} for entry in entries]
    if as_json:
        click.echo(json.dumps(documents, indent=2))
        return
    options = {"architecture": "--arch", "loss": "--loss", "preset": "--preset", "dataset": ""}
    for entry in entries:
        click.echo(
            f"{entry.kind} {clean(entry.name)}: {entry.summary}  [{clean(entry.package)} {clean(entry.version)}]"
        )
        if entry.kind in options:
            click.echo(f"  gan train {options[entry.kind]} {clean(entry.name)} --help".replace("  -", " -"))


def _show(document: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = _run_rows(document) if "run" in document else {}
    if "checkpoint" in document:
        rows |= _checkpoint_rows(document)
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in rows.items():
        table.add_row(Text(clean(name), "bold"), Text(clean(value)))
    for group in ("arch", "loss", "optim") if "settings" in document else ():
        options = {k: v for k, v in dict(document["settings"].get(group, {})).items() if k != "name"}
        text = ", ".join(f"{name} {value}" for name, value in options.items())
        table.add_row(Text(group, "bold"), Text(clean(text)))
    Console(highlight=False, soft_wrap=False).print(table)


def _run_rows(document: dict[str, Any]) -> dict[str, str]:
    """Return the lines on a run by their labels: its state, best figure, newest evaluations and verdicts."""
    rows = {"run": document["run"], "state": f"{document['state']}, at step {document['step']:,}"}
    if document["best"]:
        name, value = next(iter(document["best"].items()))
        rows["best"] = f"{name} {_number(value)} at step {document['best']['step']:,} ({document['best']['extractor']})"
    for number, evaluation in enumerate(document["evaluations"][-3:], 1):
        rows[f"evaluated {number}"] = _evaluated(evaluation)
    if verdict := document["verdict"]:
        rows["verdict"] = f"{verdict['name']}. {verdict['why']}"
        rows |= {"try": verdict["try"]} if verdict.get("try") else {}
        rows["verdicts"] = ", ".join(f"{held['name']} from step {held['step']:,}" for held in verdict["held"][-8:])
    return rows


def _evaluated(document: dict[str, Any]) -> str:
    """Return an evaluation in one line: its step, samples, real images and extractor, then its figures."""
    figures = ", ".join(f"{name} {_number(document['figures'][name])}" for name in document["better"])
    return (
        f"step {document['step']:,}, {plural(document['n'], 'sample')} against {document['reference']}, "
        f"{document['extractor']}: {figures}"
    )


def _checkpoint_rows(document: dict[str, Any]) -> dict[str, str]:
    """Return the lines on a checkpoint by their labels."""
    spec = document["spec"]
    size = f"{spec.get('height')}x{spec.get('width')}, {plural(spec.get('channels') or 0, 'channel')}"
    rows = {
        "checkpoint": document["checkpoint"],
        "trained": f"{plural(document['step'], 'step')}, {plural(document['images_seen'], 'image')}, "
        f"{document['seconds']:,.0f} s",
        "game": f"{document['arch']} × {document['loss']}" + (", conditional" if document["conditional"] else ""),
        "data": document["data"],
        "images": size,
        "classes": ", ".join(map(str, spec.get("classes", [])[:20])) or "none",
        "file": f"{document['size'] / 1e6:,.1f} MB, torch {document['torch']}",
        "provided by": ", ".join(f"{k} ({v})" for k, v in document["packages"].items()),
    }
    rows |= {f"last {name}": _number(value) for name, value in document["metrics"].items()}
    return rows


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else str(value)
