"""Evaluations: what was measured of a checkpoint, with all that makes figures comparable, a line each in the run."""

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gancli.base.files import write_text
from gancli.base.text import clean
from gancli.runs.run import Run
from gancli.telemetry import metrics_file

FIRST = ("fid", "kid")  # of the figures that evaluations can be ranked by


@dataclass(frozen=True)
class Evaluation:
    """Figures of one state of a model, with the extractor, the number of samples and the reference they are of.

    better: which way each figure is better; other figures are details. `training` marks what a training took of
    itself. Figures compare only where `terms` are the same.
    """

    step: int
    images_seen: int
    extractor: str
    accuracy: float | None
    n: int
    seed: int
    reference: str
    fingerprint: str
    figures: Mapping[str, Any]
    better: Mapping[str, str]
    training: bool = False

    @property
    def terms(self) -> tuple[str, int, int, str, bool]:
        """What must be the same of two evaluations for their figures to be comparable."""
        return self.extractor, self.n, self.seed, self.fingerprint, self.training

    def document(self) -> dict[str, Any]:
        """The evaluation as JSON holds it."""
        return asdict(self)

    @property
    def shown(self) -> dict[str, float]:
        """The figures without the details."""
        return {name: value for name, value in self.figures.items() if name in self.better}

    @classmethod
    def read(cls, document: Any) -> "Evaluation":
        """An evaluation from its document; raises ValueError where it is none."""
        try:
            return _checked(cls(**document))
        except (TypeError, ValueError, AttributeError) as error:
            raise ValueError("not an evaluation") from error


def _checked(evaluation: Evaluation) -> Evaluation:
    """What was read from a file, with the types it must have; raises ValueError or TypeError otherwise."""
    better = {str(name): str(way) for name, way in evaluation.better.items()}
    return Evaluation(
        step=int(evaluation.step),
        images_seen=int(evaluation.images_seen),
        extractor=str(evaluation.extractor),
        n=int(evaluation.n),
        seed=int(evaluation.seed),
        reference=str(evaluation.reference),
        fingerprint=str(evaluation.fingerprint),
        accuracy=None if evaluation.accuracy is None else float(evaluation.accuracy),
        figures={
            **evaluation.figures,
            **{name: float(evaluation.figures[name]) for name in better if name in evaluation.figures},
        },
        better={name: way for name, way in better.items() if name in evaluation.figures},
        training=bool(evaluation.training),
    )


def read(run: Run) -> list[Evaluation]:
    """The evaluations of a run, the newest last; of several of one step on the same terms only the newest."""
    newest: dict[Any, Evaluation] = {}
    for line in metrics_file.read(run.evaluations):
        try:
            each = Evaluation.read(line)
        except ValueError:
            continue
        newest.pop(key := (each.step, each.terms), None)
        newest[key] = each
    return list(newest.values())


class RecordWarning(UserWarning):
    """An evaluation could not be written to the run; its figures are valid."""


def add(run: Run, evaluation: Evaluation) -> None:
    """Append an evaluation to the run's, as a whole line; warns where that cannot be."""
    line = json.dumps(evaluation.document(), allow_nan=False)
    try:
        with run.evaluations.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as error:
        warnings.warn(f"{clean(run.evaluations)} cannot be written: {error.strerror}.", RecordWarning, stacklevel=2)


def forget(run: Run, step: int) -> None:
    """Delete the evaluations of later steps, where a run continues from this one."""
    kept = [each for each in read(run) if each.step <= step]
    if run.evaluations.exists():
        write_text(run.evaluations, "".join(json.dumps(each.document()) + "\n" for each in kept))


def comparable(evaluations: Iterable[Evaluation], to: Evaluation) -> list[Evaluation]:
    """The evaluations on the same terms as `to`."""
    return [each for each in evaluations if each.terms == to.terms]


def best(evaluations: Sequence[Evaluation]) -> tuple[str, Evaluation] | None:
    """The best of those on the newest terms, and the figure that says so.

    What a user asked for goes before what a training took of itself.
    """
    asked = [each for each in evaluations if not each.training] or evaluations
    if not asked or not asked[-1].shown:
        return None
    name = next((name for name in FIRST if name in asked[-1].shown), next(iter(asked[-1].shown)))
    peers = [each for each in comparable(asked, asked[-1]) if name in each.shown]
    choose = max if asked[-1].better[name] == "higher" else min
    return name, choose(peers, key=lambda each: each.figures[name])
