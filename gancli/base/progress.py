"""What long work reports its progress to; the reports of this class are shown nowhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[int], None]


class Progress:
    """Progress that is not shown: the default of every function that takes one."""

    @contextmanager
    def track(self, title: str, total: int, unit: str = "image") -> Iterator[Advance]:
        """Follow work on `total` things: the context gives a function to call with how many more of them are done."""
        yield lambda done: None

    def wait(self, title: str) -> None:
        """Report that the work waits for another process to finish."""
