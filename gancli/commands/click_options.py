"""Click options out of pydantic fields, and back: what was typed becomes a layer of settings."""

from collections.abc import Iterable, Mapping
from typing import Any

import click
from click.core import ParameterSource
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from gancli.base.options import Options, choices_of, describe, own_fields
from gancli.config.config import Config
from gancli.config.parts import SHORT
from gancli.data.dataset import Dataset
from gancli.plugins.registry import registry

WORDS = {**SHORT, "source": SHORT["data"]}
"""The words of the command line that choose, and the settings they are short for."""


class ChosenOptions(click.Command):
    """A command some of whose options depend on what is chosen, which a first look at the words finds."""

    def chosen_options(self, args: list[str]) -> list[click.Parameter]:
        """The options that these words have besides those of every call."""
        raise NotImplementedError

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["chosen"] = self.chosen_options(args)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*super().get_params(ctx), *ctx.meta.get("chosen", [])]

    def first_look(self, args: list[str], parameters: Iterable[click.Parameter]) -> click.Context:
        """What the words say to these parameters alone, and in `args` what is left, whatever that is."""
        probe = click.Command("probe", params=[*parameters], add_help_option=False)
        settings: dict[str, Any] = {"ignore_unknown_options": True, "allow_extra_args": True, "resilient_parsing": True}
        return probe.make_context("probe", [*args], **settings)


class SettingOption(click.Option):
    """An option that stands for one setting, by its dotted name."""

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
    """An option for each of the model's own fields; those in `short` are written without the prefix.

    `defaults` are shown in place of the fields' own, by dotted name.
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


def dataset_options(args: list[str], known: set[str]) -> list[click.Parameter]:
    """The options that only some datasets have, when one is typed; the chosen one refuses those of others.

    They need no `data.` before them where nothing else has their name: --layout.
    """
    if {word.partition("=")[0] for word in args if word.startswith("--")} <= known:
        return []
    shared = {name for name, _ in own_fields(Dataset)}
    options: dict[str, click.Parameter] = {}
    for _, cls in registry().loadable("dataset"):
        for option in options_of(cls, "data."):
            if getattr(option, "key", "").removeprefix("data.") not in shared:
                options.setdefault(option.name or "", option)
    return shortened(list(options.values()), "data.", known)


def shortened(options: list[click.Parameter], prefix: str, known: set[str]) -> list[click.Parameter]:
    """The options, which need no prefix where nothing else has their name."""
    for option in options:
        option.opts += [short for word in option.opts if (short := word.replace(prefix, "", 1)) not in known]
    return options


def typed_layer(ctx: click.Context, parameters: Iterable[click.Parameter]) -> Config:
    """The layer of settings that the command line gives."""
    values, origins = {}, {}
    for parameter in parameters:
        key = getattr(parameter, "key", None) or WORDS.get(parameter.name or "")
        is_typed = parameter.name and ctx.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
        if key and is_typed:
            values[key] = ctx.params[parameter.name or ""]
            origins[key] = parameter.opts[0]
    return Config("command line", values, origins)


def _negative(words: str) -> str:
    head, dot, name = words.removeprefix("--").rpartition(".")
    return f"--{head}{dot}no-{name}"


def _help(info: FieldInfo, default: Any) -> str:
    if default is None or default is PydanticUndefined or default is False or default in ("", ()):
        return info.description or ""
    shown = ",".join(map(str, default)) if isinstance(default, tuple | list) else str(default)
    return f"{info.description}  [{shown}]"
