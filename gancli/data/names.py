"""What the names in a folder or an archive say: which are images, and of which class."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from gancli.data.records import SUFFIXES, labelled

HIDDEN_FOLDERS = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN"})
SPLITS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "dev"})


def unwanted(parts: Sequence[str]) -> str | None:
    """What a path, given by its parts, is instead of an image's: `hidden`, `txt file`, ...; None for an image's path.

    Hidden is what begins with a dot, and the folders that systems leave behind.
    """
    if any(part.startswith(".") or part in HIDDEN_FOLDERS for part in parts):
        return "hidden"
    stem, dot, ending = parts[-1].rpartition(".")
    suffix = f".{ending.lower()}" if dot and stem else ""
    return None if suffix in SUFFIXES else f"{suffix[:12]} file" if suffix else "file without suffix"


def classes_of(paths: Sequence[tuple[str, ...]]) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Labels and names by the folders: the first level on which they part. None where an image lies above that."""
    depth = _shared(paths)
    if not paths or any(len(path) < depth + 2 for path in paths):
        return None, ()
    return labelled([path[depth] for path in paths])


def _shared(paths: Sequence[tuple[str, ...]]) -> int:
    """How many leading folders all paths share."""
    if not paths:
        return 0
    low, high = min(paths)[:-1], max(paths)[:-1]
    return next(
        (depth for depth, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high))
    )


def training_part(paths: Sequence[tuple[str, ...]]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The numbers of the paths to train on, and a note: where folders are called train, test and the like, `train`."""
    everything = np.arange(len(paths))
    depth = _shared(paths)
    if any(len(path) < depth + 2 for path in paths):
        return everything, ()
    counts = Counter(path[depth] for path in paths)
    train = next((name for name in counts if name.lower() in {"train", "training"}), None)
    if train is None or len(counts) < 2 or not all(name.lower() in SPLITS for name in counts):
        return everything, ()
    others = ", ".join(sorted(set(counts) - {train}))
    return (
        np.array([number for number, path in enumerate(paths) if path[depth] == train]),
        (f"The folders are parts of one dataset: {train} is taken, {others} left out.",),
    )
