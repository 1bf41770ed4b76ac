"""The `gan` command, and the one place where errors become messages and exit codes."""

import os
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

import click

from gancli.base.errors import Exit, GanError
from gancli.base.text import clean
from gancli.compute.memory import out_of_memory
from gancli.compute.process import keep_memory, share_the_processor
from gancli.plugins.blame import blamed
from gancli.plugins.registry import registry
from gancli.terminal.signals import Ended, unwound

# What `gan --help` shows: the modules themselves are imported only when their command runs.
COMMANDS = {
    "train": "Train a GAN on images, and watch it live.",
    "sample": "Make images with a trained generator.",
    "interpolate": "Walk from image to image through the latent space.",
    "evaluate": "Measure how good the images of a run are.",
    "runs": "List, compare, watch, plot and clean up runs.",
    "info": "Show what a checkpoint, a run or a name is.",
    "data": "See what is in a folder or file of images.",
    "list": "List architectures, losses, datasets, presets.",
    "plugins": "List, make and check plugin packages.",
    "doctor": "Show what gancli finds on this machine.",
}
MODULES = {"list": "listing"}
"""The modules of commands that cannot bear the command's name."""
EPILOG = "Start with: gan train    Then: gan sample --show    Every command explains itself with --help."


class Group(click.Group):
    """Commands in modules of their own and in plugins, imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *(clean(name) for name, _ in _of_plugins())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return _of_plugin(cmd_name)
        module = MODULES.get(cmd_name, cmd_name)
        command: click.Command = import_module(f"gancli.commands.{module}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and self.get_command(ctx, args[0]) is None:
            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            raise click.UsageError(f"No such command '{args[0]}'." + (f" Did you mean {near[0]}?" if near else ""), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        if added := _of_plugins():
            with formatter.section("Commands of plugins"):
                formatter.write_dl([(clean(name), summary) for name, summary in added])


def _of_plugins() -> list[tuple[str, str]]:
    """The commands that packages add, with their summaries; the package precedes a name that two commands share."""
    entries = registry().listing("command")
    shared = Counter([*COMMANDS, *(entry.name for entry in entries)])
    return [(e.name if shared[e.name] == 1 else f"{e.package}/{e.name}", e.summary) for e in entries]


def _of_plugin(name: str) -> click.Command | None:
    """The command of that name that a package adds; None if there is none. Raises GanError if it cannot be loaded."""
    entries = registry().listing("command")
    if not any(name in {entry.name, f"{entry.package}/{entry.name}"} for entry in entries):
        return None
    entry = registry().find("command", name)
    command = entry.load()
    if not isinstance(command, click.Command):
        raise GanError(f"Command '{clean(name)}' of package {clean(entry.package)} is no click.Command.")
    return command


@click.group(
    cls=Group, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(package_name="gancli", prog_name="gan", message="%(prog)s %(version)s")
def gan() -> None:
    """Train GANs from the terminal: watch the game, keep one file, extend it with plugins."""


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run `gan` and exit: an error of the user or of the machine becomes one line on stderr and its exit code."""
    share_the_processor()
    keep_memory()
    warnings.showwarning = _warn
    code: int | None
    try:
        with unwound():
            result = gan.main(args, prog_name="gan", standalone_mode=False)
            code = result if isinstance(result, int) else Exit.OK
            sys.stdout.flush()
    except (Exception, Ended, KeyboardInterrupt) as error:
        code = _exit_code(error)
        if code is None:
            raise
    sys.exit(code)


def _exit_code(error: BaseException) -> int | None:
    """Say on stderr what ended the command and return its exit code; None, and nothing said, for a fault of gancli."""
    if isinstance(error, Ended):
        click.echo("Ended.", err=True)
        return error.code
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, click.Abort | KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return Exit.INTERRUPTED
    if isinstance(error, BrokenPipeError):
        # Whoever read our output has gone, as `head` does; Python must not complain about it while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    cause = _cause(error)
    return _report(cause) if cause else None


def _cause(error: BaseException) -> GanError | None:
    """The error to report: a GanError itself, or one for what the machine refuses or a plugin does wrong; else None."""
    if isinstance(error, GanError):
        return error
    if isinstance(error, OSError):
        # A full disk, a folder that may not be read: the machine's state, and nothing of ours.
        return GanError(f"{error.strerror or error}{f': {clean(error.filename)}' if error.filename else ''}.")
    return _of_memory(error) or blamed(error) if isinstance(error, Exception) else None


def _of_memory(error: Exception) -> GanError | None:
    """The error to report where torch ran out of memory; None where it did not."""
    hint = "Try a smaller --size, --batch-size or -n, or narrower networks."
    return GanError("Out of memory.", hint) if out_of_memory(error) else None


def _report(error: GanError) -> Exit:
    click.echo(f"Error: {error}", err=True)
    return error.code


def _warn(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    """Print gancli's own warnings as one line; those of libraries only if Python was asked to show them (-W)."""
    if category.__module__.startswith("gancli"):
        click.echo(f"Warning: {message}", err=True)
    elif sys.warnoptions:
        click.echo(f"{category.__name__}: {message}", err=True)
