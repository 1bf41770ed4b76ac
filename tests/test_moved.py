"""What could be imported from version 0.1.0 still can be, from where it was, with a warning that says where it is."""

import json
import sys
import warnings
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

NAMES: dict[str, list[str]] = json.loads(Path(__file__).with_name("names_0_1_0.json").read_text())
# Names that a module has now: `from gancli.plugins import registry` cannot mean the function any more.
NOW_MODULES = {"gancli.plugins.registry"}

# Inner workings that are written anew: nothing that is there now takes or returns the same.
WRITTEN_ANEW = {
    "checkpoint": "UNREADABLE digest load",
    "commands.resuming": "Return meant resumed_layer",
    "commands.sample": "write",
    "data.cache": "BUILDING",
    "data.load": "prepared",
    "display": "About about",
    "history": "OWN about told",
    "layout": "CHUNK CODES LONGEST Place digest digests raw table write",
    "lock": "held",
    "pace": "Pace fast_kernels",
    "sealed": "CHECKSUM Tensors Unsealed checksum",
    "state": "header restore tensors",
    "trainer": "FINISH facts",
    "verdicts": "Facts",
}
GONE = {f"gancli.{module}.{name}" for module, names in WRITTEN_ANEW.items() for name in names.split()}


def old_value(module: str, name: str) -> tuple[Any, list[str]]:
    """What `from module import name` gives, and the deprecations that it warns of."""
    scope: dict[str, Any] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(f"from {module} import {name} as value", scope)
    return scope["value"], [str(each.message) for each in caught if each.category is DeprecationWarning]


@pytest.mark.parametrize("module", NAMES)
def test_every_name_is_still_imported_from_its_old_place(module: str) -> None:
    for name in (name for name in NAMES[module] if f"{module}.{name}" not in GONE):
        value, told = old_value(module, name)
        path = f"{module}.{name}"
        if path in NOW_MODULES:
            assert isinstance(value, ModuleType)
        elif name in {*vars(sys.modules[module]), *getattr(sys.modules[module], "__all__", ())}:
            assert not told
        else:
            now, _, new_name = told[0].partition(f"{path} is now ")[2].rpartition(".")
            assert value is getattr(import_module(now), new_name), told


@pytest.mark.parametrize("path", sorted(GONE))
def test_what_is_gone_is_refused(path: str) -> None:
    module, _, name = path.rpartition(".")
    with pytest.raises(ImportError, match=f"cannot import name '{name}'"):
        exec(f"from {module} import {name}")


def test_the_warning_names_the_line_that_imports() -> None:
    with pytest.warns(DeprecationWarning, match=r"gancli\.text\.clean is now gancli\.base\.text\.clean") as caught:
        from gancli.text import clean  # type: ignore[import-not-found]
    assert caught[0].filename == __file__
    assert clean("a\x1bb") == "a?b"


def test_an_old_module_has_no_name_that_it_never_had() -> None:
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        exec("from gancli.text import nothing")
    with pytest.raises(ModuleNotFoundError, match=r"gancli\.nothing"):
        import_module("gancli.nothing")


def test_no_old_module_hides_a_public_name() -> None:
    import gancli

    old = {module.split(".")[1] for module in NAMES if module != "gancli"}
    assert not old & set(gancli.__all__)


def test_a_model_still_takes_its_images_by_the_old_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from gancli import TrainedModel

    monkeypatch.setattr(TrainedModel, "with_images", lambda _, images: images)
    model = TrainedModel.__new__(TrainedModel)
    with pytest.warns(DeprecationWarning, match="is now with_images"):
        taken = model.given("pictures")  # type: ignore[arg-type]
    assert taken == "pictures"
