"""Verdicts: runs made to fail are told so, in numbers, with something to try; and nothing is said without evidence."""

import json
import math
from pathlib import Path

import pytest
import torch
from small import trainer
from torch import nn

from gancli.base.errors import DivergedError
from gancli.losses.gan import GANLoss
from gancli.telemetry.metrics_file import document
from gancli.telemetry.subject import Subject
from gancli.telemetry.ticks import Tick
from gancli.telemetry.verdicts import ALARMS, Judge, Verdict, judge
from gancli.training.trainer import Trainer

HEALTHY = {"real": 0.7, "fake": 0.3, "fake_after": 0.25, "loss_D": 0.9, "loss_G": 1.4, "grad_G": 1.0, "diversity": 0.8}
CRITIC = Subject(loss="wgan-gp", probabilities=False)


class Broken(GANLoss):
    """Reports what is not finite, from figures that are."""

    def derived(self, means: object) -> dict[str, float]:
        return {"odd": math.inf}


# Small enough for seconds, and with first weights like those of the full size.
SMALL = {
    "dcgan": {"arch__width": 4},
    "gan": {"arch__units": 64, "arch__d_units": 64, "arch__latent": 64},
    "cgan": {"arch__z_units": 64, "arch__y_units": 64, "arch__units": 128, "arch__d_units": 64, "arch__latent": 64},
}
GAMES = [(arch, loss) for arch in SMALL for loss in ("gan", "wgan", "wgan-gp")]


def game(arch: str, loss: str, **options: object) -> Trainer:
    """A trainer of that pair, measured every ten steps."""
    fixed = {"arch__name": arch, "loss__name": loss, **SMALL[arch], "batch_size": 32, "log_every": "10"}
    return trainer(**{**fixed, "sample_every": "0", **options})


def until(training: Trainer, name: str, steps: int) -> Tick:
    """The tick of the first verdict of that name; fails if there is none within so many steps."""
    seen = []
    for tick in training:
        assert tick.verdict
        seen.append(tick.verdict.name)
        if tick.verdict.name == name:
            return tick
        if tick.step > steps:
            break
    raise AssertionError(f"after {steps} steps: {set(seen)}, {tick.statistics}")


def series(steps: int, every: int = 20, **changed: float) -> list[tuple[int, dict[str, float]]]:
    return [(step, {**HEALTHY, **changed}) for step in range(every, steps + 1, every)]


def test_the_terms_that_a_loss_adds_to_the_cross_entropy_are_no_divergence() -> None:
    assert judge(series(600, loss_D=9.0, cross_entropy=1.3), Subject(loss="infogan")).name == "healthy"
    verdict = judge(series(600, loss_D=9.0, cross_entropy=6.0), Subject(loss="infogan"))
    assert verdict.name == "diverging"
    assert "D's cross-entropy is 6" in verdict.why


@pytest.mark.slow
def test_a_rate_fifty_times_too_high_diverges() -> None:
    training = trainer(
        arch__name="gan", arch__units=256, arch__d_units=512, arch__latent=100, data__size="28", data__count=500,
        batch_size=32, optim__lr=50 * 2e-4, steps=600, log_every="10", sample_every="0",
    )  # fmt: skip
    verdict = until(training, "diverging", 600).verdict
    assert verdict
    assert "Loss_D is" in verdict.why
    assert "--optim.lr 0.001" in verdict.advice


class OneOutput(nn.Module):
    """A generator that makes the same image whatever it is given, and learns which."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.image = nn.Parameter(torch.randn(shape) * 0.1)

    def forward(self, z: torch.Tensor, y: torch.Tensor | None = None) -> torch.Tensor:
        return self.image.tanh().expand(len(z), *self.image.shape)


def test_a_generator_with_one_output_is_mode_collapse() -> None:
    training = trainer(steps=1000, log_every="10", sample_every="0", data__count=200)
    made = training.networks["G"] = OneOutput(training.data.spec.shape)
    training.game.networks["G"].module = made
    training.players["G"].networks["G"] = made
    training.players["G"].parameters = {"G.image": made.image}
    training.players["G"].optimizer = torch.optim.Adam(made.parameters(), 1e-3)
    training.average.live, training.average.networks = {"G": made}, {"G": OneOutput(training.data.spec.shape)}
    verdict = until(training, "mode collapse", 600).verdict
    assert verdict
    assert "differ from each other by none" in verdict.why
    assert "--loss wgan-gp" in verdict.advice


def test_a_discriminator_that_moves_alone_saturates() -> None:
    rates = {"optim__lr": 1e-12, "optim__d_lr": 2e-3, "optim__r1": 0}
    training = trainer(steps=1500, **rates, data__count=2000, log_every="10", sample_every="0")
    tick = until(training, "discriminator saturated", 1200)
    assert tick.verdict
    assert "the generator's gradient is" in tick.verdict.why
    assert "--optim.d-lr 0.0005" in tick.verdict.advice


def test_what_is_not_finite_is_the_last_verdict() -> None:
    training = trainer(steps=500, log_every="5", sample_every="0")
    seen = []
    with pytest.raises(DivergedError):  # noqa: PT012
        for tick in training:
            seen.append(tick)
            if tick.step == 50:
                next(iter(training.networks["G"].parameters())).data.fill_(math.nan)
    assert seen[-1].verdict
    assert seen[-1].verdict.name == "diverged"
    assert seen[-1].step <= 60
    assert "no longer finite" in seen[-1].verdict.why
    assert all(math.isfinite(value) for tick in seen for value in tick.statistics.values())


def test_a_derived_statistic_that_is_not_finite_is_no_evidence() -> None:
    training = trainer(steps=10, log_every="5")
    training.state.loss = Broken(name="gan")
    ticks = list(training)
    assert ticks[-1].step == 10
    assert all("odd" not in tick.statistics and "loss_D" in tick.statistics for tick in ticks)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arch", "options"),
    [("dcgan", {"arch__width": 16}), ("gan", {"arch__latent": 100, "arch__d_units": 128}), ("cgan", {})],
)
def test_sixteen_images_are_learnt_by_heart(arch: str, options: dict[str, object]) -> None:
    training = game(arch, "gan", **options, data__count=16, batch_size=64, steps=2000)
    verdict = until(training, "memorising", 2000).verdict
    assert verdict
    assert "the 16 " in verdict.why
    assert "more images" in verdict.advice


@pytest.mark.slow
@pytest.mark.parametrize(("arch", "loss"), GAMES)
def test_a_healthy_run_raises_no_alarm(arch: str, loss: str) -> None:
    training = game(arch, loss, data__count=1100, steps=600)
    assert {tick.verdict.name for tick in training if tick.verdict} == {"too early", "healthy"}


@pytest.mark.parametrize(
    ("facts", "changed", "name"),
    [
        (Subject(), {}, "healthy"),
        (Subject(), {"real": 0.99, "fake": 0.01, "fake_after": 0.01, "loss_D": 0.02}, "discriminator saturated"),
        (Subject(), {"real": 0.6, "fake": 0.9}, "generator winning"),
        (CRITIC, {"real": -1.0, "fake": 2.0}, "generator winning"),
        (Subject(), {"diversity": 0.01}, "mode collapse"),
        (Subject(images=16), {"novelty": 0.1}, "memorising"),
        (Subject(images=16), {"novelty": 0.95}, "healthy"),
        (Subject(images=16), {"real": 0.99, "fake": 0.01, "fake_after": 0.01, "loss_D": 0.02}, "memorising"),
        (Subject(images=60_000), {"novelty": 0.1}, "healthy"),
        (Subject(), {"loss_D": 9.0}, "diverging"),
        (CRITIC, {"slope": 8.0}, "diverging"),
        (CRITIC, {"real": 5.0, "fake": -5.0, "wasserstein": 10.0, "slope": 1.1}, "healthy"),
    ],
)
def test_what_statistics_come_to(facts: Subject, changed: dict[str, float], name: str) -> None:
    verdict = judge(series(600, **changed), facts)
    assert verdict.name == name
    assert verdict.alarm == (name in ALARMS)
    assert bool(verdict.advice) == verdict.alarm
    assert any(letter.isdigit() for letter in verdict.why)


def test_nothing_is_said_before_there_is_evidence() -> None:
    bad = {"real": 0.99, "fake": 0.01, "fake_after": 0.01, "diversity": 0.0}
    assert judge([], Subject()).name == "too early"
    assert judge(series(180, **bad), Subject()).name == "too early"
    assert judge(series(600, every=100, **bad), Subject()).name == "too early"
    assert judge([*series(480), (500, {**HEALTHY, **bad})], Subject()).name == "healthy"


@pytest.mark.parametrize("scale", [1.0, 100.0])
@pytest.mark.parametrize("facts", [Subject(), CRITIC])
def test_a_discriminator_that_has_given_up_is_blind_and_one_in_balance_is_not(facts: Subject, scale: float) -> None:
    first = [
        (step, {**HEALTHY, "real": 0.6 * scale, "fake": 0.4 * scale, "grad_D": scale}) for step in range(0, 200, 20)
    ]
    even = {**HEALTHY, "real": 0.5001 * scale, "fake": 0.5 * scale}
    for gradient, name in ((0.005, "discriminator blind"), (0.3, "healthy")):
        now = [(step, {**even, "grad_D": gradient * scale}) for step in range(200, 1001, 20)]
        assert judge([*first, *now], facts).name == name
    apart = [
        (step, {**HEALTHY, "real": 0.6 * scale, "fake": 0.4 * scale, "grad_D": 1e-3}) for step in range(200, 1001, 20)
    ]
    assert judge([*first, *apart], facts).name == "healthy"


def test_diversity_that_falls_is_a_collapse_and_one_that_was_never_high_is_a_beginning() -> None:
    low = [(step, {**HEALTHY, "diversity": 0.2}) for step in range(1020, 2001, 20)]
    assert judge([*series(1000), *low], Subject()).name == "mode collapse"
    assert judge(low, Subject()).name == "healthy"


def test_a_plateau_is_no_alarm() -> None:
    verdict = judge(series(15_000), Subject())
    assert (verdict.name, verdict.alarm) == ("plateaued", False)
    assert judge(series(14_980), Subject()).name == "healthy"


@pytest.mark.parametrize("name", ["loss_G", "diversity", "fid"])
def test_a_plateau_is_one_of_the_last_two_thirds_in_all_that_is_measured(name: str) -> None:
    moving = [(step, {**HEALTHY, name: 1 + 10_000 / step}) for step in range(50, 60_001, 50)]
    assert {judge(moving[:count], Subject()).name for count in (400, 800, 1200)} == {"healthy"}
    still = [(step, {**HEALTHY, name: 1 + 10_000 / min(step, 20_000)}) for step in range(50, 60_001, 50)]
    assert judge(still, Subject()).name == "plateaued"
    assert judge(still[:800], Subject()).name == "healthy"


def test_a_long_run_is_judged_from_a_share_of_it() -> None:
    one = Judge(Subject(), limit=512)
    for step, statistics in series(20_000):
        verdict = one.add(step, statistics)
    assert verdict.name == "plateaued"
    assert len(one._points) <= 512


def test_a_resumed_run_is_judged_with_what_led_to_it(tmp_path: Path) -> None:
    first = game("gan", "gan", folder=tmp_path / "run", steps=520)
    list(first)
    assert first.run
    high = (*range(61), *range(521, 901))
    fallen = series(900, diversity=0.05)
    fallen = [(step, {**each, "diversity": 0.8} if step in high else each) for step, each in fallen]
    gone = [Tick(step, 32 * step, 1.0, 1.0, None, statistics) for step, statistics in fallen]
    first.run.metrics.write_text("".join(json.dumps(document(tick)) + "\n" for tick in gone))
    resumed = game("gan", "gan", folder=tmp_path / "run", steps=530)
    resumed.resume(first.run.latest())
    (tick,) = resumed
    assert tick.verdict
    assert (tick.verdict.name, "it was 80%" in tick.verdict.why) == ("mode collapse", True)


def test_statistics_that_are_missing_are_no_evidence() -> None:
    assert judge([(step, {}) for step in range(10, 900, 10)], Subject()).name == "healthy"
    assert Verdict.read({"name": 3}) == Verdict("3", "", "")
