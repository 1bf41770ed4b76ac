"""The parts of the settings whose class is chosen by name."""

from dataclasses import dataclass

from gancli.base.options import own_fields
from gancli.data.dataset import Dataset

FALLBACK = {"arch.name": "dcgan", "loss.name": "gan", "data.source": "digits"}


@dataclass(frozen=True)
class Part:
    """A part of the settings whose class is chosen by name; keys in `shared` hold whatever is chosen."""

    part: str
    kind: str
    key: str
    shared: frozenset[str] = frozenset()


PARTS = (
    Part("arch", "architecture", "arch.name"),
    Part("loss", "loss", "loss.name"),
    Part("data", "dataset", "data.source", frozenset(f"data.{name}" for name, _ in own_fields(Dataset))),
)


SHORT = {"arch": "arch.name", "loss": "loss.name", "data": "data.source"}
