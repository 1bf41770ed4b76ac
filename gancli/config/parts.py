"""The parts of the settings whose class is chosen by name: one row each."""

from dataclasses import dataclass

from gancli.base.options import own_fields
from gancli.config.sources import find_dataset
from gancli.data.dataset import Dataset
from gancli.plugins.registry import Entry, registry


@dataclass(frozen=True)
class Part:
    """A part of the settings whose class is chosen by name.

    name: its table among the settings. kind: what it is in the registry. key: the setting that chooses, by dotted name.
    fallback: what is chosen where nothing says. shared: its settings that hold whatever is chosen.
    """

    name: str
    kind: str
    key: str
    fallback: str
    shared: frozenset[str] = frozenset()

    def entry(self, choice: str) -> Entry:
        """The registered thing that a choice means; raises GanError or UsageError where there is none."""
        return find_dataset(choice) if self.kind == "dataset" else registry().find(self.kind, choice)

    def is_of_choice(self, key: str) -> bool:
        """Whether a setting is an option of the class that is chosen, and means nothing to another."""
        return key.startswith(f"{self.name}.") and key not in {self.key, f"{self.name}.name", *self.shared}


_SHARED_DATA = frozenset(f"data.{name}" for name, _ in own_fields(Dataset))
PARTS = {
    part.name: part
    for part in (
        Part("data", "dataset", "data.source", "digits", _SHARED_DATA),
        Part("arch", "architecture", "arch.name", "dcgan"),
        Part("loss", "loss", "loss.name", "gan"),
    )
}
"""By name, in the order in which their suggestions go before those of the next."""
SHORT = {part.name: part.key for part in PARTS.values()}
"""What a table's bare name is short for: `arch = "x"` for `arch.name = "x"`."""
FALLBACK = {part.key: part.fallback for part in PARTS.values()}
