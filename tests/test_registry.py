"""Names find things, and a wrong name is answered with what was meant."""

from collections.abc import Iterator
from typing import ClassVar

import pytest

from gancli import Trainer, register
from gancli.architectures.mlp import MLP
from gancli.base.errors import GanError, UsageError
from gancli.config.sources import find_dataset
from gancli.losses.gan import GANLoss
from gancli.plugins.registry import KINDS, registry, require


@pytest.mark.parametrize("kind", KINDS)
def test_everything_registered_can_be_loaded(kind: str) -> None:
    for entry in registry().listing(kind):
        assert entry.load() is not None
        assert entry.summary


def test_every_option_of_the_built_ins_is_explained() -> None:
    for kind in ("architecture", "loss", "dataset"):
        for entry in registry().listing(kind):
            for name, field in entry.load().model_fields.items():
                assert name == "name" or field.description, f"{entry.name}.{name}"


def test_package_and_name_find_it_too() -> None:
    assert registry().find("loss", "gancli/wgan-gp") == registry().find("loss", "wgan-gp")


@pytest.mark.parametrize(("kind", "name", "answer"), [
    ("loss", "wgangp", "Did you mean wgan-gp"),
    ("architecture", "wgan-gp", "gan train --arch dcgan --loss wgan-gp"),
    ("loss", "zzzz", "There are: gan, wgan, wgan-gp"),
])  # fmt: skip
def test_an_unknown_name(kind: str, name: str, answer: str) -> None:
    with pytest.raises(UsageError) as unknown:
        registry().find(kind, name)
    assert answer in str(unknown.value)


@pytest.mark.parametrize(("source", "answer"), [
    ("nosuchfolder", "There is no file or folder 'nosuchfolder'. Give a path, or a dataset, such as digits"),
    ("digit", "Did you mean digits? Give a path"),
    ("dcgan", "You may have meant: gan train --arch dcgan"),
    ("./photos", "There is nothing at ./photos"),
])  # fmt: skip
def test_a_source_that_is_not_there(source: str, answer: str) -> None:
    with pytest.raises(GanError) as missing:
        find_dataset(source)
    assert answer in str(missing.value)


def test_a_hostile_name_is_shown_harmless() -> None:
    with pytest.raises(GanError) as unknown:
        find_dataset("\x1b[31mred\u202e")
    assert "\x1b" not in str(unknown.value)
    assert "\u202e" not in str(unknown.value)


class Own(GANLoss):
    """A loss of this very file."""

    suggests: ClassVar = {"arch.units": 8, "batch_size": 4, "optim.lr": 0.5}


class Narrow(MLP):
    """An architecture of this very file."""


@pytest.fixture
def _own_names() -> Iterator[None]:
    register("loss", "own", Own, "Of a test.")
    register("architecture", "narrow", Narrow)
    yield
    registry.cache_clear()


@pytest.mark.usefixtures("_own_names")
def test_a_class_of_a_script_is_chosen_by_name_like_any_other() -> None:
    settings = {"arch": "narrow", "loss": {"name": "own"}, "data.count": 20, "optim.lr": 1e-3, "steps": 2}
    trainer = Trainer.of(settings)
    assert (type(trainer.arch), type(trainer.loss)) == (Narrow, Own)
    assert (trainer.settings.batch_size, trainer.settings.optim.lr) == (4, 1e-3)  # as it suggests, and as is given
    assert [tick.step for tick in trainer][-1] == 2
    with pytest.raises(UsageError, match="did you mean"):
        Trainer.of({"loss": {"name": "own", "saturated": True}, "los.name": "gan"})


@pytest.mark.usefixtures("_own_names")
def test_a_checkpoint_of_a_script_names_the_script() -> None:
    entry = registry().find("loss", "own")
    assert (entry.package, entry.version) == ("test_registry.py", "")
    with pytest.raises(GanError, match=r"needs loss 'gone' of the script test_registry\.py\. Only that script can"):
        require({"loss gone": "test_registry.py "}, "loss")
