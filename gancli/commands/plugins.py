"""`gan plugins`: the installed plugin packages."""

import json

import click

from gancli.errors import Exit
from gancli.plugins import registry
from gancli.text import clean


@click.command("plugins")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(as_json: bool) -> int:
    """List the installed packages that extend gancli, what each adds, and what is wrong with those skipped."""
    known = registry()
    documents = [
        {
            "package": clean(plugin.package),
            "version": clean(plugin.version),
            "fault": plugin.fault,
            "adds": [f"{e.kind} {clean(e.name)}" for e in known.entries if e.package == plugin.package],
        }
        for plugin in known.plugins
    ]
    if as_json:
        click.echo(json.dumps(documents, indent=2))
        return Exit.OK
    for plugin in documents:
        what = f"skipped: {plugin['fault']}" if plugin["fault"] else ", ".join(plugin["adds"] or ["nothing"])
        click.echo(f"{plugin['package']} {plugin['version']}: {what}")
    if not documents:
        click.echo("No plugins are installed. `gan list` shows what is built in.")
    return Exit.OK
