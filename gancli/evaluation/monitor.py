"""A cheap figure while a training goes on: KID of a thousand images, and which classes they are of."""

import math
import time

import numpy as np

from gancli.base.errors import GanError
from gancli.base.progress import Progress
from gancli.base.text import plural
from gancli.compute.memory import out_of_memory
from gancli.data.images import Images
from gancli.evaluation.measuring import classes_for, generated
from gancli.extractors.contract import Extractor, default, find
from gancli.extractors.embedder import Embedder, embedder
from gancli.generation.sampler import Sampler
from gancli.metrics import formulas
from gancli.metrics.classes import modes
from gancli.metrics.contract import Features
from gancli.runs import evaluations
from gancli.runs.evaluations import Evaluation, comparable
from gancli.runs.run import Run
from gancli.telemetry.ticks import Event, Kind

N = 1000
MANY = 50  # classes, of which a thousand images tell no shares


class Monitor:
    """Evaluates one sampler again and again, always the same latents against the same real images.

    The extractor is the classifier of these images where the cache has it, else random features; a run that goes on
    keeps the one that it began with.
    """

    def __init__(self, sampler: Sampler, images: Images, name: str, seed: int) -> None:
        self.sampler, self.images, self.name, self.seed = sampler, images, name, seed
        self._cost: float | None = None
        self._known: list[Evaluation] = []
        self._standing: list[Evaluation] = []  # those that a better one has to beat: the best of them has its weights
        self._opened: tuple[Embedder, Features] | None = None

    @property
    def has_begun(self) -> bool:
        """Whether anything was evaluated since the process began."""
        return self._cost is not None

    def cost(self, images: int, seconds: float) -> float:
        """Seconds that an evaluation takes: as the last one did; before it, as training on as many images."""
        return N * seconds / max(images, 1) if self._cost is None else self._cost

    def rewind(self, run: Run | None, step: int) -> None:
        """Go on from a step, with what was measured until there."""
        if run is not None:
            evaluations.forget(run, step)
            self._known = [each for each in evaluations.read(run) if each.training]
            saved = [each for each in self._known if run.checkpoint(each.step).exists()]
            self._standing = saved if run.best.exists() else []

    def unmark(self, step: int) -> None:
        """Take note that what was best at a step could not be saved: the next ones need not be better than that."""
        self._standing = [each for each in self._standing if each.step != step]

    def evaluate(self, run: Run | None, step: int, images_seen: int) -> tuple[dict[str, float], bool, Event]:
        """The figures now, which the run keeps, whether they are better than all before on the same terms, and word.

        What cannot be measured is news, not an error: training goes on.
        """
        begun = time.perf_counter()
        try:
            found = self.measure(step, images_seen)
        except GanError as error:
            return {}, False, Event(Kind.EVALUATION, text=f"Not evaluated: {error}")
        except Exception as error:
            if not out_of_memory(error):
                raise
            return {}, False, Event(Kind.EVALUATION, text=f"Not evaluated: {_advice(self.sampler)}")
        finally:
            self._cost = time.perf_counter() - begun
        before = [each.figures["kid"] for each in comparable(self._standing, found)]
        self._known.append(found)
        self._standing.append(found)
        if run is not None:
            evaluations.add(run, found)
        return found.shown, bool(found.figures["kid"] < min(before, default=math.inf)), Event(Kind.EVALUATION)

    def measure(self, step: int, images_seen: int) -> Evaluation:
        """The figures now: `kid`; and where the extractor tells classes, the share of them that are made, `classes`."""
        see, real = self._opened = self._opened or self._open()
        asked = classes_for(self.sampler, self.images, N, self.seed)
        made = generated(self.sampler, asked, N, self.seed, see, Progress()).features
        found = {"kid": formulas.kernel_distance(real.rows, made.rows, 1, N, seed=0), **self._classes(see, real, made)}
        return self._evaluation(see, step, images_seen, found)

    def _open(self) -> tuple[Embedder, Features]:
        see = embedder(self._extractor(), self.images, self.sampler.device, Progress())
        numbers = np.random.default_rng(0).permutation(len(self.images))[:N]
        return see, see(np.ascontiguousarray(self.images.pixels[np.sort(numbers)]))

    def _extractor(self) -> Extractor:
        first = find(self._known[-1].extractor.split()[0]) if self._known else default(self.images)
        return first if first.ready(self.images) else find("random")

    def _classes(self, see: Embedder, real: Features, made: Features) -> dict[str, float]:
        count = len(see.classes)
        if real.classes is None or made.classes is None or count > MANY:
            return {}
        shares, usual = (formulas.class_shares(each, count) for each in (made.classes, real.classes))
        return {"classes": modes(shares, usual) / count}

    def _evaluation(self, see: Embedder, step: int, images_seen: int, found: dict[str, float]) -> Evaluation:
        return Evaluation(
            step=step,
            images_seen=images_seen,
            extractor=see.identity,
            accuracy=see.accuracy,
            n=N,
            seed=self.seed,
            reference=f"{self.name}, {plural(len(self.images), 'image')}",
            fingerprint=self.images.fingerprint,
            figures=found,
            better={name: "lower" if name == "kid" else "higher" for name in found},
            training=True,
        )


def _advice(sampler: Sampler) -> str:
    return f"Out of memory on {sampler.device}. Free some of it, or leave evaluations out: --eval-every 0."
