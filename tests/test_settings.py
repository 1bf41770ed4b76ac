"""Settings come in layers, and each value knows where it came from."""

from pathlib import Path

import pytest
import tomli
from conftest import Gan

from gancli.base.errors import GanError, UsageError
from gancli.base.units import duration_text, seconds_of
from gancli.config.config import Config
from gancli.config.environment import read_environment
from gancli.config.layers import resolve
from gancli.config.presets import preset
from gancli.config.toml import read_toml, to_toml


def test_the_lowest_layers_are_what_the_chosen_suggest() -> None:
    resolved = resolve([preset("wgan-gp")])
    assert resolved.settings.arch.d_norm == "none"
    assert resolved.origins["arch.d_norm"] == "loss wgan-gp suggests"
    assert resolved.settings.optim.betas == (0.0, 0.9)
    assert resolve([preset("wgan")]).settings.loss.clip == 0.05


def test_a_suggestion_can_follow_from_the_layers_below(gan: Gan) -> None:
    rates = {arch: resolve([Config("x", {"arch.name": arch})]).settings.optim.lr for arch in ("gan", "dcgan", "began")}
    for arch, rate in rates.items():
        resolved = resolve([Config("x", {"arch.name": arch, "loss.name": "wgan"})])
        assert resolved.settings.optim.lr == 2 * rate
        assert resolved.origins["optim.lr"] == "loss wgan suggests"
        assert f"[{2 * rate:g}]" in gan("train", "--arch", arch, "--loss", "wgan", "--help").out
    assert len(set(rates.values())) == 3  # that of began is the default


@pytest.mark.parametrize(("arch", "width"), [("dcgan", 32), ("resnet", 32), ("began", 16), ("stylegan2", 16)])
def test_digits_do_with_half_the_width_of_photographs(arch: str, width: int) -> None:
    resolved = resolve([Config("x", {"arch.name": arch, "data.source": "digits"})])
    assert resolved.settings.arch.width == width
    assert resolved.origins["arch.width"] == "dataset digits suggests"


def test_higher_layers_win() -> None:
    toml = Config.nested("run.toml", {"loss": {"n_critic": 3}, "batch_size": 16, "seed": 1})
    environment = read_environment({"GAN_LOSS__N_CRITIC": "4", "GAN_SEED": "2", "HOME": "/"})
    typed = Config("command line", {"seed": 3}, {"seed": "--seed"})
    resolved = resolve([preset("wgan-gp"), toml, environment, typed])
    assert (resolved.settings.loss.n_critic, resolved.settings.batch_size, resolved.settings.seed) == (4, 16, 3)
    assert resolved.origins["loss.n_critic"] == "GAN_LOSS__N_CRITIC"
    assert (resolved.origins["batch_size"], resolved.origins["seed"]) == ("run.toml", "--seed")


def test_a_variable_of_another_tool_is_told_and_ends_nothing(gan: Gan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAN_TOKEN", "secret")
    monkeypatch.setenv("GAN_LOSS__WEIGHT", "2")
    shown = gan("train", "--dry-run", "--arch.width", 8)
    assert shown.code == 0
    assert shown.err.splitlines() == [
        "Note: GAN_LOSS__WEIGHT is no setting here.",
        "Note: GAN_TOKEN is no setting here.",
    ]


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("GAN_SEDE", "GAN_SEED"),
        ("GAN_LOSS__N_CRITC", "GAN_LOSS__N_CRITIC"),
        ("GAN_OPTIM_LR", "GAN_OPTIM__LR"),
        ("GAN_BATCHSIZE", "GAN_BATCH_SIZE"),
    ],
)
def test_a_misspelt_variable_is_told_with_the_one_that_is_near(variable: str, meant: str) -> None:
    notes = resolve([preset("wgan-gp"), read_environment({variable: "4"})]).notes
    assert notes == (f"{variable} is no setting here; did you mean {meant}?",)


def test_a_variable_with_a_wrong_value_is_an_error() -> None:
    with pytest.raises(UsageError, match="GAN_SEED"):
        resolve([read_environment({"GAN_SEED": "x"})])


def test_keys_written_for_another_choice_are_dropped_and_told() -> None:
    toml = Config.nested("run.toml", {"arch": "dcgan", "loss": {"name": "wgan-gp", "weight": 3.0}})
    resolved = resolve([toml, Config("command line", {"loss.name": "gan"})])
    assert resolved.settings.loss.name == "gan"
    assert any("loss.weight" in note and "wgan-gp" in note for note in resolved.notes)


def test_a_suggestion_that_the_other_does_not_know_is_ignored() -> None:
    settings = resolve([Config("x", {"arch.name": "began", "loss.name": "wgan-gp"})]).settings
    assert not hasattr(settings.arch, "d_norm")


def test_a_length_replaces_the_lengths_below_it() -> None:
    settings = resolve([Config("a", {"steps": 5}), Config("b", {"epochs": 2})]).settings
    assert (settings.steps, settings.epochs) == (None, 2)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"loss.wieght": 1, "loss.name": "wgan-gp"}, "did you mean loss.weight"),
        ({"loss.weight": -1, "loss.name": "wgan-gp"}, "greater than or equal to 0"),
        ({"optim.lr": "fast"}, "optim.lr = fast"),
        ({"optim.betas": "0.5"}, "optim.betas"),
        ({"batch_size": 1}, "batch_size = 1"),
        ({"time": "soon"}, "a duration is a number with a unit"),
        ({"data.size": "big"}, "a size is 64"),
        ({"device": "tpu"}, "device = tpu"),
        ({"data.layout": "NCHW"}, "data.layout"),
    ],
)
def test_a_wrong_setting_is_named_with_its_origin(values: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError) as refused:
        resolve([Config("run.toml", values)])
    assert told in str(refused.value)
    assert "run.toml" in str(refused.value)


def test_every_wrong_setting_is_told_at_once() -> None:
    with pytest.raises(UsageError) as refused:
        resolve([Config("x", {"optim.lr": -1, "batch_size": 0, "arch.width": 0})])
    assert all(key in str(refused.value) for key in ("optim.lr", "batch_size", "arch.width"))


def test_the_toml_shown_gives_back_the_same_settings(tmp_path: Path) -> None:
    typed = {"optim.betas": "0.1,0.2", "data.size": "8x12", "time": "90s", "sample_every": "10m", "checkpoint_every": 7}
    resolved = resolve([preset("wgan"), Config("command line", typed)])
    path = tmp_path / "run.toml"
    path.write_text(to_toml(resolved))
    assert resolve([read_toml(path)]).settings == resolved.settings
    assert tomli.loads(path.read_text())["checkpoint_every"] == 7


def test_dry_run_prints_a_file_that_config_takes(gan: Gan) -> None:
    shown = gan("train", "--preset", "wgan-gp", "--arch.width", 8, "--loss.weight", 5, "--dry-run")
    assert shown.code == 0
    assert "# --loss.weight" in shown.out
    assert "# loss wgan-gp suggests" in shown.out
    assert "G: " in shown.out
    Path("again.toml").write_text(shown.out)
    again = gan("train", "--config", "again.toml", "--dry-run")
    assert tomli.loads(again.out) == tomli.loads(shown.out)
    assert not Path("runs").exists()


@pytest.mark.parametrize("seconds", [0.5, 90, 3600, 1_234_567, 86_400 * 30.5])
def test_a_duration_reads_back_to_the_same_seconds(seconds: float) -> None:
    assert seconds_of(duration_text(seconds)) == seconds


def test_a_file_that_is_no_toml_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("steps = = 3\n")
    with pytest.raises(GanError, match="line 1"):
        read_toml(tmp_path / "bad.toml")


def test_options_of_the_chosen_are_real_options(gan: Gan) -> None:
    plain, chosen = gan("train", "--help").out, gan("train", "--loss", "wgan-gp", "--help").out
    assert "--loss.weight" not in plain
    assert "Weight of the gradient penalty. [10.0]" in " ".join(chosen.split())
    assert "Normalisation in D. [none]" in " ".join(chosen.split())


def test_an_option_of_another_choice_is_wrong_usage(gan: Gan) -> None:
    refused = gan("train", "--loss", "gan", "--loss.weight", 3)
    assert refused.code == 2
    assert "--loss.weight" in refused.err
