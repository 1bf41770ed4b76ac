"""Packages to check, installed or as a folder of source, and the rules of packages."""

import sys
from functools import partial
from importlib.metadata import EntryPoint
from itertools import chain
from pathlib import Path
from typing import Any

import tomli

from gancli.base.errors import GanError
from gancli.base.text import clean
from gancli.plugins.hooks import GROUP
from gancli.plugins.loading import Plugin, admit_alone
from gancli.plugins.registry import KINDS, registry
from gancli.testing.contract import Broken, Rules


def plugins_of(package: str | Path) -> list[Plugin]:
    """Return the plugins of an installed package, or of a folder, which is registered; raises GanError without any."""
    project = _project(Path(package))
    name = str(project["name"]) if project else str(package)
    if not (plugins := _registered(name)) and project:
        _admit(Path(package), project)
        plugins = _registered(name)
    if not plugins:
        raise GanError(
            f"There is no installed plugin '{clean(name)}', and no folder of one.",
            "Give the name of a package that `gan plugins` lists, or a folder with a pyproject.toml.",
        )
    return plugins


def rules(plugin: Plugin) -> Rules:
    """Give the rules of a package as a whole, each as a title and a function that raises Broken."""
    yield "registers", partial(_registers, plugin)
    yield "is listed without torch", partial(_is_light, plugin)


def _registered(name: str) -> list[Plugin]:
    return [plugin for plugin in registry().plugins if plugin.package == name]


def _project(folder: Path) -> dict[str, Any] | None:
    """The name, version and entry points of the plugin in a folder; None without a pyproject.toml."""
    path = folder / "pyproject.toml"
    if not path.is_file():
        return None
    try:
        project = tomli.loads(path.read_text(encoding="utf-8"))["project"]
        return {"name": project["name"], "points": project["entry-points"][GROUP], "version": project.get("version")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GanError(
            f"{clean(path)} describes no plugin ({clean(error)}).",
            f"It needs a name, and a table [project.entry-points.{GROUP}].",
        ) from error


def _admit(folder: Path, project: dict[str, Any]) -> None:
    source = folder / "src" if (folder / "src").is_dir() else folder
    sys.path.insert(0, str(source.resolve()))
    for name, target in project["points"].items():
        registry().admit(project["name"], project["version"] or "0", EntryPoint(name, target, GROUP))


def _registers(plugin: Plugin) -> None:
    if plugin.fault:
        raise Broken(f"{plugin.package} cannot be registered: {plugin.fault}. Mend {plugin.target}.")
    entries = chain.from_iterable(map(registry().listing, KINDS))
    if not any(entry.package == plugin.package for entry in entries):
        raise Broken(f"{plugin.package} registers nothing. Call add(kind, name, target, summary) in gancli_register.")


def _is_light(plugin: Plugin) -> None:
    alone = admit_alone(plugin)
    if alone.fault:
        raise Broken(f"{plugin.package} cannot be registered in a fresh process: {alone.fault}.")
    if alone.imports_torch:
        raise Broken(f"{plugin.target} imports torch while it registers. Move that import into the modules it names.")
