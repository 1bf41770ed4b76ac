"""How a plugin is let in: its module is imported, its hook called, and whatever goes wrong is its own fault."""

import json
import os
import sys
import time
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from typing import Any

import pluggy

from gancli.base.text import clean
from gancli.plugins import hooks
from gancli.plugins.offline import no_network

FAULTS = (Exception, SystemExit)  # a plugin that exits while it is imported must not end the tool


class Refused(Exception):
    """A plugin breaks a rule of registering; the message says which."""


@dataclass(frozen=True)
class Plugin:
    """An installed package that registered, or tried to: `fault` says what went wrong, `seconds` what it cost."""

    package: str
    version: str
    fault: str | None = None
    seconds: float = 0.0
    imports_torch: bool = False
    target: str = ""

    def document(self) -> dict[str, Any]:
        """The plugin as JSON holds it."""
        milliseconds = round(self.seconds * 1000, 1)
        return {
            "package": clean(self.package),
            "version": clean(self.version),
            "fault": self.fault,
            "milliseconds": milliseconds,
            "imports_torch": self.imports_torch,
        }


def admit(package: str, release: str, point: EntryPoint, add: hooks.Add) -> Plugin:
    """Import what an entry point names and call its hook, without the network; a fault is returned, never raised."""
    begun, had_torch, fault = time.perf_counter(), "torch" in sys.modules, None
    with no_network() as tried:
        try:
            call_hook(point.load(), add)
        except FAULTS as error:
            fault = fault_of(error)
    if tried:
        fault = f"it uses the network while it registers ({tried[0]})"
    imports_torch = not had_torch and "torch" in sys.modules
    return Plugin(package, release, fault, time.perf_counter() - begun, imports_torch, point.value)


def admit_alone(plugin: Plugin) -> Plugin:
    """What becomes of a plugin in a process of its own, where nothing that it imports is there already."""
    script = (
        "import json, sys; from importlib.metadata import EntryPoint; from gancli.plugins.loading import admit; "
        "found = admit('', '', EntryPoint('', sys.argv[1], ''), lambda *_: None); "
        "sys.stdout.write(chr(10) + json.dumps([found.fault, found.seconds, found.imports_torch]))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    words = [sys.executable, "-c", script, plugin.target]
    import subprocess  # which every command of gan would wait for

    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    try:
        fault, seconds, imports_torch = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return replace(plugin, fault=f"it ends the process (exit code {done.returncode})")
    return replace(plugin, fault=fault, seconds=seconds, imports_torch=imports_torch)


def call_hook(module: object, add: hooks.Add) -> None:
    """Call one plugin's hook; raises Refused where it has none, or is written for another version of gancli."""
    wanted = getattr(module, "gancli_api", hooks.API_VERSION)
    if wanted != hooks.API_VERSION:
        older = "gancli" if isinstance(wanted, int) and wanted > hooks.API_VERSION else "the package"
        raise Refused(f"it is for plugin API {wanted}, and this gancli has {hooks.API_VERSION}: update {older}")
    manager = pluggy.PluginManager(hooks.GROUP)
    manager.add_hookspecs(hooks)
    manager.register(module)
    manager.check_pending()
    if not manager.hook.gancli_register.get_hookimpls():
        raise Refused("it has no hook named gancli_register, marked with @gancli.hookimpl")
    manager.hook.gancli_register(add=add)


def fault_of(error: BaseException) -> str:
    """A fault in one harmless line."""
    return clean(error if isinstance(error, Refused) else f"{type(error).__name__}: {error}")
