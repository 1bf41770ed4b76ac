"""A layer of settings, and the settings that several layers are merged into."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from gancli.config.parts import SHORT
from gancli.config.settings import Settings


@dataclass(frozen=True)
class Config:
    """A partial set of settings: values by dotted name (`loss.weight`), with the origin of each.

    unknown: whether a key that no chosen class has is an error, is noted, or is ignored.
    """

    origin: str
    values: Mapping[str, Any]
    origins: Mapping[str, str] = field(default_factory=dict)
    unknown: Literal["error", "note", "ignore"] = "error"

    @classmethod
    def nested(cls, origin: str, document: Mapping[str, Any]) -> "Config":
        """The layer that a TOML document or a JSON header holds; `arch = "x"` is short for `arch.name = "x"`."""
        return cls(origin, flatten(document))

    def origin_of(self, key: str) -> str:
        """The origin of a value as it is shown to a user."""
        return self.origins.get(key, self.origin)


@dataclass(frozen=True)
class Resolved:
    """The merged settings, the origin of every value that is not a default, and a note on each value dropped."""

    settings: Settings
    origins: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def located(self) -> "Resolved":
        """The same, with images that are found from every folder."""
        data = self.settings.data.located()
        return replace(self, settings=self.settings.model_copy(update={"data": data}))


def flatten(document: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings as values by dotted name."""
    return dict(_flatten(document))


def _flatten(document: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in document.items():
        path = prefix + str(key).replace("-", "_")
        if isinstance(value, Mapping):
            yield from _flatten(value, path + ".")
        else:
            yield SHORT.get(path, path), value
