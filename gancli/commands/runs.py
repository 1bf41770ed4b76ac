"""`gan runs`: the runs there are, compared, followed, drawn and cleared away. None of it needs torch."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gancli.base.errors import Exit, GanError, UsageError
from gancli.base.files import changed, remove_drafts, size_of
from gancli.base.text import clean, plural
from gancli.base.units import clock_text
from gancli.runs import finding
from gancli.runs import run as runs
from gancli.runs.lock import CRASHED, FINISHED, TRAINING
from gancli.telemetry.labels import number_text
from gancli.telemetry.verdicts import DIVERGED

if TYPE_CHECKING:
    from rich.table import Table

    from gancli.reports.overview import Overview

COLOURS = {TRAINING: "cyan", FINISHED: "green", CRASHED: "red", DIVERGED: "red", "failed": "red"}
PAUSE = 0.25  # seconds between looks at a run's files


@click.group("runs", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> int | None:
    """List all runs: what each trains, how far it is, and how it goes."""
    if ctx.invoked_subcommand:
        return None
    from gancli.reports.overview import overview_of

    overviews = [overview_of(each) for each in finding.runs_in(finding.home())]
    if as_json:
        click.echo(json.dumps([each.document() for each in overviews], indent=2))
    elif not overviews:
        click.echo(f"There are no runs in {clean(finding.home())}. Train one: gan train")
    else:
        _print(_table(overviews))
    return Exit.OK


@command.command("compare")
@click.argument("names", metavar="RUN...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def compare(names: tuple[str, ...], as_json: bool) -> int:
    """Show runs side by side: the settings in which they differ, and where each has come to."""
    from gancli.reports.compare import compare_runs

    table = compare_runs([finding.find_run(name) for name in names])
    if as_json:
        click.echo(json.dumps(table, indent=2))
        return Exit.OK
    from rich.text import Text

    grid = _grid("", *(clean(Path(name).name) for name in names))
    for label, values in table.items():
        grid.add_row(Text(clean(label), "bold"), *(Text(_value(value)) for value in values))
    _print(grid)
    return Exit.OK


@command.command("clean")
@click.argument("names", metavar="[RUN]...", nargs=-1)
@click.option("--yes", is_flag=True, help="Do not ask.")
def clean_up(names: tuple[str, ...], yes: bool) -> int:
    """Delete runs: those named, or else all that ended without a checkpoint. One that is training stays."""
    chosen = [finding.find_run(name) for name in names] or [
        r for r in finding.runs_in(finding.home()) if not r.checkpoints()
    ]
    remove_drafts(finding.home())
    chosen = list({each.path.resolve(): each for each in chosen}.values())
    for each in chosen:
        if each.state == TRAINING and names:
            raise UsageError(f"Run {clean(each.name)} is being trained.", "Stop it first.")
    chosen = [each for each in chosen if each.state != TRAINING and not each.path.is_symlink()]
    if not chosen:
        click.echo("There is nothing to delete.")
        return Exit.OK
    for each in chosen:
        click.echo(f"{clean(each.path)}  {size_of(each.path) / 1e6:,.1f} MB  {each.state}")
    if not yes:
        click.confirm(f"Delete {plural(len(chosen), 'run')}?", abort=True)
    for each in chosen:
        if names or not each.checkpoints():  # one may have gone on while we asked
            each.delete()
    return Exit.OK


@command.command("plot")
@click.argument("name", metavar="[RUN]", required=False)
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Folder to write to.  [the run's]")
def draw(name: str | None, out: Path | None) -> int:
    """Draw a run's curves and its samples over time (PNG), and a timelapse of the samples (GIF)."""
    from gancli.reports.plots import plot

    chosen = finding.find_run(name)
    folder = out or chosen.path
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GanError(f"{clean(folder)} cannot be written: {error.strerror}.") from error
    for path in plot(chosen, folder):
        click.echo(clean(path))
    return Exit.OK


@command.command("watch")
@click.argument("name", metavar="[RUN]", required=False)
@click.option("--display", "kind", type=click.Choice(["auto", "live", "plain", "json"]), default="auto")
def watch(name: str | None, kind: str) -> int:
    """Show a run that another process trains, from its files, until it ends; one that has not begun is waited for."""
    from gancli.reports.follow import Follower
    from gancli.reports.overview import subject_of
    from gancli.terminal.choose import display_of
    from gancli.terminal.signals import pausable

    chosen = _wait_for(name)
    stopped: list[bool] = []
    follower = Follower(chosen)
    leaving = {"q": lambda: stopped.append(True)}
    with display_of(kind, subject_of(chosen), leaving, "q leave") as display, pausable(display):
        while not stopped:
            # The state first: what is written before the end is read after it was seen.
            ended = chosen.state != TRAINING
            for tick in follower.new():
                display.tick(tick)
            if ended:
                break
            time.sleep(PAUSE)
    follower.close()
    click.echo(f"Run {clean(chosen.name)}: {chosen.state}.", err=True)
    return Exit.OK


def _wait_for(name: str | None) -> runs.Run:
    """The run of that name, or the newest, once its training has begun."""
    from gancli.telemetry import metrics_file

    waiting = False
    while True:
        candidate = _candidate(name)
        if candidate is not None and (
            metrics_file.subject(candidate.metrics) or (candidate.state != TRAINING and candidate.metrics.exists())
        ):
            return candidate
        if not waiting:
            click.echo(
                f"Waiting for {f'run {clean(name)}' if name else 'a run'} to begin (Ctrl-C ends that).", err=True
            )
            waiting = True
        time.sleep(PAUSE)


def _candidate(name: str | None) -> runs.Run | None:
    if name is None:
        candidates = list(finding.runs_in(finding.home()))
        # One that trains before one that does not, and then the newest.
        return max(candidates, key=lambda each: (each.state == TRAINING, _touched(each)), default=None)
    try:
        return finding.find_run(name)
    except GanError:
        return None


def _touched(each: runs.Run) -> int:
    return max(changed(each.metrics), changed(each.config))


def _table(overviews: "list[Overview]") -> "Table":
    from rich.text import Text

    table = _grid("run", "game", "data", "step", "time", "best", "state", "verdict")
    table.columns[0].no_wrap = True  # a name is there to be typed
    for each in overviews:
        tick, subject = each.last, each.subject
        verdict = each.verdict
        table.add_row(
            Text(clean(each.run.name)),
            Text(clean(f"{subject.arch} × {subject.loss}")),
            Text(clean(subject.data)),
            Text(f"{tick.step:,}" if tick else "-", justify="right"),
            Text(clock_text(tick.seconds) if tick else "-", justify="right"),
            Text(clean(each.best or "")),
            Text(each.state, COLOURS.get(each.state, "")),
            Text(clean(verdict.name), "red" if verdict.alarm else "") if verdict else Text(),
        )
    return table


def _grid(*headings: str) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(Text(heading), overflow="fold")
    return table


def _print(table: "Table") -> None:
    from rich.console import Console

    Console(highlight=False).print(table)


def _value(value: Any) -> str:
    return number_text(value) if isinstance(value, float) else "-" if value is None else clean(value)
