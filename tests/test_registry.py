"""Names find things, and a wrong name is answered with what was meant."""

import pytest

from gancli.config import find_dataset
from gancli.errors import GanError, UsageError
from gancli.plugins import KINDS, registry


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


def test_a_hostile_name_is_shown_harmless() -> None:
    with pytest.raises(GanError) as unknown:
        find_dataset("\x1b[31mred\u202e")
    assert "\x1b" not in str(unknown.value)
    assert "\u202e" not in str(unknown.value)
