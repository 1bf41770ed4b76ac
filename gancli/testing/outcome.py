"""The type of the fixture `gan` of gancli's pytest plugin, and of what it returns."""

from collections.abc import Callable
from typing import NamedTuple


class Outcome(NamedTuple):
    """The exit code, the standard output and the standard error of a command."""

    code: int
    out: str
    err: str


Gan = Callable[..., Outcome]
"""The type of the fixture `gan`: `gan("train", "--steps", 3)`."""
