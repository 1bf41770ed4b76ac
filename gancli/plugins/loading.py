"""Loading a plugin: its module is imported and its hook called; what goes wrong is recorded as its fault."""

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
    """A plugin breaks a rule of registration; the message says which."""


@dataclass(frozen=True)
class Plugin:
    """An installed package that registered, or tried to.

    fault: what went wrong, in one line, or None. seconds: how long registration took. target: its `module:attribute`.
    """

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
    """Import the module of an entry point and call its hook, without the network; a fault is returned, never raised."""
    start, had_torch, fault = time.perf_counter(), "torch" in sys.modules, None
    with no_network() as attempts:
        try:
            call_hook(point.load(), add)
        except FAULTS as error:
            fault = fault_of(error)
    if attempts:
        fault = f"it uses the network while it registers ({attempts[0]})"
    imports_torch = not had_torch and "torch" in sys.modules
    return Plugin(package, release, fault, time.perf_counter() - start, imports_torch, point.value)


def admit_alone(plugin: Plugin) -> Plugin:
    """The plugin as it registers in a process of its own, where nothing that it imports is loaded already."""
    script = (
        "import json, sys; from importlib.metadata import EntryPoint; from gancli.plugins.loading import admit; "
        "plugin = admit('', '', EntryPoint('', sys.argv[1], ''), lambda *_: None); "
        "sys.stdout.write(chr(10) + json.dumps([plugin.fault, plugin.seconds, plugin.imports_torch]))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", script, plugin.target]
    import subprocess  # here, since every command of gan would wait for it

    process = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    try:
        fault, seconds, imports_torch = json.loads(process.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return replace(plugin, fault=f"it ends the process (exit code {process.returncode})")
    return replace(plugin, fault=fault, seconds=seconds, imports_torch=imports_torch)


def call_hook(module: object, add: hooks.Add) -> None:
    """Call the hook of a plugin's module; raises Refused where it has none, or is for another version of the API."""
    api = getattr(module, "gancli_api", hooks.API_VERSION)
    if api != hooks.API_VERSION:
        outdated = "gancli" if isinstance(api, int) and api > hooks.API_VERSION else "the package"
        raise Refused(f"it is for plugin API {api}, and this gancli has {hooks.API_VERSION}: update {outdated}")
    manager = pluggy.PluginManager(hooks.GROUP)
    manager.add_hookspecs(hooks)
    manager.register(module)
    manager.check_pending()
    if not manager.hook.gancli_register.get_hookimpls():
        raise Refused("it has no hook named gancli_register, marked with @gancli.hookimpl")
    manager.hook.gancli_register(add=add)


def fault_of(error: BaseException) -> str:
    """An error as one line that is safe to print."""
    return clean(error if isinstance(error, Refused) else f"{type(error).__name__}: {error}")
