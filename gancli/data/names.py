"""The names in a folder or an archive: which are images, of which class, and of which part of a dataset."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from gancli.data.records import SUFFIXES, labelled

HIDDEN_FOLDERS = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN"})
SPLITS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "dev"})


def unwanted(parts: Sequence[str]) -> str | None:
    """The kind of a path, given by its parts, that is not an image's: `hidden`, `txt file`, ...; None for an image's.

    Hidden are names that begin with a dot, and folders that operating systems make.
    """
    if any(part.startswith(".") or part in HIDDEN_FOLDERS for part in parts):
        return "hidden"
    stem, dot, ending = parts[-1].rpartition(".")
    suffix = f".{ending.lower()}" if dot and stem else ""
    return None if suffix in SUFFIXES else f"{suffix[:12]} file" if suffix else "file without suffix"


def classes_of(paths: Sequence[tuple[str, ...]]) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Labels, int64 (N,), and class names by the folders of the first level that has several.

    Labels are None where an image lies above that level.
    """
    depth = _shared(paths)
    if not paths or any(len(path) < depth + 2 for path in paths):
        return None, ()
    return labelled([path[depth] for path in paths])


def _shared(paths: Sequence[tuple[str, ...]]) -> int:
    """The number of leading folders that all paths share."""
    if not paths:
        return 0
    low, high = min(paths)[:-1], max(paths)[:-1]
    return next(
        (depth for depth, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high))
    )


def training_part(paths: Sequence[tuple[str, ...]]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The numbers of the paths to train on, int64 (n,): of folders called train, test and the like, those in `train`.

    The second value holds a note where that leaves out others.
    """
    everything = np.arange(len(paths))
    depth = _shared(paths)
    if any(len(path) < depth + 2 for path in paths):
        return everything, ()
    counts = Counter(path[depth] for path in paths)
    train = next((name for name in counts if name.lower() in {"train", "training"}), None)
    if train is None or len(counts) < 2 or not all(name.lower() in SPLITS for name in counts):
        return everything, ()
    left_out = ", ".join(sorted(set(counts) - {train}))
    return (
        np.array([number for number, path in enumerate(paths) if path[depth] == train]),
        (f"The folders are parts of one dataset: {train} is taken, {left_out} left out.",),
    )
