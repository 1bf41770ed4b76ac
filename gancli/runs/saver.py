"""Checkpoints are written from a copy, in a thread of its own: training goes on meanwhile."""

import time
from collections.abc import Mapping
from pathlib import Path
from threading import Thread

import torch
from torch import Tensor

from gancli.base.errors import GanError
from gancli.base.text import clean
from gancli.runs import checkpoint
from gancli.runs.checkpoint import Header
from gancli.runs.run import Run
from gancli.telemetry.ticks import Event, Kind

RETRY = 30.0  # seconds after which a checkpoint that could not be written is tried again


class Saver:
    """Writes one checkpoint at a time, and deletes old ones once a new one is on the disk.

    What could not be written is news, not an error: training goes on, and is worth a later try.
    """

    def __init__(self, run: Run, keep: int) -> None:
        self.run, self.keep = run, keep
        self.fault = ""
        """Why the newest one could not be written; empty if it could."""
        self._copies: dict[str, Tensor] = {}
        self._news: list[Event] = []
        self._thread: Thread | None = None
        self._failed = 0.0

    def submit(self, tensors: Mapping[str, Tensor], header: Header, *, best: bool = False) -> None:
        """Copy the tensors and write them; waits first where the one before is still being written."""
        self.wait()
        self._copy(tensors)
        # A daemon: a second signal ends the process at once, and leaves the checkpoint before this one.
        self._thread = Thread(target=self._write, args=(header, best), daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Until what is under way is on the disk, or has failed."""
        if self._thread is not None:
            self._thread.join()

    def abandon(self) -> None:
        """Wait for nothing any more."""
        self._thread = None

    def news(self) -> list[Event]:
        """What was written or could not be, since this was last asked."""
        news, self._news = self._news, []
        return news

    @property
    def wants_another_try(self) -> bool:
        """Whether the newest checkpoint could not be written, some time ago."""
        return bool(self.fault) and time.monotonic() - self._failed >= RETRY

    def _copy(self, tensors: Mapping[str, Tensor]) -> None:
        """Into the same memory every time: fresh memory costs more than the copy."""
        copies = {}
        for name, tensor in tensors.items():
            kept = self._copies.get(name)
            if kept is None or (kept.shape, kept.dtype) != (tensor.shape, tensor.dtype):
                kept = torch.empty(tensor.shape, dtype=tensor.dtype)
            copies[name] = kept.copy_(tensor.detach())
        self._copies = copies

    def _write(self, header: Header, best: bool) -> None:
        path = self.run.checkpoint(header.step)
        try:
            checkpoint.save(path, self._copies, header)
        except (GanError, OSError) as error:
            self.fault, self._failed = str(error), time.monotonic()
            self._news.append(Event(Kind.UNSAVED, text=f"{self.fault} Training goes on, and tries again."))
            return
        self.fault = ""
        self._news.append(Event(Kind.CHECKPOINT, path))
        if best:
            self._mark(path)
        self.run.prune(self.keep)

    def _mark(self, path: Path) -> None:
        try:
            self.run.mark_best(path)
        except OSError as error:  # a file system without links
            self._news.append(Event(Kind.UNSAVED, text=f"{clean(self.run.best)} cannot be made: {error.strerror}."))
