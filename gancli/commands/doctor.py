"""`gan doctor`: what gancli finds on this machine."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import version

import click

from gancli.base.errors import Exit
from gancli.base.files import size_of
from gancli.base.text import clean, plural
from gancli.plugins.loading import admit_alone
from gancli.plugins.registry import registry

Finding = tuple[str, str, str | None]  # a heading, what is there, and what is wrong with it


@click.command("doctor")
def command() -> int:
    """Show Python, torch, devices, folders, terminal and plugins, and what is wrong; exit code 1 if something is."""
    faults = 0
    for heading, value, fault in _findings():
        click.echo(f"{click.style(f'{heading:<8}', bold=True)} {value}")
        if fault:
            faults += 1
            click.echo(f"{'':<8} {click.style('!', fg='red')} {fault}")
    click.echo("All is well." if not faults else f"{plural(faults, 'thing')} to mend.")
    return Exit.ERROR if faults else Exit.OK


def _findings() -> Iterator[Finding]:
    yield "gancli", f"{version('gancli')}, Python {platform.python_version()}, {platform.platform()}", None
    yield from _torch()
    yield _folders()
    yield _terminal()
    yield from _plugins()


def _plugins() -> Iterator[Finding]:
    from gancli.commands.plugins import line

    for plugin in map(admit_alone, registry().plugins):
        heavy = "Move its imports of torch out of the module with the hook." if plugin.imports_torch else None
        broken = f"Update or uninstall {clean(plugin.package)}." if plugin.fault else None
        yield "plugin", line(plugin), broken or heavy


def _torch() -> Iterator[Finding]:
    try:
        import torch

        from gancli.compute.device import choose_device, choose_dtype, describe
    except (ImportError, OSError) as error:
        yield "torch", "cannot be imported", clean(error)
        return
    device = choose_device("auto")
    dtype = str(choose_dtype("auto", device)).removeprefix("torch.")
    yield "torch", torch.__version__, None
    yield "device", f"{describe(device)}, trains in {dtype}", None


def _folders() -> Finding:
    from gancli.data import cache

    home = cache.home()
    existing = next(folder for folder in (home, *home.absolute().parents) if folder.exists())
    fault = None if os.access(existing, os.W_OK) else "It cannot be written: give another folder in GAN_CACHE."
    return (
        "cache",
        f"{clean(home)}, {size_of(home) / 1e9:.1f} GB, {shutil.disk_usage(existing).free / 1e9:.0f} GB free",
        fault,
    )


def _terminal() -> Finding:
    columns, lines = shutil.get_terminal_size()
    kind = os.environ.get("TERM", "unknown") if sys.stderr.isatty() else "none: what is drawn live is told in lines"
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    fault = None if utf8 else f"It writes {sys.stdout.encoding}: curves need UTF-8 (PYTHONIOENCODING=utf-8)."
    return "terminal", f"{columns}x{lines}, {clean(kind)}", fault
