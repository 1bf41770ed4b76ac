"""Processes that decode pictures: numbers in, prepared pictures or reasons out."""

import os
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import current_process, parent_process
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any, Generic, TypeVar
from weakref import finalize

import numpy as np

from gancli.base.errors import ENDING, GanError
from gancli.data.prepare import reason
from gancli.data.records import Records

T = TypeVar("T")
Task = Callable[[Records, int], T]
FEW = 500  # pictures that are decoded before other processes would have started
MOST_BY_DEFAULT = 16
MOST = 61 if os.name == "nt" else 256  # Windows waits for 63 things at a time, of which a pool needs two itself


class Crew(Generic[T]):
    """Applies a task to pictures of a listing, in `workers` other processes or, where 0, in this one.

    A picture that cannot be used gives the reason, a str, instead of a result.
    """

    def __init__(self, records: Records, task: Task[T], workers: int) -> None:
        self.records, self.task, self.workers = records, task, workers
        self._pool = _pool(records, task, workers) if workers else None
        # A pool that is collected while the interpreter ends may trip over itself, and so do processes still starting.
        self._end = finalize(self, self._pool.shutdown, cancel_futures=True) if self._pool else lambda: None

    def submit(self, numbers: Sequence[int]) -> "Future[list[T | str]]":
        """The results for these pictures, later; without other processes, at once."""
        if self._pool is not None:
            with _told():
                return self._pool.submit(_work, list(map(int, numbers)))
        done: Future[list[T | str]] = Future()
        done.set_result(attempts(self.records, self.task, numbers))
        return done

    def in_order(self, numbers: Sequence[int], chunk: int) -> Iterator[list[T | str]]:
        """The results in the order of the numbers, a chunk at a time; only a few chunks wait at any moment."""
        waiting: deque[Future[list[T | str]]] = deque()
        for start in range(0, len(numbers), chunk):
            waiting.append(self.submit(numbers[start : start + chunk]))
            if len(waiting) > 3 * self.workers:
                yield result_of(waiting.popleft())
        while waiting:
            yield result_of(waiting.popleft())

    def close(self) -> None:
        """End the processes."""
        self._end()

    def __enter__(self) -> "Crew[T]":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def result_of(future: "Future[list[T | str]]") -> list[T | str]:
    """The results, once they are there; raises GanError where the process that made them is gone."""
    with _told():
        return future.result()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool:
        raise GanError(
            "A process that decodes images was ended from outside, perhaps for want of memory.",
            'Try fewer: --workers 1; and a script must do its work under `if __name__ == "__main__":`.',
        ) from None


def attempts(records: Records, task: Task[T], numbers: Sequence[int]) -> list[T | str]:
    """For each number the task's result, or why there is none."""
    results: list[T | str] = []
    for number in numbers:
        try:
            results.append(task(records, int(number)))
        # Decoders raise anything at all over damaged files, and a plugin's reader what it likes.
        except Exception as error:
            results.append(reason(error))
    return results


def not_restarted() -> None:
    """Raise GanError in a process that is still starting, where a script without a guard runs for the second time.

    There it would wait for its parent to prepare the images, while the parent waits for it.
    """
    # What multiprocessing itself goes by before it refuses to start processes there; it has no public name.
    if getattr(current_process(), "_inheriting", False):
        raise GanError(
            "This script runs again in each process that it starts.",
            'Put its work under `if __name__ == "__main__":`.',
        )


def workers_for(records: Records, asked: int | None, count: int) -> int:
    """How many processes are worth their start for so many pictures."""
    if records.here:
        return 0
    if asked is not None:
        return min(asked, MOST)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 0 if count <= FEW else min(cores, MOST_BY_DEFAULT)


@contextmanager
def _unheard() -> Iterator[None]:
    """Block the signals that end a training, here and in processes that start meanwhile, until these unblock them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Process(SpawnProcess):
    """A process that leaves the signals which end a training to its parent, from its start on."""

    def start(self) -> None:
        with _unheard():
            super().start()

    def terminate(self) -> None:
        """End it, as a pool does that has lost one of its processes."""
        self.kill()


class _Context(SpawnContext):
    # Not forked: threads of torch or of a display may hold locks that a fork would copy shut.
    Process = _Process


def _pool(records: Records, task: Any, workers: int) -> ProcessPoolExecutor:
    with _unheard():  # by the process that tracks what is shared too, which starts here
        return ProcessPoolExecutor(workers, _Context(), initializer=_begin, initargs=(records, task))


_duty: Callable[[Sequence[int]], list[Any]]


def _begin(records: Records, task: Any) -> None:
    """Set up a process: keep the task, ignore the signals that end a training, and end when the parent does."""
    global _duty
    _duty = partial(attempts, records, task)
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(numbers: Sequence[int]) -> list[Any]:
    return _duty(numbers)


def chunk_of(image_bytes: int) -> int:
    """How many images go between processes at a time: some megabytes."""
    return int(np.clip(4_000_000 // max(1, image_bytes), 1, 256))
