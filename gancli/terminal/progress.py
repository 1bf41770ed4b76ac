"""The progress of a preparation: a bar with the time left on a terminal, one line anywhere else."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from gancli.base.progress import Advance, Progress
from gancli.base.text import clean, plural

SMALL = 1000  # things that are done before a user would wonder


class Line(Progress):
    """Prints one line on stderr, for the first thing that takes time."""

    def __init__(self) -> None:
        self._is_printed = False

    @contextmanager
    def track(self, title: str, total: int, unit: str = "image") -> Iterator[Advance]:
        if total >= SMALL:
            self.wait(f"{title} {plural(total, unit)}")
        yield lambda done: None

    def wait(self, title: str) -> None:
        if not self._is_printed:
            click.echo(f"{clean(title)} ...", err=True)
        self._is_printed = True


class Bar(Progress):
    """Draws a bar on stderr, which is removed when the work is done."""

    @contextmanager
    def track(self, title: str, total: int, unit: str = "image") -> Iterator[Advance]:
        from rich import progress
        from rich.console import Console
        from rich.markup import escape

        columns = (
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeRemainingColumn(),
        )
        with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(escape(clean(title)), total=total)
            yield lambda done: bar.advance(task, done)

    def wait(self, title: str) -> None:
        click.echo(f"{clean(title)} ...", err=True)


def show_progress() -> Progress:
    """Return a progress that is shown on stderr: a bar on a terminal, else a line."""
    return Bar() if sys.stderr.isatty() else Line()
