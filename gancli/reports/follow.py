"""Follows a run of another process by reading its files."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gancli.generation import pictures
from gancli.runs.run import Run
from gancli.telemetry import metrics_file
from gancli.telemetry.ticks import Event, Kind, Tick

SHOWN = (Kind.SAMPLES, Kind.REAL)


class Follower:
    """What has been added to a run's metrics since the last look."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._file: io.BufferedReader | None = None
        self._rest = b""
        self._step = -1

    def new(self) -> list[Tick]:
        """The ticks that are new, with the newest pictures; a file that was thinned meanwhile is read afresh."""
        found = self._ticks(self._moved())
        return list(_with_pictures(found))

    def close(self) -> None:
        """Let go of the file."""
        if self._file:
            self._file.close()

    def _moved(self) -> bool:
        """Open the file where there is another one now, and say whether there is."""
        try:
            told = self.run.metrics.stat()
            if self._file and (told.st_ino, told.st_dev) == _identity(self._file) and told.st_size >= self._file.tell():
                return False
            file = self.run.metrics.open("rb")
        except OSError:
            return False
        self.close()
        self._file, self._rest = file, b""
        return True

    def _ticks(self, afresh: bool) -> list[Tick]:
        text = self._rest + (self._file.read() if self._file else b"")
        whole = text.rfind(b"\n") + 1
        self._rest = text[whole:]
        found = list(_readable(text[:whole], self.run.path))
        known, self._step = self._step, found[-1].step if found else self._step
        return [tick for tick in found if tick.step > known] if afresh else found


def _identity(file: io.BufferedReader) -> tuple[int, int]:
    import os

    told = os.fstat(file.fileno())
    return told.st_ino, told.st_dev


def _readable(text: bytes, folder: Path) -> Iterator[Tick]:
    for line in metrics_file.lines(text):
        try:
            yield metrics_file.tick_of(line, folder)
        except ValueError:
            continue


def _with_pictures(found: list[Tick]) -> Iterator[Tick]:
    """The ticks, the last picture of each kind loaded: nobody sees those before."""
    last = {event.kind: number for number, tick in enumerate(found) for event in tick.events if event.kind in SHOWN}
    for number, tick in enumerate(found):
        wanted = {kind for kind, at in last.items() if at == number}
        yield (
            replace(tick, events=tuple(_loaded(e) if e.kind in wanted else e for e in tick.events)) if wanted else tick
        )


def _loaded(event: Event) -> Event:
    return replace(event, picture=pictures.load(event.path)) if event.path else event
