"""Checkpoints are written from a copy, in a thread of its own: training goes on meanwhile."""

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from threading import Thread

import torch
from torch import Tensor

from gancli.base.errors import GanError
from gancli.base.retry import PAUSE, Retry
from gancli.base.text import clean
from gancli.compute.memory import out_of_memory
from gancli.runs import checkpoint
from gancli.runs.checkpoint import Header
from gancli.runs.run import Run
from gancli.telemetry.ticks import Event, Kind


class Saver:
    """Writes one checkpoint at a time, and deletes old ones once a new one is on the disk.

    Whatever goes wrong is news, not an error: training goes on, and another try is due after a pause in seconds.
    """

    def __init__(self, run: Run, keep: int, pause: float = PAUSE) -> None:
        self.run, self.keep = run, keep
        self.fault = ""
        """Why the newest one could not be written; empty if it could."""
        self._retry = Retry(pause)
        self._copies: dict[str, Tensor] = {}
        self._news: deque[Event] = deque()
        self._lost: deque[int] = deque()
        self._thread: Thread | None = None

    def submit(self, tensors: Mapping[str, Tensor], header: Header, *, best: bool = False) -> None:
        """Copy the tensors and write them; waits first where the one before is still being written."""
        self.wait()
        try:
            self._copy(tensors)
            # A daemon: a second signal ends the process at once, and leaves the checkpoint before this one.
            thread = Thread(target=self._write, args=(header, best), daemon=True)
            thread.start()
        except Exception as error:
            self._copies = {}
            self._note(error, header.step, best)
        else:
            self._thread = thread

    def wait(self) -> None:
        """Wait until the checkpoint being written is on the disk, or has failed."""
        if self._thread is not None:
            self._thread.join()

    def abandon(self) -> None:
        """Stop waiting: the process is about to end."""
        self._thread = None

    def news(self) -> list[Event]:
        """The events since the last call: checkpoints written, and those that could not be."""
        return [self._news.popleft() for _ in range(len(self._news))]

    def lost(self) -> list[int]:
        """The steps since the last call whose best checkpoint could not be written."""
        return [self._lost.popleft() for _ in range(len(self._lost))]

    @property
    def wants_another_try(self) -> bool:
        """Whether the newest checkpoint could not be written, some time ago, and none is being written now."""
        return self._retry.due and not (self._thread is not None and self._thread.is_alive())

    def _copy(self, tensors: Mapping[str, Tensor]) -> None:
        """Copy the tensors into memory that is reused at each call, since new memory costs more than the copy."""
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
        except Exception as error:
            self._note(error, header.step, best)
            return
        self.fault = ""
        self._retry.succeeded()
        self._news.append(Event(Kind.CHECKPOINT, path))
        self._put_in_order(path, best)

    def _put_in_order(self, path: Path, best: bool) -> None:
        """Link the best and delete what is too old; that it cannot be done takes nothing from what was written."""
        try:
            if best:
                self.run.mark_best(path)
        except Exception as error:  # such as a file system without links
            self._tell(f"{clean(self.run.best)} cannot be made: {_reason(error)}.")
        try:
            self.run.prune(self.keep)
        except Exception as error:
            self._tell(f"Old checkpoints of {clean(self.run.name)} cannot be deleted: {_reason(error)}.")

    def _note(self, error: Exception, step: int, best: bool) -> None:
        """Take note of what kept a checkpoint from being written."""
        self.fault = _fault(error, self.run.checkpoint(step))
        self._retry.failed()
        if best:
            self._lost.append(step)
        self._tell(f"{self.fault} Training goes on, and tries again.")

    def _tell(self, text: str) -> None:
        self._news.append(Event(Kind.UNSAVED, text=text))


def _fault(error: Exception, path: Path) -> str:
    if isinstance(error, GanError):
        return str(error)
    if out_of_memory(error):
        return f"{clean(path)} cannot be written: there is no memory for a copy of what is in it."
    return f"{clean(path)} cannot be written: {_reason(error)}."


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return clean(f"{type(error).__name__}: {error}")[:200]
