"""Figures during a training: KID of a thousand images, and the share of classes that are made."""

import math
import time

import numpy as np

from gancli.base.errors import GanError
from gancli.base.progress import Progress
from gancli.base.text import plural
from gancli.compute.memory import out_of_memory
from gancli.data.images import Images
from gancli.evaluation.measuring import classes_for, generate
from gancli.extractors.contract import Extractor, default, find
from gancli.extractors.embedder import Embedder, open_embedder
from gancli.generation.sampler import Sampler
from gancli.metrics import formulas
from gancli.metrics.classes import modes
from gancli.metrics.contract import Features
from gancli.runs import evaluations
from gancli.runs.evaluations import Evaluation, comparable
from gancli.runs.run import Run
from gancli.telemetry.ticks import Event, Kind

N = 1000
MANY = 50  # classes; a thousand images are too few for the shares of more


class Monitor:
    """Evaluates one sampler repeatedly, with the same latents against the same real images.

    The extractor is the classifier of these images if the cache has it, else random features; a resumed run keeps the
    one that it began with.
    """

    def __init__(self, sampler: Sampler, images: Images, name: str, seed: int) -> None:
        self.sampler, self.images, self.name, self.seed = sampler, images, name, seed
        self._cost: float | None = None
        self._evaluations: list[Evaluation] = []
        self._standing: list[Evaluation] = []  # a new best must beat these; the best of them is saved
        self._opened: tuple[Embedder, Features] | None = None

    @property
    def has_begun(self) -> bool:
        """Whether anything was evaluated since the process began."""
        return self._cost is not None

    def cost(self, images: int, seconds: float) -> float:
        """Return the seconds that the last evaluation took; before the first, those of training on as many images.

        images, seconds: how many images were trained on so far, and how long that took.
        """
        return N * seconds / max(images, 1) if self._cost is None else self._cost

    def rewind(self, run: Run | None, step: int) -> None:
        """Forget the evaluations after a step, from which the run continues."""
        if run is not None:
            evaluations.forget(run, step)
            self._evaluations = [evaluation for evaluation in evaluations.read(run) if evaluation.training]
            saved = [evaluation for evaluation in self._evaluations if run.checkpoint(evaluation.step).exists()]
            self._standing = saved if run.best.exists() else []

    def unmark(self, step: int) -> None:
        """Leave out the evaluation of a step that could not be saved when looking for the best."""
        self._standing = [evaluation for evaluation in self._standing if evaluation.step != step]

    def evaluate(self, run: Run | None, step: int, images_seen: int) -> tuple[dict[str, float], bool, Event]:
        """Measure, keep the result in the run, and return the figures, whether they are the best so far, and an event.

        Only evaluations on the same terms are compared. Figures that cannot be measured, for a GanError or for lack of
        memory, are none, and the event says why: training goes on.
        """
        begun = time.perf_counter()
        try:
            evaluation = self.measure(step, images_seen)
        except GanError as error:
            return {}, False, Event(Kind.EVALUATION, text=f"Not evaluated: {error}")
        except Exception as error:
            if not out_of_memory(error):
                raise
            return {}, False, Event(Kind.EVALUATION, text=f"Not evaluated: {_advice(self.sampler)}")
        finally:
            self._cost = time.perf_counter() - begun
        is_best = self._is_best(evaluation)
        self._evaluations.append(evaluation)
        self._standing.append(evaluation)
        if run is not None:
            evaluations.add(run, evaluation)
        return evaluation.shown, is_best, Event(Kind.EVALUATION)

    def _is_best(self, evaluation: Evaluation) -> bool:
        """Whether its KID is below all before on the same terms."""
        before = [earlier.figures["kid"] for earlier in comparable(self._standing, evaluation)]
        return bool(evaluation.figures["kid"] < min(before, default=math.inf))

    def measure(self, step: int, images_seen: int) -> Evaluation:
        """Return the evaluation now: `kid`, and `classes`, the share of classes that are made, if there are any."""
        embedder, real = self._opened = self._opened or self._open()
        asked = classes_for(self.sampler, self.images, N, self.seed)
        generated = generate(self.sampler, asked, N, self.seed, embedder, Progress()).features
        kid = formulas.kernel_distance(real.rows, generated.rows, 1, N, seed=0)
        figures = {"kid": kid, **self._classes(embedder, real, generated)}
        return self._evaluation(embedder, step, images_seen, figures)

    def _open(self) -> tuple[Embedder, Features]:
        """Return the opened extractor, and the features of N of the real images, or of all if there are fewer."""
        embedder = open_embedder(self._extractor(), self.images, self.sampler.device, Progress())
        numbers = np.random.default_rng(0).permutation(len(self.images))[:N]
        return embedder, embedder(np.ascontiguousarray(self.images.pixels[np.sort(numbers)]))

    def _extractor(self) -> Extractor:
        first = find(self._evaluations[-1].extractor.split()[0]) if self._evaluations else default(self.images)
        return first if first.ready(self.images) else find("random")

    def _classes(self, embedder: Embedder, real: Features, generated: Features) -> dict[str, float]:
        count = len(embedder.classes)
        if real.classes is None or generated.classes is None or count > MANY:
            return {}
        shares = formulas.class_shares(generated.classes, count)
        return {"classes": modes(shares, formulas.class_shares(real.classes, count)) / count}

    def _evaluation(self, embedder: Embedder, step: int, images_seen: int, figures: dict[str, float]) -> Evaluation:
        return Evaluation(
            step=step,
            images_seen=images_seen,
            extractor=embedder.identity,
            accuracy=embedder.accuracy,
            n=N,
            seed=self.seed,
            reference=f"{self.name}, {plural(len(self.images), 'image')}",
            fingerprint=self.images.fingerprint,
            figures=figures,
            better={name: "lower" if name == "kid" else "higher" for name in figures},
            training=True,
        )


def _advice(sampler: Sampler) -> str:
    return f"Out of memory on {sampler.device}. Free some of it, or leave evaluations out: --eval-every 0."
