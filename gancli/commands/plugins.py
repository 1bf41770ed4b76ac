"""`gan plugins`: the installed plugin packages."""

import json
from pathlib import Path
from typing import Any

import click

from gancli.base.errors import Exit, UsageError
from gancli.base.text import clean, plural
from gancli.plugins.loading import Plugin
from gancli.plugins.registry import registry
from gancli.plugins.scaffold import kinds, write_package


@click.group("plugins", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> int | None:
    """List the installed packages that extend gancli: what each adds, what listing it costs, what is wrong with it."""
    if ctx.invoked_subcommand:
        return None
    plugins = registry().plugins
    if as_json:
        click.echo(json.dumps([document(plugin) for plugin in plugins], indent=2))
        return Exit.OK
    for plugin in plugins:
        click.echo(line(plugin))
    if not plugins:
        click.echo("No plugins are installed. `gan list` shows what is built in.")
    return Exit.OK


@command.command("check")
@click.argument("package", metavar="PACKAGE|FOLDER")
@click.option("--set", "words", metavar="KEY=VALUE", multiple=True, help="A setting of its own: --set arch.width=4.")
@click.option("--source", metavar="SOURCE", help="Something that its dataset reads.")
def check(package: str, words: tuple[str, ...], source: str | None) -> int:
    """Check an installed plugin, or one in a folder, against the contracts; exit code 1 if one does not hold."""
    from gancli.testing.report import fault_in
    from gancli.testing.suite import checks

    if odd := [word for word in words if "=" not in word]:
        raise UsageError(f"--set {clean(odd[0])} gives no value.", "Write it as --set arch.width=4.")
    faults = 0
    for contract in checks(package, dict(word.split("=", 1) for word in words), source):
        fault = fault_in(contract)
        faults += fault is not None
        click.echo(f"{'no' if fault else 'ok'}  {clean(contract)}" + (f"\n    {clean(fault)}" if fault else ""))
    click.echo("It keeps all contracts." if not faults else f"{plural(faults, 'contract')} broken.")
    return Exit.ERROR if faults else Exit.OK


@command.command("new")
@click.argument("name")
@click.option("--kind", type=click.Choice(kinds()), default="loss", show_default=True, help="What it adds.")
@click.option("--out", metavar="DIR", default=".", show_default=True, help="Folder of the package's folder.")
def new(name: str, kind: str, out: str) -> int:
    """Write a package that adds one thing, with tests that pass: change what is in it, and publish it."""
    folder = write_package(name, kind, Path(out))
    click.echo(f"{clean(folder)} is there. Next:\n  cd {clean(folder)}\n  pip install -e .\n  pytest")
    return Exit.OK


def document(plugin: Plugin) -> dict[str, Any]:
    """Return a plugin as JSON holds it, with what it adds."""
    return {**plugin.document(), "adds": _adds(plugin)}


def line(plugin: Plugin) -> str:
    """Return a plugin in one line: what it adds or why it is skipped, and the ms that listing it takes."""
    content = f"skipped: {plugin.fault}" if plugin.fault else ", ".join(_adds(plugin)) or "nothing"
    cost = f"{plugin.seconds * 1000:.0f} ms" + (", imports torch while it registers" if plugin.imports_torch else "")
    return f"{clean(plugin.package)} {clean(plugin.version)} ({cost}): {content}"


def _adds(plugin: Plugin) -> list[str]:
    return [f"{e.kind} {clean(e.name)}" for e in registry().entries if e.package == plugin.package]
