"""Packages made for one test, found the way installed ones are: a module beside a real dist-info."""

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gancli.plugins.registry import registry


def write(folder: Path, name: str, source: str, points: Mapping[str, str] | None = None) -> None:
    """Write version 1.0 of a package with one module into a folder that is, or will be, on sys.path.

    `points` are the entry points of group gancli, by name; by default there is one, to the module itself.
    """
    module = name.replace("-", "_")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{module}.py").write_text(source)
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{point} = {target}" for point, target in (points or {name: module}).items()]
    (info / "entry_points.txt").write_text("\n".join(["[gancli]", *lines, ""]))


def hook(*added: tuple[str, str, str]) -> str:
    """The source of a module whose hook adds these: kind, name, and `module:Object`."""
    calls = [f"    add({kind!r}, {name!r}, {target!r})" for kind, name, target in added]
    body = calls or ["    pass"]
    return "\n".join(["from gancli import hookimpl", "@hookimpl", "def gancli_register(add):", *body, ""])


@contextmanager
def installed(folder: Path, name: str, source: str, points: Mapping[str, str] | None = None) -> Iterator[None]:
    """A package that this process finds for as long as the context lasts."""
    write(folder, name, source, points)
    sys.path.insert(0, str(folder))
    _forget(name)
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        _forget(name)


def _forget(name: str) -> None:
    """What the process found out before it knew of the package, or while it did."""
    module = name.replace("-", "_")
    for loaded in [each for each in sys.modules if each == module or each.startswith(f"{module}.")]:
        del sys.modules[loaded]
    importlib.invalidate_caches()
    registry.cache_clear()
