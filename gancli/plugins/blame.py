"""Unexpected errors of plugins: one that passed through a plugin's code is reported as that plugin's."""

import os
from collections.abc import Iterator
from traceback import FrameSummary, extract_tb, format_exception, walk_tb

from gancli.base.errors import GanError
from gancli.base.text import clean
from gancli.plugins.loading import fault_of
from gancli.plugins.registry import BUILT_IN, Entry, registry

TRACEBACK = "GAN_TRACEBACK"


def blamed(error: Exception) -> GanError | None:
    """The error to show for one that was raised in, or below, a package's code; None where no package is involved."""
    for owner, frame in _suspects(error):
        notes = "".join(f" {clean(note)}" for note in getattr(error, "__notes__", ()))
        place = f"{clean(frame.filename)}:{frame.lineno}, in {clean(frame.name)}"
        hint = f"That is for its authors to mend; {TRACEBACK}=1 shows the way there."
        if os.environ.get(TRACEBACK):
            hint = "\n" + "".join(format_exception(error))
        package = f"{clean(owner.package)} {clean(owner.version)}"
        return GanError(f"Package {package} failed{notes}: {fault_of(error)} ({place}).", hint)
    return None


def _suspects(error: Exception) -> Iterator[tuple[Entry, FrameSummary]]:
    """Something that each package registered whose code the error passed through, and the frame, innermost first."""
    owners = {entry.target.partition(":")[0].partition(".")[0]: entry for entry in registry().entries}
    modules = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)]
    frames = extract_tb(error.__traceback__)
    for module, frame in reversed(list(zip(modules, frames, strict=True))):
        owner = owners.get(module.partition(".")[0])
        if owner is not None and owner.package != BUILT_IN:
            yield owner, frame
