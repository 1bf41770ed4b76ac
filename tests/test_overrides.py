"""An override is held against what it overrides, and its annotations are nobody's business."""

import functools
import inspect
import typing
from typing import Any

import pytest

from gancli.base import options
from gancli.losses.gan import GANLoss

SOURCE = """
class Deferred(GANLoss):
    def d_loss(self, real: "OnlyForTypeCheckers", fake: "OnlyForTypeCheckers") -> "OnlyForTypeCheckers":
        return super().d_loss(real, fake)
"""


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signatures as Python 3.14 has them: to read one is to evaluate the annotations."""

    def signature(method: Any) -> inspect.Signature:
        typing.get_type_hints(method)
        return inspect.signature(method)

    monkeypatch.setattr(options, "signature", signature)


@pytest.mark.usefixtures("evaluated")
def test_a_method_may_be_annotated_with_names_that_are_there_for_type_checkers_only() -> None:
    names: dict[str, Any] = {"GANLoss": GANLoss, "__name__": __name__}
    exec(SOURCE, names)
    assert names["Deferred"](name="deferred").probabilities


def test_an_override_that_is_called_otherwise_is_refused_by_its_signature() -> None:
    with pytest.raises(
        TypeError, match=r"Wrong\.d_loss\(self, real\) is called as GANLoss\.d_loss\(self, real, fake\)"
    ):

        class Wrong(GANLoss):
            def d_loss(self, real: Any) -> Any:  # type: ignore[override]
                return real


def test_defaults_keywords_and_wrappers_count() -> None:
    def plain(method: Any) -> Any:
        @functools.wraps(method)
        def run(*args: Any, **given: Any) -> Any:
            return method(*args, **given)

        return run

    class More(GANLoss):
        @plain
        def d_loss(self, real: Any, fake: Any, more: int = 0, *, most: int = 0) -> Any:
            return real, fake, more, most

    with pytest.raises(TypeError, match=r"Less\.d_loss.* is called as .*More\.d_loss"):

        class Less(More):
            @plain
            def d_loss(self, real: Any, fake: Any, more: int = 0) -> Any:
                return real, fake, more
