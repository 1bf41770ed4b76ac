"""A run at a glance, from its files alone: no torch is imported, and nothing in the files is trusted."""

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
    """The best figure of a run: its name, its value, the extractor that it was measured with, and the step."""

    name: str
    value: float
    extractor: str
    step: int

    def __str__(self) -> str:
        return f"{self.name} {number_text(self.value)} ({self.extractor})"

    def document(self) -> dict[str, Any]:
        """Return the figure as JSON holds it."""
        return {self.name: self.value, "extractor": self.extractor, "step": self.step}


@dataclass(frozen=True)
class Overview:
    """A run, what it trains, its state, its last tick and verdict, and the best figure of its evaluations, if any."""

    run: Run
    subject: Subject
    state: str
    last: Tick | None
    verdict: Verdict | None
    best: Best | None

    def document(self) -> dict[str, Any]:
        """Return the overview as JSON holds it."""
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
    """Read the overview of a run from its files."""
    ticks = list(metrics_file.ticks(run.metrics, run.path))
    verdict = next((tick.verdict for tick in reversed(ticks) if tick.verdict), None)
    return Overview(run, subject_of(run), run.state, ticks[-1] if ticks else None, verdict, best(run))


def best(run: Run) -> Best | None:
    """Return the best figure of a run, among its evaluations on the same terms as the newest; None without any."""
    named = evaluations.best(evaluations.read(run))
    if named is None:
        return None
    name, evaluation = named
    return Best(name, evaluation.figures[name], evaluation.extractor, evaluation.step)


def subject_of(run: Run) -> Subject:
    """Return what a run trains, from its metrics, or from its settings if those do not hold it."""
    if subject := metrics_file.subject(run.metrics):
        return subject
    settings = run.settings
    source = str(_part(settings, "data").get("source", "?"))
    arch, loss, data = (str(_part(settings, part).get("name", "?")) for part in ("arch", "loss", "data"))
    return Subject(arch, loss, data_name(data, source), probabilities=loss == "gan")


def _part(settings: dict[str, Any], name: str) -> dict[str, Any]:
    part = settings.get(name)
    return part if isinstance(part, dict) else {"name": part} if isinstance(part, str) else {}
