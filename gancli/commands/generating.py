"""What commands that generate images share: their options include those of the architecture of the chosen model."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gancli.architectures.sampling import Sampling, Truncation
from gancli.base.errors import GanError, UsageError
from gancli.base.options import own_fields, validated
from gancli.base.text import clean
from gancli.commands.click_options import ChosenOptions, options_of, shortened, typed_layer, words_of
from gancli.runs import finding

if TYPE_CHECKING:
    from gancli.architectures.contract import Architecture
    from gancli.generation.model import TrainedModel
    from gancli.runs.checkpoint import Header

PREFIX = "sample."


class GeneratingCommand(ChosenOptions):
    """A command with an argument MODEL, whose --help shows the options of that model.

    Without a MODEL it shows those that most models have, and imports no torch.
    """

    def chosen_options(self, args: list[str]) -> list[click.Parameter]:
        used = words_of(self.params)
        typed = {word.partition("=")[0] for word in args if word.startswith("--")} - used - {"--help"}
        kind: type[Sampling] = Truncation
        if arch := self._architecture(args, needed=bool(typed)):
            kind = arch.sampling
            _check(typed, arch)
        return shortened(options_of(kind, PREFIX), PREFIX, used)

    def _architecture(self, args: list[str], *, needed: bool) -> "Architecture | None":
        """Return the architecture of the MODEL among the arguments if it is needed or --help is there; else None."""
        if not needed and not {"-h", "--help"} & set(args):
            return None
        word, header = self._named(args)
        if header is None and not needed:
            return None

        from gancli.generation.model import architecture_of

        return architecture_of(header or finding.find_header(None), Path(word))

    def _named(self, args: list[str]) -> tuple[str, "Header | None"]:
        """Return the first argument that names a model, and its header; the folder of runs and None if none does."""
        options = [parameter for parameter in self.params if isinstance(parameter, click.Option)]
        # Arguments before it may be values of the model's own options, which are not known yet.
        for word in self.first_look(args, options).args:
            with suppress(GanError):
                return word, finding.find_header(word)
        return str(finding.home()), None


def model_of(ctx: click.Context, named: str | None) -> "TrainedModel":
    """Return the model of a run or checkpoint on the --device, with the options of sampling that were typed.

    A translator also has the images of --data, or else of its run, to translate. Raises GanError.
    """
    generator = trained_model(named, ctx.params["device"])
    generator = replace(generator, sampling=sampling_of(ctx, generator.arch))
    return _with_images(generator, ctx.params["source"])


def trained_model(named: str | None, device: str) -> "TrainedModel":
    """Return the model of a run or checkpoint, the newest run's for None; its file is opened once. Raises GanError."""
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
    return generator.with_images(real.images)


def sampling_of(ctx: click.Context, arch: "Architecture") -> Sampling:
    """Return the options of sampling that were typed, for that architecture; raises UsageError with every fault."""
    typed = typed_layer(ctx, ctx.command.get_params(ctx))
    values = {key: value for key, value in typed.values.items() if key.startswith(PREFIX)}
    faults: list[str] = []
    sampling = validated(arch.sampling, PREFIX, values, typed.origins, faults)
    if not isinstance(sampling, Sampling):
        raise UsageError("; ".join(faults) + ".")
    return sampling


def _check(typed: set[str], arch: "Architecture") -> None:
    """Raise UsageError where an option of sampling was typed that the architecture does not have."""
    available = _words(arch.sampling)
    usual = {word.replace(PREFIX, ""): word for word in _words(Truncation)}
    for word in sorted(typed):
        option = usual.get(word, word).replace("_", "-").replace(f"--{PREFIX}no-", f"--{PREFIX}")
        if option.startswith(f"--{PREFIX}") and option not in available:
            hint = f"It has {', '.join(available)}." if available else "It has no options of sampling."
            raise UsageError(f"Architecture {arch.name} cannot be asked for {clean(word)}.", hint)


def _words(kind: type[Sampling]) -> list[str]:
    return [f"--{PREFIX}{name.replace('_', '-')}" for name, _ in own_fields(kind)]
