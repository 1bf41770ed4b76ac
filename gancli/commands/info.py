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
@click.argument("what", metavar="RUN|CKPT|NAME", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(what: str | None, as_json: bool) -> int:
    """Show a checkpoint, the newest one of a run, or everything that bears a name; the newest run when left out."""
    named = registry().named(what) if what and not Path(what).exists() else []
    if named:
        _show_entries(named, as_json)
        return Exit.OK
    found = _run(what)
    document = _document(found) if found else {}
    if found is None or found.checkpoints():
        path = _checkpoint(what)
        document |= summary(path, read_header(path))
    if as_json:
        click.echo(json.dumps(document, indent=2))
    else:
        _show(document)
    return Exit.OK


def _run(what: str | None) -> run.Run | None:
    """The run that is meant; None where it is a checkpoint, or nothing."""
    if what is not None and Path(what).is_file():
        return None
    try:
        return finding.find_run(what)
    except GanError:
        return None


def _document(found: run.Run) -> dict[str, Any]:
    """How a run goes, and what its statistics come to when they are judged anew."""
    from gancli.reports.overview import overview_of
    from gancli.runs import evaluations
    from gancli.telemetry.metrics_file import judged

    seen = judged(found.metrics)
    held = {"held": [{"step": step, "name": verdict.name} for step, verdict in seen]}
    document = {**overview_of(found).document(), "evaluations": [each.document() for each in evaluations.read(found)]}
    return {**document, "verdict": {**seen[-1][1].document(), **held} if seen else None}


def summary(path: Path, header: Header) -> dict[str, Any]:
    """The header in the words of a user."""
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


def _checkpoint(what: str | None) -> Path:
    try:
        return finding.find_checkpoint(what)
    except GanError as error:
        if what is None or "has no checkpoint" in error.message:
            raise
        raise GanError(f"There is no run, checkpoint or registered name '{clean(what)}'.", error.hint) from None


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
        shown = ", ".join(f"{name} {value}" for name, value in options.items())
        table.add_row(Text(group, "bold"), Text(clean(shown)))
    Console(highlight=False, soft_wrap=False).print(table)


def _run_rows(document: dict[str, Any]) -> dict[str, str]:
    """How the run goes, in words."""
    rows = {"run": document["run"], "state": f"{document['state']}, at step {document['step']:,}"}
    if document["best"]:
        name, value = next(iter(document["best"].items()))
        rows["best"] = f"{name} {_number(value)} at step {document['best']['step']:,} ({document['best']['extractor']})"
    rows |= {f"evaluated {number}": _evaluated(each) for number, each in enumerate(document["evaluations"][-3:], 1)}
    if verdict := document["verdict"]:
        rows["verdict"] = f"{verdict['name']}. {verdict['why']}"
        rows |= {"try": verdict["try"]} if verdict.get("try") else {}
        rows["verdicts"] = ", ".join(f"{each['name']} from step {each['step']:,}" for each in verdict["held"][-8:])
    return rows


def _evaluated(document: dict[str, Any]) -> str:
    """The figures of an evaluation, after the terms that they are on."""
    figures = ", ".join(f"{name} {_number(document['figures'][name])}" for name in document["better"])
    return (
        f"step {document['step']:,}, {plural(document['n'], 'sample')} against {document['reference']}, "
        f"{document['extractor']}: {figures}"
    )


def _checkpoint_rows(document: dict[str, Any]) -> dict[str, str]:
    """What the checkpoint says of itself."""
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
