"""Commands that generate: their options include what can be asked of the model that they are given."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gancli.architectures.sampling import Sampling, Truncation
from gancli.base.errors import GanError, UsageError
from gancli.base.options import own_fields, validated
from gancli.base.text import clean
from gancli.commands.click_options import ChosenOptions, options_of, shortened, typed_layer
from gancli.runs import run

if TYPE_CHECKING:
    from gancli.architectures.contract import Architecture
    from gancli.generation.model import TrainedModel

PREFIX = "sample."


class GeneratingCommand(ChosenOptions):
    """A command of an argument MODEL; without one, `--help` shows what most models have, and imports no torch."""

    def chosen_options(self, args: list[str]) -> list[click.Parameter]:
        known = {word for each in self.params for word in each.opts}
        typed = {word.partition("=")[0] for word in args if word.startswith("--")} - known - {"--help"}
        named = self._named(args)
        kind: type[Sampling] = Truncation
        if typed or (named and {"-h", "--help"} & set(args)):
            arch = _architecture(run.find_checkpoint(named))
            kind = arch.sampling
            _check(typed, arch)
        return shortened(options_of(kind, PREFIX), PREFIX, known)

    def _named(self, args: list[str]) -> str | None:
        """The MODEL among the words: some may be values of options that are not known yet."""
        words = self.first_look(args, [each for each in self.params if isinstance(each, click.Option)]).args
        for word in words:
            with suppress(GanError):
                run.find_checkpoint(word)
                return word
        return None


def model_of(ctx: click.Context, path: Path) -> "TrainedModel":
    """The model in a checkpoint, on the --device, with what the command line asks of it and has it make images of."""
    from gancli.generation.model import TrainedModel

    generator = TrainedModel.load(path, ctx.params["device"])
    generator = replace(generator, sampling=asked_of(ctx, generator.arch))
    return _with_images(generator, path, ctx.params["source"])


def _with_images(generator: "TrainedModel", path: Path, source: str | None) -> "TrainedModel":
    from gancli.architectures.translator import Translator

    if not isinstance(generator.arch, Translator):
        if source is not None:
            name = generator.arch.name
            raise UsageError(f"--data: architecture {name} makes images of noise, not of images.", "Leave it out.")
        return generator

    from gancli.evaluation.procedure import real_images
    from gancli.terminal.progress import show_progress

    real = real_images(generator, source, show_progress(), trusted=run.run_of(path) is not None)
    for note in real.notes:
        click.echo(f"Note: {note}", err=True)
    return generator.given(real.images)


def asked_of(ctx: click.Context, arch: "Architecture") -> Sampling:
    """What the command line asks of a model of that architecture; raises UsageError with every fault."""
    typed = typed_layer(ctx, ctx.command.get_params(ctx))
    values = {key: value for key, value in typed.values.items() if key.startswith(PREFIX)}
    faults: list[str] = []
    sampling = validated(arch.sampling, PREFIX, values, typed.origins, faults)
    if not isinstance(sampling, Sampling):
        raise UsageError("; ".join(faults) + ".")
    return sampling


def _architecture(path: Path) -> "Architecture":
    from gancli.generation.model import architecture_of
    from gancli.runs.checkpoint import read_header

    return architecture_of(read_header(path), path)


def _check(typed: set[str], arch: "Architecture") -> None:
    """Raise UsageError where something is asked for that the architecture does not have."""
    there = _words(arch.sampling)
    usual = {word.replace(PREFIX, ""): word for word in _words(Truncation)}
    for word in sorted(typed):
        asked = usual.get(word, word).replace("_", "-").replace(f"--{PREFIX}no-", f"--{PREFIX}")
        if asked.startswith(f"--{PREFIX}") and asked not in there:
            hint = f"It has {', '.join(there)}." if there else "It has no options of sampling."
            raise UsageError(f"Architecture {arch.name} cannot be asked for {clean(word)}.", hint)


def _words(kind: type[Sampling]) -> list[str]:
    return [f"--{PREFIX}{name.replace('_', '-')}" for name, _ in own_fields(kind)]
