"""A partial set of settings, and what several of them come to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from gancli.config.parts import SHORT
from gancli.config.settings import Settings


@dataclass(frozen=True)
class Config:
    """A partial set of settings: values by dotted name (`loss.weight`), with the origin of each.

    `unknown` says what becomes of a key that no chosen class has: an error, a note, or nothing.
    """

    origin: str
    values: Mapping[str, Any]
    origins: Mapping[str, str] = field(default_factory=dict)
    unknown: Literal["error", "note", "ignore"] = "error"

    @classmethod
    def nested(cls, origin: str, document: Mapping[str, Any]) -> "Config":
        """The layer that a TOML document or a JSON header holds; `arch = "x"` is short for its name."""
        return cls(origin, flatten(document))

    def origin_of(self, key: str) -> str:
        """What a user is told about where a value came from."""
        return self.origins.get(key, self.origin)


@dataclass(frozen=True)
class Resolved:
    """The merged settings, the origin of every value that is not a default, and what was dropped on the way."""

    settings: Settings
    origins: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def located(self) -> "Resolved":
        """The same, with images that are found from every folder."""
        data = self.settings.data.located()
        return replace(self, settings=self.settings.model_copy(update={"data": data}))


def flatten(document: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings by dotted name."""
    return dict(_flatten(document))


def _flatten(document: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in document.items():
        path = prefix + str(key).replace("-", "_")
        if isinstance(value, Mapping):
            yield from _flatten(value, path + ".")
        else:
            yield SHORT.get(path, path), value
