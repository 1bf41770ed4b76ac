"""Layers of partial settings, merged into one, with the origin of every value."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from gancli.base.errors import GanError, UsageError
from gancli.base.options import Chosen, Options, own_fields, validated
from gancli.base.text import clean
from gancli.config.config import Config, Resolved
from gancli.config.environment import unknown_variable
from gancli.config.parts import FALLBACK, PARTS, SHORT, Part
from gancli.config.settings import Optim, Settings
from gancli.plugins.registry import Entry, registry

LENGTHS = frozenset({"steps", "epochs", "time"})

Entries = Mapping[str, Entry]
"""What is chosen, by the name of its part."""


def chosen(layers: Iterable[Config]) -> dict[str, str]:
    """The choices of architecture, loss and data source that the layers come to, by dotted name."""
    choices = dict(FALLBACK)
    for layer in layers:
        choices |= _choices_in(layer)
    return choices


def resolve(layers: Sequence[Config]) -> Resolved:
    """Merge the layers, lowest first, over what the chosen classes suggest; raises UsageError with every fault."""
    choices = chosen(layers)
    entries = {name: part.entry(choices[part.key]) for name, part in PARTS.items()}
    known = defaults(_classes(entries))
    layers, notes = _without_foreign(layers, entries)
    notes += _notes_of_unknown(layers, known)
    values, origins = _merge([*_suggestions(entries), *layers], known)
    values = {**FALLBACK, **values, "data.name": entries["data"].name}
    return Resolved(_build(values, origins, _classes(entries)), origins, tuple(notes))


def suggested(entries: Entries) -> dict[str, Any]:
    """The settings that the chosen things come to by their suggestions alone, by dotted name."""
    return _merge(_suggestions(entries), defaults(_classes(entries)))[0]


def rebuild(name: str, document: Mapping[str, Any]) -> Chosen:
    """The architecture, loss or dataset that a checkpoint's settings name; raises GanError when it cannot be had."""
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


def defaults(classes: Mapping[str, type[Chosen]]) -> dict[str, Any]:
    """All settings that there are for these choices, by dotted name, with their defaults; None where there is none."""
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
    """Layers of what chosen things suggest, lowest first."""
    ordered = [entries[name] for name in PARTS if name in entries]
    return [Config(f"{each.kind} {each.name} suggests", each.load().suggests, unknown="ignore") for each in ordered]


def _without_foreign(layers: Sequence[Config], entries: Entries) -> tuple[list[Config], list[str]]:
    """Each layer without the options that it sets for another choice than the final one, and a note on each."""
    kept, notes, choices = [], [], dict(FALLBACK)
    for layer in layers:
        choices |= _choices_in(layer)
        foreign: set[str] = set()
        for name, part in PARTS.items():
            options = {key for key in layer.values if part.is_of_choice(key)}
            if options and _is_another(part, choices[part.key], entries[name]):
                foreign |= options
                reason = f"it was for {part.kind} {choices[part.key]}, not {entries[name].name}"
                notes += [f"{key} ({layer.origin_of(key)}) is dropped: {reason}." for key in sorted(options)]
        kept.append(replace(layer, values={key: layer.values[key] for key in layer.values if key not in foreign}))
    return kept, [clean(note) for note in notes]


def _is_another(part: Part, choice: str, final: Entry) -> bool:
    """Whether a choice means something else than what was chosen in the end."""
    if part.kind != "dataset":
        return choice.rpartition("/")[2] != final.name
    try:
        return part.entry(choice).name != final.name
    except GanError:
        return True


def _merge(layers: Sequence[Config], known: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Values and origins, the higher layer's where several have one; raises UsageError on unknown keys."""
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    faults = []
    for layer in layers:
        below = {**known, **values}
        if LENGTHS & set(layer.values):
            values = {key: value for key, value in values.items() if key not in LENGTHS}
        for key, value in layer.values.items():
            if key in known:
                values[key], origins[key] = value(below[key]) if callable(value) else value, layer.origin_of(key)
            elif layer.unknown == "error":
                faults.append(_unknown_key(key, layer.origin_of(key), known))
    if faults:
        raise UsageError(" ".join(faults))
    return values, origins


def _unknown_key(key: str, origin: str, known: Iterable[str]) -> str:
    near = get_close_matches(key, known, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]}?" if near else "."
    return f"There is no setting {clean(key)} here ({clean(origin)}){hint}"


def _notes_of_unknown(layers: Iterable[Config], known: Mapping[str, Any]) -> list[str]:
    """A note on each variable of the environment that sets nothing."""
    noted = [layer for layer in layers if layer.unknown == "note"]
    variables = {layer.origin_of(key) for layer in noted for key in layer.values if key not in known}
    return [unknown_variable(variable, known) for variable in sorted(variables)]


def _build(values: Mapping[str, Any], origins: Mapping[str, str], classes: Mapping[str, type[Options]]) -> Settings:
    """The validated settings; raises UsageError with every fault."""
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
