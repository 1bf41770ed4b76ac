"""Layers of partial settings, merged into one, with the origin of every value."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from gancli.base.errors import GanError, UsageError
from gancli.base.options import Chosen, Options, own_fields, validated
from gancli.base.text import clean
from gancli.config.config import Config, Resolved
from gancli.config.environment import unknown_variable
from gancli.config.parts import FALLBACK, PARTS, SHORT, ChosenPart
from gancli.config.settings import Optim, Settings
from gancli.plugins.registry import Entry, registry

LENGTHS = frozenset({"steps", "epochs", "time"})

Entries = Mapping[str, Entry]
"""The chosen things, by the name of their part."""


def choices_of_layers(layers: Iterable[Config]) -> dict[str, str]:
    """The final choices of architecture, loss and data source in the layers, lowest first, by dotted name."""
    choices = dict(FALLBACK)
    for layer in layers:
        choices |= _choices_in(layer)
    return choices


def resolve(layers: Sequence[Config]) -> Resolved:
    """Merge the layers, lowest first, over what the chosen classes suggest; raises UsageError with every fault."""
    choices = choices_of_layers(layers)
    entries = {name: part.entry(choices[part.key]) for name, part in PARTS.items()}
    default = defaults_of(_classes(entries))
    layers, notes = _without_foreign(layers, entries)
    notes += _notes_of_unknown(layers, default)
    values, origins = _merge([*_suggestions(entries), *layers], default)
    values = {**FALLBACK, **values, "data.name": entries["data"].name}
    return Resolved(_build(values, origins, _classes(entries)), origins, tuple(notes))


def suggested_values(entries: Entries) -> dict[str, Any]:
    """The values that the chosen things suggest, by dotted name, without those of any other layer."""
    return _merge(_suggestions(entries), defaults_of(_classes(entries)))[0]


def rebuild(name: str, document: Mapping[str, Any]) -> Chosen:
    """The part called `name` (arch, loss or data) in a checkpoint's settings; raises GanError where invalid."""
    part, options = PARTS[name], document.get(name)
    if not isinstance(options, Mapping) or not isinstance(options.get("name"), str):
        raise GanError(f"The settings name no {part.kind}.")
    cls = registry().find(part.kind, options["name"]).load()
    faults: list[str] = []
    values = {f"{name}.{key}": value for key, value in options.items()}
    built = validated(cls, f"{name}.", values, {}, faults)
    if not isinstance(built, Chosen):
        raise GanError("; ".join(faults) + ".")
    return built


def defaults_of(classes: Mapping[str, type[Chosen]]) -> dict[str, Any]:
    """The default of every setting that the chosen classes allow, by dotted name; None for one without a default."""
    models: dict[str, type[Options]] = {"": Settings, "optim": Optim, **classes}
    values: dict[str, Any] = {}
    for group, model in models.items():
        for name, info in own_fields(model):
            default = None if info.is_required() else info.get_default(call_default_factory=True)
            values[f"{group}.{name}" if group else name] = default
    names = {f"{part}.name": None for part in PARTS}
    return {key: default for key, default in values.items() if key not in SHORT} | names


def _choices_in(layer: Config) -> dict[str, str]:
    return {key: str(layer.values[key]) for key in FALLBACK if key in layer.values}


def _classes(entries: Entries) -> dict[str, type[Chosen]]:
    return {name: entry.load() for name, entry in entries.items()}


def _suggestions(entries: Entries) -> list[Config]:
    """The suggestions of the chosen things as layers, lowest first."""
    ordered = [entries[name] for name in PARTS if name in entries]
    return [Config(f"{entry.kind} {entry.name} suggests", entry.load().suggests, unknown="ignore") for entry in ordered]


def _without_foreign(layers: Sequence[Config], entries: Entries) -> tuple[list[Config], list[str]]:
    """The layers without options that they set for another choice than the final one, and a note on each option."""
    cleaned, notes, choices = [], [], dict(FALLBACK)
    for layer in layers:
        choices |= _choices_in(layer)
        foreign: set[str] = set()
        for name, part in PARTS.items():
            options = {key for key in layer.values if part.is_of_choice(key)}
            if options and _is_another(part, choices[part.key], entries[name]):
                foreign |= options
                reason = f"it was for {part.kind} {choices[part.key]}, not {entries[name].name}"
                notes += [f"{key} ({layer.origin_of(key)}) is dropped: {reason}." for key in sorted(options)]
        cleaned.append(replace(layer, values={key: layer.values[key] for key in layer.values if key not in foreign}))
    return cleaned, [clean(note) for note in notes]


def _is_another(part: ChosenPart, choice: str, final: Entry) -> bool:
    """Whether a choice in a layer is another thing than the final one."""
    if part.kind != "dataset":
        return choice.rpartition("/")[2] != final.name
    try:
        return part.entry(choice).name != final.name
    except GanError:
        return True


def _merge(layers: Sequence[Config], default: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Values and origins by dotted name, those of the highest layer that has one; raises UsageError on unknown keys."""
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    faults = []
    for layer in layers:
        below = {**default, **values}
        if LENGTHS & set(layer.values):
            values = {key: value for key, value in values.items() if key not in LENGTHS}
        for key, value in layer.values.items():
            if key in default:
                values[key], origins[key] = value(below[key]) if callable(value) else value, layer.origin_of(key)
            elif layer.unknown == "error":
                faults.append(_unknown_key(key, layer.origin_of(key), default))
    if faults:
        raise UsageError(" ".join(faults))
    return values, origins


def _unknown_key(key: str, origin: str, keys: Iterable[str]) -> str:
    near = get_close_matches(key, keys, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]}?" if near else "."
    return f"There is no setting {clean(key)} here ({clean(origin)}){hint}"


def _notes_of_unknown(layers: Iterable[Config], keys: Collection[str]) -> list[str]:
    """A note on each variable of the environment that is not a setting."""
    variables: set[str] = set()
    for layer in layers:
        if layer.unknown == "note":
            variables |= {layer.origin_of(key) for key in layer.values if key not in keys}
    return [unknown_variable(variable, keys) for variable in sorted(variables)]


def _build(values: Mapping[str, Any], origins: Mapping[str, str], classes: Mapping[str, type[Options]]) -> Settings:
    """The settings, validated; raises UsageError with every fault."""
    faults: list[str] = []
    models: dict[str, type[Options]] = {**classes, "optim": Optim}
    groups: dict[str, Options | None] = {}
    for name, cls in models.items():
        options = {key: value for key, value in values.items() if key.startswith(f"{name}.")}
        groups[name] = validated(cls, f"{name}.", options, origins, faults)
    top = {key: value for key, value in values.items() if "." not in key}
    top |= {name: group for name, group in groups.items() if group}
    settings = validated(Settings, "", top, origins, faults)
    if faults or not isinstance(settings, Settings):
        raise UsageError("; ".join(faults) + ".")
    return settings
