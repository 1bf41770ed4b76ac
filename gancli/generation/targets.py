"""Where a result is to be written: whether it can be, before any work is done for it."""

from collections.abc import Sequence
from pathlib import Path

from gancli.base.errors import GanError, UsageError
from gancli.base.text import clean

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")


def check_target(target: Path, suffixes: Sequence[str] = PICTURES, *, force: bool = False) -> None:
    """Raise a GanError where nothing could be written to a path.

    suffixes: those that it may have, an empty one for a folder. force: whether it may be there already.
    """
    if target.suffix.lower() not in suffixes:
        names = ", ".join(suffix or "a folder" for suffix in suffixes)
        suffix = clean(target.suffix) or "(none)"
        raise UsageError(f"{clean(target)}: files named {suffix} cannot be written here.", f"Give one of {names}.")
    if not target.parent.is_dir():
        raise GanError(f"There is no folder {clean(target.parent)} to write to.")
    taken = any(target.iterdir()) if target.is_dir() else target.exists()
    if taken and not force:
        raise UsageError(f"{clean(target)} is there already.", "Give another --out, or --force.")
