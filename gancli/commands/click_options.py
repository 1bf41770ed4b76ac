"""Click options made from pydantic fields, and the layer of settings that the typed options make."""

from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gancli.base.options import Options, choices_of, describe, own_fields
from gancli.config.config import Config
from gancli.config.parts import SHORT
from gancli.data.dataset import Dataset
from gancli.generation.targets import check_target
from gancli.plugins.registry import registry

WORDS = {**SHORT, "source": SHORT["data"]}
"""The parameters that name a chosen part, and the settings that they stand for."""


class ChosenOptions(click.Command):
    """A command some of whose options depend on other arguments, which are parsed first."""

    def chosen_options(self, args: list[str]) -> list[click.Parameter]:
        """Return the options that these arguments allow beyond those that the command always has."""
        raise NotImplementedError

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["chosen"] = self.chosen_options(args)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*super().get_params(ctx), *ctx.meta.get("chosen", [])]

    def first_look(self, args: list[str], parameters: Iterable[click.Parameter]) -> click.Context:
        """Return a context with the values of these parameters alone; its `args` are all other arguments, unchecked."""
        probe = click.Command("probe", params=[*parameters], add_help_option=False)
        settings: dict[str, Any] = {"ignore_unknown_options": True, "allow_extra_args": True, "resilient_parsing": True}
        return probe.make_context("probe", [*args], **settings)


class SettingOption(click.Option):
    """The option of one setting, whose dotted name is `key`."""

    def __init__(self, key: str, info: FieldInfo, words: str | None = None, default: Any = None) -> None:
        self.key = key
        words = words or "--" + key.replace("_", "-")
        flag = describe(info) == "BOOL"
        choices = choices_of(info)
        super().__init__(
            [f"{words}/{_negative(words)}" if flag else words, key.replace(".", "__")],
            type=bool if flag else click.Choice(choices, case_sensitive=False) if choices else str,
            metavar=None if flag or choices else describe(info),
            default=None,
            help=_help(info, info.default if default is None else default),
        )


def options_of(
    model: type[Options],
    prefix: str = "",
    short: frozenset[str] = frozenset(),
    defaults: Mapping[str, Any] | None = None,
) -> list[click.Parameter]:
    """Return an option for each of the model's own fields; those in `short` are written without the prefix.

    `defaults`, by dotted name, are shown in help in place of the fields' own.
    """
    displayed = defaults or {}
    return [
        SettingOption(
            prefix + name,
            info,
            f"--{name.replace('_', '-')}" if name in short else None,
            displayed.get(prefix + name),
        )
        for name, info in own_fields(model)
    ]


def words_of(parameters: Iterable[click.Parameter]) -> set[str]:
    """Return every spelling of the options, such as `--size`, and the names of arguments."""
    return set(chain.from_iterable(parameter.opts for parameter in parameters))


def dataset_options(args: list[str], used: set[str]) -> list[click.Parameter]:
    """Return the options that only some datasets have, or none where every typed option is in `used`.

    They may be written without `data.` where that spelling is not used: --layout. The chosen dataset refuses options
    that belong to others.
    """
    if {word.partition("=")[0] for word in args if word.startswith("--")} <= used:
        return []
    shared = {name for name, _ in own_fields(Dataset)}
    options: dict[str, click.Parameter] = {}
    for _, cls in registry().loadable("dataset"):
        for option in options_of(cls, "data."):
            if getattr(option, "key", "").removeprefix("data.") not in shared:
                options.setdefault(option.name or "", option)
    return shortened(list(options.values()), "data.", used)


def shortened(options: list[click.Parameter], prefix: str, used: set[str]) -> list[click.Parameter]:
    """Return the options, which may now be written without the prefix too where that spelling is not in `used`."""
    for option in options:
        option.opts += [short for word in option.opts if (short := word.replace(prefix, "", 1)) not in used]
    return options


def typed_layer(ctx: click.Context, parameters: Iterable[click.Parameter]) -> Config:
    """Return the settings that were typed for these parameters, as a layer."""
    values, origins = {}, {}
    for parameter in parameters:
        key = getattr(parameter, "key", None) or WORDS.get(parameter.name or "")
        is_typed = parameter.name and ctx.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
        if key and is_typed:
            values[key] = ctx.params[parameter.name or ""]
            origins[key] = parameter.opts[0]
    return Config("command line", values, origins)


def target_of(ctx: click.Context, suffixes: tuple[str, ...]) -> Path:
    """Return the file that --out names; raises UsageError where it cannot be written.

    A file that is there is written over with --force, or where --out was not typed.
    """
    target = Path(ctx.params["out"])
    typed = ctx.get_parameter_source("out") is not ParameterSource.DEFAULT
    check_target(target, suffixes, force=ctx.params["force"] or not typed)
    return target


def _negative(words: str) -> str:
    head, dot, name = words.removeprefix("--").rpartition(".")
    return f"--{head}{dot}no-{name}"


def _help(info: FieldInfo, default: Any) -> str:
    if default is None or default is PydanticUndefined or default is False or default in ("", ()):
        return info.description or ""
    text = ",".join(map(str, default)) if isinstance(default, tuple | list) else str(default)
    return f"{info.description}  [{text}]"
