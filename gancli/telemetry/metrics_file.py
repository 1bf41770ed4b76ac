"""metrics.jsonl: ticks as JSON lines, lines as ticks, and how the lines of a long run are thinned."""

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
"""The folder of a run that holds the files of an event, by kind."""


@dataclass(frozen=True)
class TickEntry:
    """How one field of a tick is written on its line, and how it is read back."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _write_event(event: Event) -> dict[str, str]:
    file = {"file": event.path.name} if event.path else {}
    return {"kind": event.kind, **file, **({"text": event.text} if event.text else {})}


def _read_events(documents: Iterable[Any]) -> Iterator[Event]:
    """The events of a line, with paths relative to the folder of the run; unknown kinds are left out."""
    for document in documents:
        if document["kind"] in list(Kind):
            kind, name = Kind(document["kind"]), Path(str(document.get("file", ""))).name
            path = Path(FOLDERS.get(kind, "")) / name if name else None
            yield Event(kind, path, text=str(document.get("text", "")))


ENTRIES = {
    "step": TickEntry(int, int),
    "images": TickEntry(int, int),
    "seconds": TickEntry(lambda seconds: round(seconds, 3), float),
    "rate": TickEntry(lambda rate: round(rate, 1), float),
    "progress": TickEntry(lambda share: round(share, 5), float),
    "memory": TickEntry(int, int),
    "events": TickEntry(lambda events: list(map(_write_event, events)), lambda line: tuple(_read_events(line))),
    "verdict": TickEntry(Verdict.document, lambda line: Verdict.read(line) if isinstance(line, dict) else None),
}
"""The fields of a tick that a line holds under their own names; every other name on a line is a statistic."""


def document(tick: Tick) -> dict[str, Any]:
    """A tick as a JSON object: its entries that are not empty, and its statistics beside them (docs/metrics.md)."""
    values = {name: getattr(tick, name) for name in ENTRIES}
    entries = {name: ENTRIES[name].write(value) for name, value in values.items() if value is not None and value != ()}
    return entries | {name: _rounded(value) for name, value in tick.statistics.items() if name not in ENTRIES}


def tick_of(line: Mapping[str, Any], folder: Path | None = None) -> Tick:
    """The tick that a line holds, without pictures; raises ValueError where the line is not a tick."""
    try:
        values = {name: entry.read(line[name]) for name, entry in ENTRIES.items() if name in line}
        others = {name: value for name, value in line.items() if name not in ENTRIES}
        statistics = {name: float(value) for name, value in others.items() if isinstance(value, int | float)}
        tick = Tick(**values, statistics=statistics)
        return replace(tick, events=tuple(_placed(event, folder) for event in tick.events))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a tick") from error


def _placed(event: Event, folder: Path | None) -> Event:
    """The event with the path of its file below the folder of the run; without a path where either is unknown."""
    return replace(event, path=folder / event.path if folder and event.path else None)


def subject(path: Path) -> Subject | None:
    """The subject of the run in the first line of a file; None where that line has none."""
    try:
        with path.open("rb") as file:
            return Subject.read(json.loads(file.readline())["about"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def judged(path: Path) -> list[tuple[int, Verdict]]:
    """The verdicts on the statistics in a file, each with the first step at which it held."""
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
    scores = ((tick.statistics.get("real", 0), tick.statistics.get("fake", 0)) for tick in history)
    return all(0 <= real <= 1 and 0 <= fake <= 1 for real, fake in scores)


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a file as JSON objects; a line that is cut short, or has no step, is left out."""
    try:
        text = path.read_bytes()
    except OSError:
        return []
    return list(lines(text[: text.rfind(b"\n") + 1]))


def ticks(path: Path, folder: Path | None = None) -> Iterator[Tick]:
    """The ticks in a file; `folder` is that of the run, which the paths of events lie in."""
    for line in read(path):
        try:
            yield tick_of(line, folder)
        except ValueError:
            continue


def before(path: Path, step: int) -> list[Point]:
    """The steps and statistics in a file, up to and with a step."""
    return [(tick.step, tick.statistics) for tick in ticks(path) if tick.step <= step and tick.statistics]


def lines(text: bytes) -> Iterator[dict[str, Any]]:
    """The JSON objects with a step in whole lines of text."""
    for line in text.splitlines():
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict) and isinstance(document.get("step"), int):
            yield document


def thinned(documents: list[dict[str, Any]], whole: int = WHOLE) -> list[dict[str, Any]]:
    """The newest `whole` lines, and of the older ones half as many, evenly over the steps, with spikes of losses."""
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


def _rounded(value: float) -> float:
    """The value to six significant digits; 0 for one that is not finite, which JSON cannot hold."""
    return float(f"{value:.6g}") if math.isfinite(value) else 0.0
