"""The parts of the settings whose class is chosen by name: one row each."""

from dataclasses import dataclass

from gancli.base.options import own_fields
from gancli.config.sources import find_dataset
from gancli.data.dataset import Dataset
from gancli.plugins.registry import Entry, registry


@dataclass(frozen=True)
class ChosenPart:
    """A part of the settings whose class is chosen by name.

    name: its table in the settings. kind: its kind in the registry. key: the setting that chooses it, by dotted name.
    fallback: the choice where no layer has one. shared: its settings that are valid whatever is chosen.
    """

    name: str
    kind: str
    key: str
    fallback: str
    shared: frozenset[str] = frozenset()

    def entry(self, choice: str) -> Entry:
        """The registered thing of a choice; raises GanError or UsageError where there is none."""
        return find_dataset(choice) if self.kind == "dataset" else registry().find(self.kind, choice)

    def is_of_choice(self, key: str) -> bool:
        """Whether a setting is an option of the chosen class alone, which another class need not have."""
        return key.startswith(f"{self.name}.") and key not in {self.key, f"{self.name}.name", *self.shared}


_SHARED_DATA = frozenset(f"data.{name}" for name, _ in own_fields(Dataset))
PARTS = {
    part.name: part
    for part in (
        ChosenPart("data", "dataset", "data.source", "digits", _SHARED_DATA),
        ChosenPart("arch", "architecture", "arch.name", "dcgan"),
        ChosenPart("loss", "loss", "loss.name", "gan"),
    )
}
"""By name; suggestions of a later part override those of an earlier one."""
SHORT = {part.name: part.key for part in PARTS.values()}
"""The key that the name of a part is short for: `arch = "x"` for `arch.name = "x"`."""
FALLBACK = {part.key: part.fallback for part in PARTS.values()}
"""The choice of every part where no layer has one, by the key that chooses."""
