"""Verdicts on a training, from its statistics alone: a name, the numbers behind it, and what to try.

Every threshold is here. An alarm needs evidence over `SPAN` steps and `TICKS` ticks; without it there is none.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from gancli.telemetry.subject import Subject

TICKS = 10  # measurements, at least
SPAN = 200  # steps that a judgement looks back on, at least
LONG = 500  # steps, where a healthy start looks the same for a while
CERTAIN = 0.97  # D(x) of a discriminator that no longer learns
FOOLED = 0.8  # D(G(z)) of one that has lost
BLIND = 0.02  # D's lead and its gradient, as shares of what they were at first, when it has given up
HUGE_LOSS = 5.0  # of cross-entropy, whose equilibrium is 1.39
STEEP = 3.0  # slope of a critic that is held near one
ALIKE = 0.1  # diversity, as a share of the data's, of images that are all the same
FALLEN = 0.25  # diversity that is low after it was more than twice as high
COPIES = 0.85  # novelty of images that are near one training image each: others, however blurred, have 1
MORE = "more images, --augment color,translation,cutout, or a shorter run"
PLATEAU = 5000  # steps, at least, of each of the two stretches that are compared: the last thirds of the run
RISEN = 0.5  # by which share KID lies above its best when it rises
CHANCE = 3.0  # times its mean distance from the median around it, by which KID must lie above its best besides
RUNNING = 5  # evaluations in a row whose median is taken, and that must all lie above
FRESH = 3  # evaluations in a row that miss classes
MISSING = 0.6  # share of the classes that is made when others are lost
STEADY = 0.02  # change, as a share, that counts as none


@dataclass(frozen=True)
class Verdict:
    """A verdict: its name, its reason in numbers, and options to add to the command line, if any could help."""

    name: str
    why: str
    advice: str = ""

    @property
    def alarm(self) -> bool:
        """Whether the verdict says that something is wrong."""
        return self.name in ALARMS

    def document(self) -> dict[str, str]:
        """The verdict as a JSON object."""
        return {"name": self.name, "why": self.why, **({"try": self.advice} if self.advice else {})}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Verdict":
        """The verdict in a JSON object; what is missing is empty."""
        return cls(*(str(document.get(key, "")) for key in ("name", "why", "try")))


Point = tuple[int, Mapping[str, float]]
Points = Sequence[Point]
DIVERGED = "diverged"
ALARMS = frozenset(
    {"diverging", DIVERGED, "memorising", "discriminator saturated", "discriminator blind", "generator winning"}
    | {"mode collapse", "getting worse"}
)


class Judge:
    """Judges a run tick by tick; it keeps at most `limit` measurements, of a long run every second older one."""

    def __init__(self, subject: Subject, past: Iterable[Point] = (), limit: int = 1024) -> None:
        self.subject, self._limit = subject, limit
        self._points: list[Point] = []
        for step, statistics in past:
            self._remember(step, statistics)

    def add(self, step: int, statistics: Mapping[str, float]) -> Verdict:
        """The verdict after one more measurement."""
        self._remember(step, statistics)
        return judge(self._points, self.subject)

    def _remember(self, step: int, statistics: Mapping[str, float]) -> None:
        self._points.append((step, dict(statistics)))
        if len(self._points) > self._limit:
            half = len(self._points) // 2
            self._points = _every_second(self._points[:half]) + self._points[half:]


def _every_second(points: Points) -> list[Point]:
    # Evaluations are few, and one says little by itself: none is dropped, nor how the run began.
    return [point for number, point in enumerate(points) if number < TICKS or number % 2 == 0 or "kid" in point[1]]


def judge(points: Points, subject: Subject) -> Verdict:
    """The verdict on (step, statistics) pairs, oldest first: of the first suspicion with evidence, or `healthy`."""
    if not points or not _window(points, SPAN):
        return Verdict("too early", "Nothing is judged before there are 200 steps and 10 measurements.")
    # The order matters: the first with evidence is the verdict.
    alarms = (_diverging, _memorising, _saturated, _blind, _generator_wins, _collapse, _lost_classes, _rising)
    for suspicion in (*alarms, _plateau):
        if verdict := suspicion(points, subject):
            return verdict
    return Verdict("healthy", _healthy(points, subject))


def diverged(step: int, fault: str, subject: Subject) -> Verdict:
    """The verdict on a training that diverged; `fault` names what is no longer finite, with its verb."""
    return Verdict(DIVERGED, f"At step {step:,} {fault} no longer finite.", _slower(subject))


def _window(points: Points, steps: int) -> Points:
    """The measurements of the last `steps` steps, ten at least; empty where the run is shorter than that."""
    since = points[-1][0] - steps
    if points[0][0] > since or len(points) < TICKS:
        return []
    count = sum(1 for step, _ in points if step > since)
    return points[-max(TICKS, count) :]


def _mean(points: Points, name: str) -> float:
    """The mean of a statistic; nan where it was never measured."""
    values = [statistics[name] for _, statistics in points if name in statistics]
    return fmean(values) if values else math.nan


def _always(points: Points, holds: Callable[[Mapping[str, float]], bool]) -> bool:
    return all(holds(statistics) for _, statistics in points)


def _diverging(points: Points, subject: Subject) -> Verdict | None:
    """Diverging: values are still finite, but larger than in any working game."""
    now = _window(points, SPAN)
    slope, entropy = _mean(now, "slope"), _mean(now, "cross_entropy")
    # A loss whose objective for D has other terms too reports the cross-entropy by itself.
    name, loss = ("Loss_D", _mean(now, "loss_D")) if math.isnan(entropy) else ("D's cross-entropy", entropy)
    if subject.probabilities and loss > HUGE_LOSS:
        return Verdict(
            "diverging", f"{name} is {loss:.3g}, where a fair game has 1.4 and a won one 0.", _slower(subject)
        )
    if slope > STEEP:
        return Verdict("diverging", f"The critic's slope is {slope:.3g}; the penalty asks for 1.", _slower(subject))
    return None


def _saturated(points: Points, subject: Subject) -> Verdict | None:
    """Saturated: D is certain of every image, so that G learns nothing; of few images D has memorised all."""
    now = _window(points, LONG)
    real, fake = _mean(now, "real"), _mean(now, "fake_after")
    if not subject.probabilities or not now or not (real > CERTAIN and fake < 1 - CERTAIN):
        return None
    if not _always(now, lambda s: s.get("real", 0) > 0.9 and s.get("fake_after", 1) < 0.1):
        return None
    why = f"D(x) is {real:.3f} and D(G(z)) {fake:.4f} for {now[-1][0] - now[0][0]:,} steps"
    if subject.few:
        return Verdict("memorising", f"D knows the {subject.images} images by heart: {why}.", MORE)
    gradient = _mean(now, "grad_G")
    why += "." if math.isnan(gradient) else f"; the generator's gradient is {gradient:.2g}."
    return Verdict("discriminator saturated", why, f"--loss wgan-gp, or --optim.d-lr {subject.d_rate / 4:.2g}")


def _blind(points: Points, subject: Subject) -> Verdict | None:
    """Blind: D scores all images alike and learns no more: its lead and its gradient have nearly vanished."""
    now, first = _window(points, LONG), points[:TICKS]
    gradient = _mean(now, "grad_D") / max(*(statistics.get("grad_D", 0.0) for _, statistics in first), 1e-12)
    if not gradient < BLIND or not fmean(_leads(now)) < BLIND * max(_leads(first)):
        return None
    real, fake = _mean(now, "real"), _mean(now, "fake")
    why = f"D scores real images {real:.4g}, generated ones {fake:.4g}; its gradient is {gradient:.1%} of what it was."
    loss = ", or --loss wgan-gp" if subject.loss != "wgan-gp" else ""
    return Verdict("discriminator blind", why, f"--optim.lr {subject.rate / 4:.2g}{loss}")


def _leads(points: Points) -> list[float]:
    """How far apart D scores real and generated images, at every measurement."""
    return [abs(s.get("real", math.nan) - s.get("fake", math.nan)) for _, s in points]


def _generator_wins(points: Points, subject: Subject) -> Verdict | None:
    """Generator winning: D scores generated images as real, and higher than real ones."""
    now = _window(points, LONG)
    real, fake = _mean(now, "real"), _mean(now, "fake")
    if not now or not fake > real:
        return None
    advice = f"--optim.d-lr {subject.d_rate * 4:.2g}, or --loss.n-critic 5"
    if subject.probabilities and fake > FOOLED:
        return Verdict("generator winning", f"D(G(z)) is {fake:.2f}, D(x) only {real:.2f}.", advice)
    if not subject.probabilities and _always(now, lambda s: s.get("fake", 0) > s.get("real", 0)):
        return Verdict(
            "generator winning", f"The critic scores generated images {fake:.3g}, real ones {real:.3g}.", advice
        )
    return None


def _collapse(points: Points, subject: Subject) -> Verdict | None:
    """Mode collapse: the images of a batch are alike, or have become so."""
    now, first = _window(points, LONG), points[: max(1, len(points) - TICKS)]
    diversity = _mean(now, "diversity")
    if not now or not diversity < FALLEN:
        return None
    best = max((s.get("diversity", 0.0) for _, s in first), default=0.0)
    if not (_always(now, lambda s: s.get("diversity", 1) < ALIKE) or best > 2 * FALLEN):
        return None
    share = "none" if diversity < 0.005 else f"{diversity:.0%}"
    why = f"Generated images differ from each other by {share} of what real ones do"
    why += f"; it was {best:.0%}." if best > 2 * FALLEN else "."
    loss = "--loss wgan-gp" if subject.loss != "wgan-gp" else "--loss.n-critic 5"
    return Verdict("mode collapse", why, f"{loss}, or --optim.lr {subject.rate / 4:.2g}")


def _lost_classes(points: Points, subject: Subject) -> Verdict | None:
    """Mode collapse: a classifier of the data finds few of its classes among generated images."""
    last = _measured(points, "classes")[-FRESH:]
    if len(last) < FRESH or not max(share for _, share in last) <= MISSING:
        return None
    why = f"Only {last[-1][1]:.0%} of the classes are made, at {FRESH} evaluations in a row."
    loss = "--loss wgan-gp" if subject.loss != "wgan-gp" else "--loss.n-critic 5"
    return Verdict("mode collapse", why, f"{loss}, or --conditional")


def _rising(points: Points, subject: Subject) -> Verdict | None:
    """Getting worse: the distance to real images grows again, by more than its noise between evaluations."""
    measured = _measured(points, "kid")
    if len(measured) < 2 * RUNNING:
        return None
    kids, middle = [kid for _, kid in measured], RUNNING // 2
    medians = [median(kids[number : number + RUNNING]) for number in range(len(kids) - RUNNING + 1)]
    noise = fmean(abs(kid - usual) for kid, usual in zip(kids[middle:], medians, strict=False))
    number, best = min(enumerate(medians[:-RUNNING]), key=lambda pair: (pair[1], -pair[0]))
    if not min(kids[-RUNNING:]) > best + max(RISEN * abs(best), CHANCE * noise):
        return None
    why = f"KID is {medians[-1]:.3g}, and was {best:.3g}: rising since step {measured[number + middle][0]:,}."
    return Verdict("getting worse", why, f"checkpoints/best.safetensors, or --optim.lr {subject.rate / 4:.2g}")


def _measured(points: Points, name: str) -> list[tuple[int, float]]:
    """The steps and values of a statistic that is measured only now and then."""
    return [(step, statistics[name]) for step, statistics in points if name in statistics]


def _memorising(points: Points, subject: Subject) -> Verdict | None:
    """Memorising: generated images are copies of the few training images."""
    novelty, diversity = (_mean(_window(points, SPAN), name) for name in ("novelty", "diversity"))
    if not subject.few or not novelty < COPIES or not diversity > ALIKE:
        return None
    why = (
        f"Generated images are copies of the {subject.images} there are: novelty {novelty:.2f}, where new ones have 1."
    )
    return Verdict("memorising", why, MORE)


def _plateau(points: Points, subject: Subject) -> Verdict | None:
    """Plateaued: no statistic has changed from one long stretch of steps to the next."""
    last = points[-1][0]
    stretch = max(PLATEAU, last // 3)
    new = [point for point in points if point[0] > last - stretch]
    old = [point for point in points if last - 2 * stretch < point[0] <= last - stretch]
    if last < 3 * PLATEAU or min(len(old), len(new)) < 2 * TICKS:
        return None
    names = [name for name in new[-1][1] if name in old[0][1]]
    moved = [_change(_mean(old, name), _mean(new, name)) for name in names]
    if not moved or not max(moved) < STEADY:
        return None
    why = f"From one {stretch:,} steps to the next nothing that is measured has changed by more than {max(moved):.1%}."
    return Verdict("plateaued", why, f"--resume with --optim.lr {subject.rate / 4:.2g}, or stop here")


def _change(old: float, new: float) -> float:
    return abs(new - old) / max(abs(old), abs(new), 1e-12)


def _healthy(points: Points, subject: Subject) -> str:
    """The reason for `healthy`: the numbers of a game in which both sides learn."""
    now = _window(points, SPAN)
    if subject.probabilities:
        why = f"D(x) {_mean(now, 'real'):.2f}, D(G(z)) {_mean(now, 'fake'):.2f}: both sides learn"
    elif math.isnan(distance := _mean(now, "wasserstein")):
        why = "Both sides learn"
    else:
        why = f"The critic puts generated images {distance:.3g} from real ones"
    diversity = _mean(now, "diversity")
    return why + ("." if math.isnan(diversity) else f"; diversity {diversity:.0%} of the data's.")


def _slower(subject: Subject) -> str:
    """Advice to learn more slowly."""
    loss = f"--loss {'wgan-gp' if subject.loss != 'wgan-gp' else 'gan'}"
    return f"--optim.lr {subject.rate / 10:.2g}, or {loss}"
