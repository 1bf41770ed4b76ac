"""What a run is at a glance, from its files alone: no torch, and nothing in them is trusted."""

from dataclasses import dataclass
from typing import Any

from gancli.runs import evaluations
from gancli.runs.run import Run
from gancli.telemetry import metrics_file
from gancli.telemetry.labels import number_text
from gancli.telemetry.subject import Subject, data_name
from gancli.telemetry.ticks import Tick
from gancli.telemetry.verdicts import Verdict


@dataclass(frozen=True)
class Best:
    """The best figure that was taken of a run: its name, its value, the extractor that it is of, and the step."""

    name: str
    value: float
    extractor: str
    step: int

    def __str__(self) -> str:
        return f"{self.name} {number_text(self.value)} ({self.extractor})"

    def document(self) -> dict[str, Any]:
        """The figure as JSON holds it."""
        return {self.name: self.value, "extractor": self.extractor, "step": self.step}


@dataclass(frozen=True)
class Overview:
    """A run, what it trains, how far it is, how it goes, and the best figure of an evaluation if there was one."""

    run: Run
    subject: Subject
    state: str
    last: Tick | None
    verdict: Verdict | None
    best: Best | None

    def document(self) -> dict[str, Any]:
        """The overview as JSON holds it."""
        tick = self.last
        return {
            "run": self.run.name,
            "path": str(self.run.path),
            "arch": self.subject.arch,
            "loss": self.subject.loss,
            "data": self.subject.data,
            "step": tick.step if tick else 0,
            "images_seen": tick.images if tick else 0,
            "seconds": tick.seconds if tick else 0.0,
            "state": self.state,
            "verdict": self.verdict.document() if self.verdict else None,
            "best": self.best.document() if self.best else None,
        }


def overview_of(run: Run) -> Overview:
    """The overview of a run."""
    seen = list(metrics_file.ticks(run.metrics, run.path))
    verdict = next((tick.verdict for tick in reversed(seen) if tick.verdict), None)
    return Overview(run, subject_of(run), run.state, seen[-1] if seen else None, verdict, best(run))


def best(run: Run) -> Best | None:
    """The best of the evaluations of a run that are on the newest terms."""
    found = evaluations.best(evaluations.read(run))
    if found is None:
        return None
    name, each = found
    return Best(name, each.figures[name], each.extractor, each.step)


def subject_of(run: Run) -> Subject:
    """What a run trains: as its metrics say, or else what its settings say."""
    if subject := metrics_file.subject(run.metrics):
        return subject
    settings = run.settings
    source = str(_part(settings, "data").get("source", "?"))
    arch, loss, data = (str(_part(settings, part).get("name", "?")) for part in ("arch", "loss", "data"))
    return Subject(arch, loss, data_name(data, source), probabilities=loss == "gan")


def _part(settings: dict[str, Any], name: str) -> dict[str, Any]:
    part = settings.get(name)
    return part if isinstance(part, dict) else {"name": part} if isinstance(part, str) else {}
