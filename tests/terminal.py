"""A real pseudo-terminal with `gan` in it, and what a person would see there."""

import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte

GAN = [sys.executable, "-m", "gancli"]


class Terminal:
    """Runs `gan` with these words in a terminal of so many columns and rows."""

    def __init__(
        self, *words: object, size: tuple[int, int] = (80, 24), shell: bool = False, **environment: str
    ) -> None:
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self._begun = b""
        # The newest screen that was drawn to its end: the next drawing has begun since.
        self.drawn = ""
        env = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **environment}
        command = ["/bin/sh", "-i"] if shell else [*GAN, *map(str, words)]
        self.process = pexpect.spawn(
            command[0], command[1:], env=env, dimensions=(size[1], size[0]), timeout=5, encoding=None
        )

    def read(self, seconds: float = 0.2) -> None:
        """Take in what is written within so many seconds."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                data = self.process.read_nonblocking(65536, left)
            except pexpect.TIMEOUT:
                return
            except pexpect.EOF:
                return
            self.raw += data
            self._show(data)

    def _show(self, data: bytes) -> None:
        # The beginning of a control sequence waits for its rest.
        data, self._begun = re.fullmatch(rb"(.*?)(\x1b(?:\[[?\d;]*)?)?", self._begun + data, re.DOTALL).groups(b"")
        for part in re.split(rb"(\x1b\[\?1049[hl]|\x1b\[H)", data):
            if part == b"\x1b[H":
                self.drawn = self.text
            # pyte takes the alternate screen for the same one; a person sees it empty at first.
            if part.startswith(b"\x1b[?1049"):
                self.screen.reset_mode(pyte.modes.DECOM)
                self.screen.erase_in_display(2)
                self.screen.cursor_position()
            else:
                self._stream.feed(part)

    @property
    def lines(self) -> list[str]:
        """The lines on the screen, without what is empty at their ends."""
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    def until(self, holds: Callable[[str], object], seconds: float = 60) -> str:
        """Wait until something holds of the screen; fails with the screen where it never does."""
        end = time.monotonic() + seconds
        while not holds(self.text):
            if time.monotonic() > end:
                raise AssertionError(f"not seen within {seconds} s:\n{self.text}")
            self.read(0.1)
        return self.text

    def end(self, seconds: float = 60) -> int:
        """Wait for the process to end, and give its exit code; minus a signal's number where that ended it."""
        end = time.monotonic() + seconds
        while self.process.isalive() and time.monotonic() < end:
            self.read(0.1)
        self.read(0.2)
        assert not self.process.isalive(), self.text
        return -self.process.signalstatus if self.process.signalstatus else self.process.exitstatus

    @property
    def sane(self) -> bool:
        """Whether the cursor is visible, and the text where it was before."""
        return _last(self.raw, b"\x1b[?25h", b"\x1b[?25l") and _last(self.raw, b"\x1b[?1049l", b"\x1b[?1049h")


def _last(raw: bytes, wanted: bytes, other: bytes) -> bool:
    return raw.rfind(wanted) >= raw.rfind(other)


def the_run(home: Path = Path("runs")) -> Path:
    """The only run's folder."""
    (found,) = home.iterdir()
    return found
