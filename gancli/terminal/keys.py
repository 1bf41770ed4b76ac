"""Keys that act at once while a training runs: only on a real terminal, whose modes come back whatever happens."""

import os
import select
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

try:
    import termios
except ImportError:  # Windows
    termios = None  # type: ignore[assignment]


class Keys:
    """Reads single keys from standard input, without echo, and calls what each stands for."""

    def __init__(self, actions: Mapping[str, Callable[[], None]], hint: str = "") -> None:
        self._actions, self.hint = actions, hint
        self._before: list[Any] | None = None

    @property
    def taken(self) -> bool:
        """Whether keys are read."""
        return self._before is not None

    def take(self) -> None:
        """Have keys come one by one; Ctrl-C and Ctrl-Z stay what they are."""
        if termios is None or not self._actions or not sys.stdin.isatty() or not foreground():
            return
        with suppress(termios.error):
            before = termios.tcgetattr(sys.stdin)
            raw = list(before)
            raw[3] &= ~(termios.ICANON | termios.ECHO)
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, raw)
            self._before = before

    def give_back(self) -> None:
        """The terminal's own modes again; keys that nobody read are dropped."""
        before, self._before = self._before, None
        if before is not None and foreground():
            with suppress(termios.error, OSError):
                termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)

    def wait(self, seconds: float) -> None:
        """Wait so long at most, and act on the keys that come."""
        if not self.taken or not foreground():
            time.sleep(seconds)
            return
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        for key in os.read(sys.stdin.fileno(), 64).decode(errors="replace").lower() if ready else "":
            if key in self._actions:
                self._actions[key]()
        if ready:
            time.sleep(0.05)  # a terminal that has gone is always ready


def foreground() -> bool:
    """Whether the terminal is ours: a process in the background that changes its modes is stopped."""
    for stream in (sys.stdin, sys.__stderr__):
        with suppress(OSError, ValueError, AttributeError):
            return os.tcgetpgrp(stream.fileno()) == os.getpgrp()  # type: ignore[union-attr]
    return True  # there is no terminal to be in the background of
