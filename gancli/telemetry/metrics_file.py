"""What metrics.jsonl holds: how a tick is written, how lines are read back, and how a long run's are thinned."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gancli.telemetry.subject import Subject
from gancli.telemetry.ticks import Event, Kind, Tick
from gancli.telemetry.verdicts import DIVERGED, Judge, Point, Verdict

WHOLE = 4096  # newest lines that are all kept
FOLDERS = {Kind.SAMPLES: "samples", Kind.CHECKPOINT: "checkpoints", Kind.ROLLBACK: "checkpoints"}
"""The folders of a run that hold the files of events."""


@dataclass(frozen=True)
class Entry:
    """How one value of a tick is written on its line, and how it is read back."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _write_event(event: Event) -> dict[str, str]:
    file = {"file": event.path.name} if event.path else {}
    return {"kind": event.kind, **file, **({"text": event.text} if event.text else {})}


def _read_events(documents: Iterable[Any]) -> Iterator[Event]:
    """Events, their paths relative to the run's folder whatever the line says; unknown kinds are left out."""
    for document in documents:
        if document["kind"] in list(Kind):
            kind, name = Kind(document["kind"]), Path(str(document.get("file", ""))).name
            path = Path(FOLDERS.get(kind, "")) / name if name else None
            yield Event(kind, path, text=str(document.get("text", "")))


ENTRIES = {
    "step": Entry(int, int),
    "images": Entry(int, int),
    "seconds": Entry(lambda seconds: round(seconds, 3), float),
    "rate": Entry(lambda rate: round(rate, 1), float),
    "progress": Entry(lambda share: round(share, 5), float),
    "memory": Entry(int, int),
    "events": Entry(lambda events: [_write_event(each) for each in events], lambda line: tuple(_read_events(line))),
    "verdict": Entry(Verdict.document, lambda line: Verdict.read(line) if isinstance(line, dict) else None),
}
"""What a line holds of a tick under the name that it has there; every other name is a statistic's."""


def document(tick: Tick) -> dict[str, Any]:
    """A tick as JSON holds it, the statistics beside its own entries (docs/metrics.md), empty ones left out."""
    values = {name: getattr(tick, name) for name in ENTRIES}
    own = {name: ENTRIES[name].write(value) for name, value in values.items() if value is not None and value != ()}
    return own | {name: _figure(value) for name, value in tick.statistics.items() if name not in ENTRIES}


def tick_of(line: Mapping[str, Any], folder: Path | None = None) -> Tick:
    """The tick that a line holds, its pictures left on disk; raises ValueError where it is none."""
    try:
        values = {name: entry.read(line[name]) for name, entry in ENTRIES.items() if name in line}
        figures = {name: value for name, value in line.items() if name not in ENTRIES}
        statistics = {name: float(value) for name, value in figures.items() if isinstance(value, int | float)}
        tick = Tick(**values, statistics=statistics)
        return replace(tick, events=tuple(_placed(event, folder) for event in tick.events))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a tick") from error


def _placed(event: Event, folder: Path | None) -> Event:
    """The event with the path of its file in the run's folder; without one where that is not known."""
    return replace(event, path=folder / event.path if folder and event.path else None)


def subject(path: Path) -> Subject | None:
    """What the first line says is trained; None where there is no such line."""
    try:
        with path.open("rb") as file:
            return Subject.read(json.loads(file.readline())["about"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def judged(path: Path) -> list[tuple[int, Verdict]]:
    """The verdicts that the statistics in a file come to, and the step from which each held."""
    verdicts: list[tuple[int, Verdict]] = []
    history = list(ticks(path))
    judge = Judge(subject(path) or Subject(probabilities=_scores_are_probabilities(history)))
    for tick in history:
        verdict = judge.add(tick.step, tick.statistics) if tick.statistics else tick.verdict
        if tick.verdict and tick.verdict.name == DIVERGED:  # which statistics alone do not say
            verdict = tick.verdict
        if verdict and (not verdicts or verdicts[-1][1].name != verdict.name):
            verdicts.append((tick.step, verdict))
    return verdicts


def _scores_are_probabilities(history: Sequence[Tick]) -> bool:
    return all(0 <= tick.statistics.get(name, 0) <= 1 for tick in history for name in ("real", "fake"))


def read(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a file; one that a crash cut short, or that has no step, is left out."""
    try:
        text = path.read_bytes()
    except OSError:
        return []
    return list(lines(text[: text.rfind(b"\n") + 1]))


def ticks(path: Path, folder: Path | None = None) -> Iterator[Tick]:
    """The ticks in a file."""
    for line in read(path):
        try:
            yield tick_of(line, folder)
        except ValueError:
            continue


def before(path: Path, step: int) -> list[Point]:
    """The statistics in a file up to a step."""
    return [(tick.step, tick.statistics) for tick in ticks(path) if tick.step <= step and tick.statistics]


def lines(text: bytes) -> Iterator[dict[str, Any]]:
    """The JSON objects in whole lines."""
    for line in text.splitlines():
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict) and isinstance(document.get("step"), int):
            yield document


def thinned(documents: list[dict[str, Any]], whole: int = WHOLE) -> list[dict[str, Any]]:
    """The newest `whole` lines as they are; of those before half as many, evenly over the steps, spikes kept."""
    old, new = documents[:-whole], documents[-whole:]
    if not old:
        return new
    first, last = old[0]["step"], old[-1]["step"]
    share = max(1.0, (last - first + 1) / (whole // 2))
    stretches: dict[int, dict[str, Any]] = {}
    for line in old:
        stretch = int((line["step"] - first) / share)
        stretches[stretch] = max(stretches.get(stretch, line), line, key=_height)
    return [*stretches.values(), *new]


def _height(line: Mapping[str, Any]) -> float:
    return sum(abs(v) for k, v in line.items() if k.startswith("loss_") and isinstance(v, int | float))


def _figure(value: float) -> float:
    """Six digits that count, whatever the size; what is not finite cannot be JSON."""
    return float(f"{value:.6g}") if math.isfinite(value) else 0.0
