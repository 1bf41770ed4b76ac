"""`gan list`: everything that can be named."""

import json
from itertools import chain

import click

from gancli.base.errors import Exit
from gancli.base.text import clean
from gancli.plugins.registry import BUILT_IN, KINDS, Entry, registry

PLURALS = {kind: f"{kind}s" for kind in KINDS} | {"loss": "losses"}


@click.command("list")
@click.argument("kinds", type=click.Choice(list(PLURALS.values())), required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(kinds: str | None, as_json: bool) -> int:
    """List what is built in or installed: architectures, losses, datasets, augmentations, ...."""
    chosen = {kind: registry().listing(kind) for kind, name in PLURALS.items() if kinds in {None, name}}
    if as_json:
        click.echo(json.dumps([_document(entry) for entry in chain(*chosen.values())], indent=2))
        return Exit.OK
    width = max((len(entry.name) for entry in chain(*chosen.values())), default=0)
    for kind, entries in chosen.items():
        if not entries and not kinds:
            continue
        click.secho(PLURALS[kind].capitalize(), bold=True)
        for entry in entries:
            origin = "" if entry.package == BUILT_IN else f"  [{clean(entry.package)}]"
            click.echo(f"  {clean(entry.name):<{width}}  {entry.summary}{origin}")
        if not entries:
            click.echo("  (none)")
    return Exit.OK


def _document(entry: Entry) -> dict[str, str]:
    keys = ("kind", "name", "summary", "package", "version")
    return {key: str(getattr(entry, key)) for key in keys}
