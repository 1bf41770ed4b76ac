"""How far work is: what code tells that takes long, and nothing listens to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[int], None]


class Progress:
    """Tells nothing; what a program gets that asks for nothing else."""

    @contextmanager
    def track(self, title: str, total: int, unit: str = "image") -> Iterator[Advance]:
        """Follow work on so many things: the context gives a function to call with every number of them done."""
        yield lambda done: None

    def wait(self, title: str) -> None:
        """Say that another process has to finish first."""
