"""Follow a run that another process trains, by reading its files."""

import io
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gancli.generation import pictures
from gancli.runs.run import Run
from gancli.telemetry import metrics_file
from gancli.telemetry.ticks import Event, Kind, Tick

SHOWN = (Kind.SAMPLES, Kind.REAL)


class Follower:
    """Reads what is added to a run's metrics.jsonl, from one call of `new` to the next."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._file: io.BufferedReader | None = None
        self._rest = b""
        self._step = -1

    def new(self) -> list[Tick]:
        """Return the ticks since the last call, the newest pictures loaded; a replaced file is read from its start."""
        return list(_with_pictures(self._ticks(self._moved())))

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def _moved(self) -> bool:
        """Open the file if it is new, was replaced or has been cut short; return whether it was opened."""
        try:
            now = self.run.metrics.stat()
            if self._file and _identity(now) == _identity(_stat(self._file)) and now.st_size >= self._file.tell():
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
        ticks = list(_readable(text[:whole], self.run.path))
        before, self._step = self._step, ticks[-1].step if ticks else self._step
        if not afresh:
            return ticks
        return [tick for tick in ticks if tick.step > before] if self._step >= before else _since_return(ticks)


def _since_return(ticks: list[Tick]) -> list[Tick]:
    """Return the ticks from the last rollback on; the last tick alone where there was none, but a run was resumed."""
    returns = [number for number, tick in enumerate(ticks) if any(event.kind == "rollback" for event in tick.events)]
    return ticks[returns[-1] :] if returns else ticks[-1:]


def _stat(file: io.BufferedReader) -> os.stat_result:
    return os.fstat(file.fileno())


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_ino, status.st_dev


def _readable(text: bytes, folder: Path) -> Iterator[Tick]:
    for line in metrics_file.lines(text):
        try:
            yield metrics_file.tick_of(line, folder)
        except ValueError:
            continue


def _with_pictures(ticks: list[Tick]) -> Iterator[Tick]:
    """Give the ticks, with the newest picture of each kind loaded: earlier ones would be drawn over at once."""
    newest: dict[Kind, int] = {}
    for number, tick in enumerate(ticks):
        newest |= {event.kind: number for event in tick.events if event.kind in SHOWN}
    for number, tick in enumerate(ticks):
        if number not in newest.values():
            yield tick
            continue
        events = (_loaded(event) if newest.get(event.kind) == number else event for event in tick.events)
        yield replace(tick, events=tuple(events))


def _loaded(event: Event) -> Event:
    return replace(event, picture=pictures.load(event.path)) if event.path else event
