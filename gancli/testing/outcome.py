"""What the fixture `gan` of gancli's pytest plugin returns."""

from collections.abc import Callable
from typing import NamedTuple


class Outcome(NamedTuple):
    """What a command left: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


Gan = Callable[..., Outcome]
"""The type of the fixture `gan`: `gan("train", "--steps", 3)`."""
