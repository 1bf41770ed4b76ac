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
from gancli.runs import finding

if TYPE_CHECKING:
    from gancli.architectures.contract import Architecture
    from gancli.generation.model import TrainedModel
    from gancli.runs.checkpoint import Header

PREFIX = "sample."


class GeneratingCommand(ChosenOptions):
    """A command of an argument MODEL; without one, `--help` shows what most models have, and imports no torch."""

    def chosen_options(self, args: list[str]) -> list[click.Parameter]:
        known = {word for each in self.params for word in each.opts}
        typed = {word.partition("=")[0] for word in args if word.startswith("--")} - known - {"--help"}
        kind: type[Sampling] = Truncation
        if arch := self._architecture(args, needed=bool(typed)):
            kind = arch.sampling
            _check(typed, arch)
        return shortened(options_of(kind, PREFIX), PREFIX, known)

    def _architecture(self, args: list[str], *, needed: bool) -> "Architecture | None":
        """The architecture of the MODEL among the words, for --help or because it is needed; else None."""
        if not needed and not {"-h", "--help"} & set(args):
            return None
        word, header = self._named(args)
        if header is None and not needed:
            return None

        from gancli.generation.model import architecture_of

        return architecture_of(header or finding.find_header(None), Path(word))

    def _named(self, args: list[str]) -> tuple[str, "Header | None"]:
        """The MODEL among the words, with its header: some may be values of options that are not known yet."""
        words = self.first_look(args, [each for each in self.params if isinstance(each, click.Option)]).args
        for word in words:
            with suppress(GanError):
                return word, finding.find_header(word)
        return str(finding.home()), None


def model_of(ctx: click.Context, named: str | None) -> "TrainedModel":
    """The model that RUN|CKPT means, on the --device, with what the command line asks of it and has it make images of.

    Raises GanError.
    """
    generator = trained_model(named, ctx.params["device"])
    generator = replace(generator, sampling=asked_of(ctx, generator.arch))
    return _with_images(generator, ctx.params["source"])


def trained_model(named: str | None, device: str) -> "TrainedModel":
    """The model that RUN|CKPT means, whose file is opened once; raises GanError."""
    with finding.open_checkpoint(named) as checkpoint:
        from gancli.generation.model import TrainedModel  # and torch with it: not where there is no checkpoint

        return TrainedModel.of(checkpoint, device)


def _with_images(generator: "TrainedModel", source: str | None) -> "TrainedModel":
    from gancli.architectures.translator import Translator

    if not isinstance(generator.arch, Translator):
        if source is not None:
            name = generator.arch.name
            raise UsageError(f"--data: architecture {name} makes images of noise, not of images.", "Leave it out.")
        return generator

    from gancli.evaluation.procedure import real_images
    from gancli.terminal.progress import show_progress

    real = real_images(generator, source, show_progress(), trusted=finding.run_of(generator.path) is not None)
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
