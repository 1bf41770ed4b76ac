"""The registry: built-in and installed things, by kind and name."""

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
    """One registered thing: `target` is its `module:Object`, `package` and `version` are where it comes from."""

    kind: str
    name: str
    target: str
    summary: str
    package: str
    version: str

    def load(self) -> Any:
        """Import the object and return it; raises GanError that names the package where that fails."""
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
    """Everything that is registered, built in or by packages; packages are loaded only when something needs them."""

    entries: list[Entry] = field(default_factory=list)
    _plugins: list[Plugin] | None = None

    def __post_init__(self) -> None:
        call_hook(builtin, self.adder(BUILT_IN, version(BUILT_IN)))

    @property
    def plugins(self) -> list[Plugin]:
        """The installed plugin packages, those with a fault included; loads them the first time."""
        return self._load_packages()

    def _load_packages(self) -> list[Plugin]:
        if self._plugins is None:
            self._plugins = []
            for distribution, point in _entry_points():
                self.admit(distribution.name, distribution.version, point)
        return self._plugins

    def admit(self, package: str, release: str, point: EntryPoint) -> Plugin:
        """Register one package; after a fault what it added is removed again, and a warning is given."""
        admitted = self._load_packages()
        before = len(self.entries)
        plugin = admit(package, release, point, self.adder(package, release))
        if plugin.fault:
            del self.entries[before:]
            notice = f"Plugin {package} {release} is skipped ({plugin.fault})."
            warnings.warn(f"{notice} GAN_DISABLE_PLUGINS={package} leaves it out.", PluginWarning, stacklevel=2)
        admitted.append(plugin)
        return plugin

    def listing(self, kind: str) -> list[Entry]:
        """All things of one kind, built-ins first."""
        self._load_packages()
        return [entry for entry in self.entries if entry.kind == kind]

    def loadable(self, kind: str) -> Iterator[tuple[Entry, Any]]:
        """The things of one kind with their objects, one by one; one that cannot be loaded is a warning instead."""
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
        """All things of that name, whatever their kind."""
        self._load_packages()
        same = [entry for entry in self.entries if entry.name == name]
        return sorted(same, key=lambda entry: KINDS.index(entry.kind))

    def _unknown(self, kind: str, name: str) -> UsageError:
        namesakes = [entry for entry in self.named(name) if entry.kind != kind]
        option = {"architecture": "--arch", "loss": "--loss", "dataset": "--data", "preset": "--preset"}
        for entry in namesakes:
            if entry.kind in option:
                return UsageError(
                    f"'{clean(name)}' is {article(entry.kind)} {entry.kind}, not {article(kind)} {kind}.",
                    _suggestion(kind, entry, option[entry.kind]),
                )
        names = [entry.name for entry in self.listing(kind)]
        near = get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(names)}."
        return UsageError(f"There is no {kind} '{clean(name)}'.", hint)

    def adder(self, package: str, release: str) -> hooks.Add:
        """The `add` that the hook of a package is called with; raises Refused for an unknown kind or a bad target."""

        def add(kind: str, name: str, target: str, summary: str = "") -> None:
            if kind not in KINDS:
                raise Refused(f"it adds '{name}' as '{kind}', which is none of {', '.join(KINDS)}")
            if ":" not in target:
                raise Refused(f"the target of '{name}' is '{target}', not 'module:Object'")
            self.entries.append(Entry(kind, name, target, clean(summary), package, release))

        return add


def register(kind: str, name: str, thing: Any, summary: str = "") -> None:
    """Register a class of a script under a name, for this process: `register("loss", "soft-lsgan", SoftLSGAN)`.

    Kinds are those of `add` in a package's hook.
    """
    script = Path(getattr(import_module(thing.__module__), "__file__", None) or thing.__module__).name
    registry().adder(script, "")(kind, name, f"{thing.__module__}:{thing.__qualname__}", summary)


def require(packages: Mapping[str, str], *kinds: str) -> None:
    """Raise GanError, naming what to install, where a thing of these kinds is missing that a checkpoint needs.

    `packages` is from its header: `{"architecture mygan": "gancli-mygan 0.1.0"}`.
    """
    for thing, package in packages.items():
        kind, _, name = str(thing).partition(" ")
        if kind in kinds and not any(entry.name == name for entry in registry().listing(kind)):
            raise _missing(kind, clean(name), clean(package))


def _missing(kind: str, name: str, package: str) -> GanError:
    """The error for a thing that is missing; `package` is `NAME VERSION` of the package that has it, or a script."""
    source, _, release = package.partition(" ")
    if not release:
        return GanError(f"It needs {kind} '{name}' of the script {source}.", "Only that script can make it.")
    return GanError(
        f"It needs {kind} '{name}' of package {source}, which is not installed or not working.",
        f"It was made with version {release}: pip install {source}=={release}",
    )


class PluginWarning(UserWarning):
    """An installed plugin cannot be used; the rest of the tool works."""


def _names(entry: Entry) -> tuple[str, str]:
    return entry.name, f"{entry.package}/{entry.name}"


def _suggestion(kind: str, entry: Entry, option: str) -> str:
    arch = "--arch dcgan " if kind == "architecture" and entry.kind == "loss" else ""
    return f"You may have meant: gan train {arch}{option} {entry.name}"


def _entry_points() -> list[tuple[Distribution, EntryPoint]]:
    """The entry points of the group `gancli` with their packages, without packages that are switched off, sorted."""
    disabled = {name.strip() for name in os.environ.get("GAN_DISABLE_PLUGINS", "").split(",")}
    points: dict[tuple[str, str], tuple[Distribution, EntryPoint]] = {}
    for distribution in distributions():
        for point in distribution.entry_points.select(group=hooks.GROUP):
            if not disabled & {"all", distribution.name}:
                points.setdefault((distribution.name, point.name), (distribution, point))
    return sorted(points.values(), key=lambda pair: (pair[0].name, pair[1].name))


@cache
def registry() -> Registry:
    """The registry of this process."""
    return Registry()
