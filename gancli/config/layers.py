"""Layers of partial settings, merged into one, with the origin of every value."""

import os
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from gancli.base.errors import GanError, UsageError
from gancli.base.options import Chosen, Options, own_fields, validated
from gancli.base.text import clean
from gancli.config.config import Config, Resolved
from gancli.config.parts import FALLBACK, PARTS, SHORT, Part
from gancli.config.settings import Optim, Settings
from gancli.config.sources import find_dataset
from gancli.plugins.registry import Entry, registry

LENGTHS = frozenset({"steps", "epochs", "time"})
ENV_PREFIX = "GAN_"
ENV_ELSEWHERE = frozenset({"GAN_CACHE", "GAN_DISABLE_PLUGINS", "GAN_RUNS", "GAN_TRACEBACK"})


def read_environment(environment: Mapping[str, str] = os.environ) -> Config:
    """The layer in variables such as GAN_LOSS__WEIGHT and GAN_BATCH_SIZE; what is no setting may be another tool's."""
    names = [name for name in environment if name.startswith(ENV_PREFIX) and name not in ENV_ELSEWHERE]
    keys = {name: name.removeprefix(ENV_PREFIX).lower().replace("__", ".") for name in names}
    keys = {name: SHORT.get(key, key) for name, key in keys.items()}
    return Config(
        "environment",
        {key: environment[name] for name, key in keys.items()},
        {key: name for name, key in keys.items()},
        unknown="note",
    )


def chosen(layers: Iterable[Config]) -> dict[str, str]:
    """The choices of architecture, loss and data source that the layers come to, by dotted name."""
    choice = dict(FALLBACK)
    for layer in layers:
        choice.update({key: str(layer.values[key]) for key in FALLBACK if key in layer.values})
    return choice


def resolve(layers: Sequence[Config]) -> Resolved:
    """Merge the layers, lowest first, over what the chosen classes suggest; raises UsageError with every fault."""
    choice = chosen(layers)
    entries = {slot.part: _entry(slot, choice[slot.key]) for slot in PARTS}
    classes: dict[str, type[Chosen]] = {part: entry.load() for part, entry in entries.items()}
    kept, notes = _drop_foreign(layers, entries, classes)
    known = defaults(classes)
    notes += _notes_of_unknown(kept, known)
    values, origins = _merge([*_suggestions(entries), *kept], known)
    for key, fallback in FALLBACK.items():
        values.setdefault(key, fallback)
    values["data.name"] = entries["data"].name
    return Resolved(_build(values, origins, classes), origins, tuple(notes))


def suggested(entries: Mapping[str, Entry]) -> dict[str, Any]:
    """What the chosen things suggest, by part, come to, by dotted name."""
    return _merge(_suggestions(entries), defaults({part: entry.load() for part, entry in entries.items()}))[0]


def rebuild(part: str, document: Mapping[str, Any]) -> Chosen:
    """The architecture, loss or dataset that a checkpoint's settings name; raises GanError when it cannot be had."""
    slot = next(slot for slot in PARTS if slot.part == part)
    options = document.get(part)
    if not isinstance(options, Mapping) or not isinstance(options.get("name"), str):
        raise GanError(f"The settings name no {slot.kind}.")
    cls = registry().find(slot.kind, options["name"]).load()
    faults: list[str] = []
    built = validated(cls, f"{part}.", {f"{part}.{key}": value for key, value in options.items()}, {}, faults)
    if not isinstance(built, Chosen):
        raise GanError("; ".join(faults) + ".")
    return built


def _entry(slot: Part, name: str) -> Entry:
    return find_dataset(name) if slot.part == "data" else registry().find(slot.kind, name)


def _drop_foreign(
    layers: Sequence[Config], entries: Mapping[str, Entry], classes: Mapping[str, type[Chosen]]
) -> tuple[list[Config], list[str]]:
    """Each layer without the keys that it wrote for another choice than the final one."""
    kept, notes, choice = [], [], dict(FALLBACK)
    for layer in layers:
        choice.update({key: str(layer.values[key]) for key in FALLBACK if key in layer.values})
        foreign = {
            key: slot
            for slot in PARTS
            for key in layer.values
            if key.startswith(f"{slot.part}.") and key not in {slot.key, *slot.shared, f"{slot.part}.name"}
            if _differs(slot, choice[slot.key], entries[slot.part])
        }
        for key, slot in foreign.items():
            was, now = choice[slot.key], entries[slot.part].name
            notes.append(f"{key} ({layer.origin_of(key)}) is dropped: it was for {slot.kind} {was}, not {now}.")
        kept.append(
            Config(
                layer.origin,
                {key: value for key, value in layer.values.items() if key not in foreign},
                layer.origins,
                layer.unknown,
            )
        )
    return kept, [clean(note) for note in notes]


def _differs(slot: Part, written_for: str, final: Entry) -> bool:
    if slot.part != "data":
        return written_for.rpartition("/")[2] != final.name
    try:
        return find_dataset(written_for).name != final.name
    except GanError:
        return True


def _suggestions(entries: Mapping[str, Entry]) -> list[Config]:
    """Layers of what chosen things suggest, lowest first."""
    chosen_entries = [entries[part] for part in ("data", "arch", "loss") if part in entries]
    return [
        Config(f"{each.kind} {each.name} suggests", each.load().suggests, unknown="ignore") for each in chosen_entries
    ]


def defaults(classes: Mapping[str, type[Chosen]]) -> dict[str, Any]:
    """All settings that there are for these choices, by dotted name, with their defaults."""
    models: dict[str, type[Options]] = {
        "": Settings,
        "optim.": Optim,
        **{f"{part}.": cls for part, cls in classes.items()},
    }
    fields = {prefix + name: info for prefix, model in models.items() for name, info in own_fields(model)}
    values = {
        k: None if info.is_required() else info.get_default(call_default_factory=True) for k, info in fields.items()
    }
    names = dict.fromkeys(("arch.name", "loss.name", "data.name"))
    return {key: default for key, default in values.items() if key not in SHORT} | names


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
    """A line for each variable of the environment that sets nothing, with the one that may have been meant."""
    noted = [layer for layer in layers if layer.unknown == "note"]
    unknown = {layer.origin_of(key) for layer in noted for key in layer.values if key not in known}
    return [_unknown_variable(variable, known) for variable in sorted(unknown)]


def _unknown_variable(variable: str, known: Iterable[str]) -> str:
    variables = [f"{ENV_PREFIX}{key.upper().replace('.', '__')}" for key in known]
    near = get_close_matches(variable, variables, n=1, cutoff=0.85)
    hint = f"; did you mean {near[0]}?" if near else "."
    return f"{clean(variable)} is no setting here{hint}"


def _build(values: Mapping[str, Any], origins: Mapping[str, str], classes: Mapping[str, type[Options]]) -> Settings:
    faults: list[str] = []
    groups: dict[str, type[Options]] = {**classes, "optim": Optim}
    parts = {
        part: validated(cls, f"{part}.", {k: v for k, v in values.items() if k.startswith(f"{part}.")}, origins, faults)
        for part, cls in groups.items()
    }
    top = {key: value for key, value in values.items() if "." not in key}
    settings = validated(Settings, "", {**top, **{k: v for k, v in parts.items() if v}}, origins, faults)
    if faults or not isinstance(settings, Settings):
        raise UsageError("; ".join(faults) + ".")
    return settings
