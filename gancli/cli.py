"""The `gan` command, and the one place where errors become messages and exit codes."""

import os
import sys
import warnings
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

import click

from gancli.errors import Exit, GanError

# What `gan --help` shows: the modules themselves are imported only when their command runs.
COMMANDS = {
    "train": "Train a GAN on images, and watch it live.",
    "sample": "Make images with a trained generator.",
    "interpolate": "Walk from image to image through the latent space.",
    "runs": "List, compare, watch, plot and clean up runs.",
    "info": "Show what a checkpoint, a run or a name is.",
    "data": "See what is in a folder or file of images.",
    "list": "List architectures, losses, datasets, presets.",
    "plugins": "List the installed plugin packages.",
}
EPILOG = "Start with: gan train    Then: gan sample --show    Every command explains itself with --help."


class Group(click.Group):
    """Commands in modules of their own, imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"gancli.commands.{cmd_name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and (near := get_close_matches(args[0], COMMANDS, n=1)):
            raise click.UsageError(f"No such command '{args[0]}'. Did you mean {near[0]}?", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Group, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(package_name="gancli", prog_name="gan", message="%(prog)s %(version)s")
def gan() -> None:
    """Train GANs from the terminal: watch the game, keep one file, extend it with plugins."""


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run `gan`; a GanError becomes one line on stderr and its exit code."""
    _share_the_processor()
    warnings.showwarning = _warn
    try:
        result = gan.main(args, prog_name="gan", standalone_mode=False)
        code = result if isinstance(result, int) else Exit.OK
        sys.stdout.flush()
    except GanError as error:
        code = _report(error)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        code = Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does; Python must not complain about it while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = Exit.OK
    sys.exit(code)


def _share_the_processor() -> None:
    """Keep OpenMP's threads from spinning for long where another process wants the core; read when torch is loaded.

    At the end of each parallel region they wait in a loop for the slowest; beside a busy process that wait is most of
    the time, and a short one costs nothing when the machine is quiet (benchmarks/threads.py).
    """
    if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & set(os.environ):
        os.environ["GOMP_SPINCOUNT"] = "10000"


def _report(error: GanError) -> Exit:
    click.echo(f"Error: {error}", err=True)
    return error.code


def _warn(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    """Our own warnings as one line; those of libraries only where Python was asked to show them."""
    if category.__module__.startswith("gancli"):
        click.echo(f"Warning: {message}", err=True)
    elif sys.warnoptions:
        click.echo(f"{category.__name__}: {message}", err=True)
