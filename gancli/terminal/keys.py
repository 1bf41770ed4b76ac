"""Keys that act at once while a training runs, on a real terminal, whose modes are restored whatever happens."""

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
    """Reads single keys from standard input, without echo, and calls the action of each."""

    def __init__(self, actions: Mapping[str, Callable[[], None]], hint: str = "") -> None:
        self._actions, self.hint = actions, hint
        self._before: list[Any] | None = None

    @property
    def taken(self) -> bool:
        """Whether keys are read now."""
        return self._before is not None

    def take(self) -> None:
        """Read keys one by one from now on, if standard input is a terminal; Ctrl-C and Ctrl-Z still send signals."""
        if termios is None or not self._actions or not sys.stdin.isatty() or not foreground():
            return
        with suppress(termios.error):
            before = termios.tcgetattr(sys.stdin)
            raw = list(before)
            raw[3] &= ~(termios.ICANON | termios.ECHO)
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, raw)
            self._before = before

    def give_back(self) -> None:
        """Restore the terminal's own modes, and drop keys that were not read."""
        before, self._before = self._before, None
        if before is not None and foreground():
            with suppress(termios.error, OSError):
                termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)

    def wait(self, seconds: float) -> None:
        """Wait for keys, `seconds` at most, and call their actions."""
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
    """Whether this process is in the foreground of its terminal: one in the background must not change its modes."""
    for stream in (sys.stdin, sys.__stderr__):
        with suppress(OSError, ValueError, AttributeError):
            return os.tcgetpgrp(stream.fileno()) == os.getpgrp()  # type: ignore[union-attr]
    return True  # there is no terminal to be in the background of
