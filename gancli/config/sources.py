"""The dataset of a SOURCE, which is a path or the name of a dataset."""

import os
from difflib import get_close_matches
from pathlib import Path

from gancli.base.errors import GanError, UsageError
from gancli.base.text import clean
from gancli.plugins.registry import Entry, registry


def find_dataset(source: str) -> Entry:
    """The dataset of a SOURCE: `name`, `name:rest`, or a path that one recognises; raises GanError."""
    head, colon, _ = source.partition(":")
    path = Path(source).expanduser()
    if colon and not path.exists():
        return registry().find("dataset", head)
    if path.exists():
        return _dataset_at(path, source)
    if os.sep in source or source.startswith((".", "~")):
        raise GanError(f"There is nothing at {clean(source)}.", "Check the path.")
    try:
        return registry().find("dataset", head)
    except UsageError as error:
        hint = error.hint if registry().named(source) else _sources(source)
        raise GanError(f"There is no file or folder '{clean(source)}'.", hint) from None


def _dataset_at(path: Path, source: str) -> Entry:
    for entry, cls in registry().loadable("dataset"):
        if cls.recognises(path):
            return entry
    raise GanError(
        f"{clean(source)} holds nothing that gancli can read as images.",
        "`gan list datasets` shows what it reads.",
    )


def _sources(typed: str) -> str:
    """A hint with the SOURCE most similar to what was typed, and with all names of datasets."""
    names = [entry.name for entry in registry().listing("dataset")]
    near = get_close_matches(typed, names, n=1, cutoff=0.75)
    suggestion = f"Did you mean {near[0]}? " if near else ""
    return f"{suggestion}Give a path, or a dataset, such as digits or torchvision:MNIST; there are {', '.join(names)}."
