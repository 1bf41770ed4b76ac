"""The registry: what is built in or installed, found by kind and name."""

import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.metadata import Distribution, EntryPoint, distributions, version
from pathlib import Path
from typing import Any

from gancli.base.errors import GanError, UsageError
from gancli.base.text import article, clean
from gancli.plugins import builtin, hooks
from gancli.plugins.loading import FAULTS, Plugin, Refused, admit, call_hook, fault_of

KINDS = ("architecture", "loss", "dataset", "augmentation", "extractor", "metric", "logger", "preset", "command")
BUILT_IN = "gancli"


@dataclass(frozen=True)
class Entry:
    """One registered thing: where it comes from and where its code lives."""

    kind: str
    name: str
    target: str
    summary: str
    package: str
    version: str

    def load(self) -> Any:
        """Import the object; raises GanError naming the package if that fails."""
        module, _, attribute = self.target.partition(":")
        try:
            return getattr(import_module(module), attribute)
        except GanError:
            raise
        except FAULTS as error:
            raise GanError(
                f"{self.kind} '{self.name}' of package {self.package} cannot be loaded from {self.target} "
                f"({fault_of(error)}).",
                f"Update or uninstall {self.package}.",
            ) from error


@dataclass
class Registry:
    """Everything that can be named, built in or from packages; packages are read only when something needs them."""

    entries: list[Entry] = field(default_factory=list)
    _plugins: list[Plugin] | None = None

    def __post_init__(self) -> None:
        call_hook(builtin, self.adder(BUILT_IN, version(BUILT_IN)))

    @property
    def plugins(self) -> list[Plugin]:
        """The installed plugin packages, whole or faulty."""
        if self._plugins is None:
            self._plugins = []
            for distribution, point in _entry_points():
                self.admit(distribution.name, distribution.version, point)
        return self._plugins

    def admit(self, package: str, release: str, point: EntryPoint) -> Plugin:
        """Register one package, whatever it does; what it added before a fault is forgotten, and a warning given."""
        others, before = self.plugins, len(self.entries)
        plugin = admit(package, release, point, self.adder(package, release))
        if plugin.fault:
            del self.entries[before:]
            notice = f"Plugin {package} {release} is skipped ({plugin.fault})."
            warnings.warn(f"{notice} GAN_DISABLE_PLUGINS={package} leaves it out.", PluginWarning, stacklevel=2)
        others.append(plugin)
        return plugin

    def listing(self, kind: str) -> list[Entry]:
        """All things of one kind, built-ins first."""
        _ = self.plugins
        return [entry for entry in self.entries if entry.kind == kind]

    def loadable(self, kind: str) -> Iterator[tuple[Entry, Any]]:
        """The things of one kind with what they load, one by one; a warning in place of those that cannot be."""
        for entry in self.listing(kind):
            try:
                yield entry, entry.load()
            except GanError as error:
                warnings.warn(str(error), PluginWarning, stacklevel=2)

    def find(self, kind: str, name: str) -> Entry:
        """The thing of that kind and name, `package/name` where two share one; raises UsageError otherwise."""
        for entries in (self.entries, self.listing(kind)):
            matching = [entry for entry in entries if entry.kind == kind and name in _names(entry)]
            built_in = [entry for entry in matching if entry.package == BUILT_IN]
            if len(built_in or matching) == 1:
                return (built_in or matching)[0]
        if matching:
            choices = " or ".join(f"{entry.package}/{entry.name}" for entry in matching)
            raise UsageError(f"Several packages offer {kind} '{name}'.", f"Name one of them: {choices}.")
        raise self._unknown(kind, name)

    def named(self, name: str) -> list[Entry]:
        """All things that bear the name, of whatever kind."""
        return [entry for kind in KINDS for entry in self.listing(kind) if entry.name == name]

    def _unknown(self, kind: str, name: str) -> UsageError:
        shown = clean(name)
        others = [entry for entry in self.named(name) if entry.kind != kind]
        option = {"architecture": "--arch", "loss": "--loss", "dataset": "--data", "preset": "--preset"}
        for entry in others:
            if entry.kind in option:
                return UsageError(
                    f"'{shown}' is {article(entry.kind)} {entry.kind}, not {article(kind)} {kind}.",
                    _meant(kind, entry, option[entry.kind]),
                )
        names = [entry.name for entry in self.listing(kind)]
        near = get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(names)}."
        return UsageError(f"There is no {kind} '{shown}'.", hint)

    def adder(self, package: str, release: str) -> hooks.Add:
        """The `add` that a package's hook is called with."""

        def add(kind: str, name: str, target: str, summary: str = "") -> None:
            if kind not in KINDS:
                raise Refused(f"it adds '{name}' as '{kind}', which is none of {', '.join(KINDS)}")
            if ":" not in target:
                raise Refused(f"the target of '{name}' is '{target}', not 'module:Object'")
            self.entries.append(Entry(kind, name, target, clean(summary), package, release))

        return add


def register(kind: str, name: str, thing: Any, summary: str = "") -> None:
    """Name a class of a script, as a package would: whatever this process then trains can be asked for it.

    `register("loss", "soft-lsgan", SoftLSGAN)`; kinds are those of `add` in a package's hook.
    """
    script = Path(getattr(import_module(thing.__module__), "__file__", None) or thing.__module__).name
    registry().adder(script, "")(kind, name, f"{thing.__module__}:{thing.__qualname__}", summary)


def require(packages: Mapping[str, str], *kinds: str) -> None:
    """Raise GanError, naming what to install, unless all is there that a checkpoint says it needs of these kinds.

    `packages` are as its header has them: `{"architecture mygan": "gancli-mygan 0.1.0"}`.
    """
    for thing, package in packages.items():
        kind, _, name = str(thing).partition(" ")
        if kind in kinds and not any(entry.name == name for entry in registry().listing(kind)):
            raise _missing(kind, clean(name), clean(package))


def _missing(kind: str, name: str, package: str) -> GanError:
    """What a user is told of a thing that is not there, by the package and version, or the script, that had it."""
    source, _, release = package.partition(" ")
    if not release:
        return GanError(f"It needs {kind} '{name}' of the script {source}.", "Only that script can make it.")
    return GanError(
        f"It needs {kind} '{name}' of package {source}, which is not installed or not working.",
        f"It was made with version {release}: pip install {source}=={release}",
    )


class PluginWarning(UserWarning):
    """An installed plugin could not be used; the rest of the tool works."""


def _names(entry: Entry) -> tuple[str, str]:
    return entry.name, f"{entry.package}/{entry.name}"


def _meant(kind: str, entry: Entry, option: str) -> str:
    arch = "--arch dcgan " if kind == "architecture" and entry.kind == "loss" else ""
    return f"You may have meant: gan train {arch}{option} {entry.name}"


def _entry_points() -> list[tuple[Distribution, EntryPoint]]:
    """Every entry point of our group with its package, each package once, those switched off left out."""
    off = {name.strip() for name in os.environ.get("GAN_DISABLE_PLUGINS", "").split(",")}
    points: dict[tuple[str, str], tuple[Distribution, EntryPoint]] = {}
    for distribution in distributions():
        for point in distribution.entry_points.select(group=hooks.GROUP):
            if not off & {"all", distribution.name}:
                points.setdefault((distribution.name, point.name), (distribution, point))
    return sorted(points.values(), key=lambda pair: (pair[0].name, pair[1].name))


@cache
def registry() -> Registry:
    """The process's registry."""
    return Registry()
