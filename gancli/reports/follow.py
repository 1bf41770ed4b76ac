"""Follows a run of another process by reading its files."""

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
    """What has been added to a run's metrics since the last look."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._file: io.BufferedReader | None = None
        self._rest = b""
        self._step = -1

    def new(self) -> list[Tick]:
        """The ticks that are new, with the newest pictures; a file that was written anew is read afresh."""
        return list(_with_pictures(self._ticks(self._moved())))

    def close(self) -> None:
        """Let go of the file."""
        if self._file:
            self._file.close()

    def _moved(self) -> bool:
        """Open the file where there is another one now, and say whether there is."""
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
        known, self._step = self._step, ticks[-1].step if ticks else self._step
        if not afresh:
            return ticks
        return [tick for tick in ticks if tick.step > known] if self._step >= known else _since_return(ticks)


def _since_return(ticks: list[Tick]) -> list[Tick]:
    """The ticks from the last return to a checkpoint on; the last tick alone where a run was resumed further back."""
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
    """The ticks, the last picture of each kind loaded: nobody sees those before."""
    newest = {event.kind: number for number, tick in enumerate(ticks) for event in tick.events if event.kind in SHOWN}
    for number, tick in enumerate(ticks):
        if number not in newest.values():
            yield tick
            continue
        events = (_loaded(event) if newest.get(event.kind) == number else event for event in tick.events)
        yield replace(tick, events=tuple(events))


def _loaded(event: Event) -> Event:
    return replace(event, picture=pictures.load(event.path)) if event.path else event
