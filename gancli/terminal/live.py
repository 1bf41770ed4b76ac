"""The dashboard on the terminal: the screen is lent to it while it runs, and the last picture stays behind."""

import io
import os
import sys
import time
from contextlib import ExitStack, redirect_stderr, redirect_stdout, suppress
from threading import Event as Flag
from threading import RLock, Thread
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, RenderableType
from rich.live import Live as Screen

from gancli.telemetry.subject import Subject
from gancli.terminal.dashboard import Dashboard, Record
from gancli.terminal.display import Display
from gancli.terminal.keys import Keys, foreground

if TYPE_CHECKING:
    from gancli.telemetry.ticks import Tick

PAUSE = 0.25  # seconds between redraws, at least
CLOCK = 1.0  # seconds between redraws while nothing happens
BELOW = 6  # lines left free under the last picture, for what is said at the end


class Live(Display):
    """Draws on stderr's alternate screen, in a thread of its own: a resize and a long step do not wait for a tick.

    The alternate screen keeps a resize from tearing the picture. Whatever is printed meanwhile becomes a message, and
    is printed again at the end.
    """

    def __init__(self, subject: Subject, console: Console | None = None, keys: Keys | None = None) -> None:
        # The file by name, because sys.stderr is redirected while the screen is lent. The size is the terminal's own:
        # what a shell said it was when it started us is old once the window is resized.
        environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        self.console = console or Console(file=sys.stderr, _environ=environment)
        self.record = Record()
        self.dashboard = Dashboard(subject, self.record)
        self.keys = keys or Keys({})
        # Reentrant, because a signal may suspend the display in the middle of a tick.
        self._lock, self._done, self._stack = RLock(), Flag(), ExitStack()
        self._drawing = self._suspended = False
        self._changed, self._seen, self._drawn = True, time.monotonic(), 0.0
        self._size = self.console.size
        self._screen = Screen(
            console=self.console,
            screen=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            get_renderable=self._frame,
        )

    def open(self) -> None:
        """Take the screen, and begin to draw."""
        self._stack.callback(self._leave_behind)
        self._stack.enter_context(redirect_stderr(self._heard(sys.stderr)))
        if sys.stdout.isatty():
            self._stack.enter_context(redirect_stdout(self._heard(sys.stdout)))
        self._stack.callback(self.suspend)
        if foreground():
            self._take_screen()
        thread = Thread(target=self._draw, daemon=True)
        self._stack.callback(thread.join)
        self._stack.callback(self._done.set)
        thread.start()

    def tick(self, tick: "Tick") -> None:
        """Take note of the tick; it is drawn within a quarter of a second."""
        with self._lock:
            self.record.add(tick)
            self._changed, self._seen = True, time.monotonic()

    def suspend(self) -> None:
        """Give the screen and the keys back; they are taken again once the terminal is ours."""
        with self._lock:
            self.keys.give_back()
            self._drawing, self._suspended = False, True
            with suppress(OSError):
                self._screen.stop()

    def resume(self) -> None:
        """Take the screen again, or have it taken when the job comes to the foreground."""
        self._suspended = False
        if foreground():
            self._take_screen()

    def close(self) -> None:
        """Give the screen back, and leave the last picture on it."""
        self._stack.close()

    def _heard(self, stream: TextIO) -> "_Heard":
        heard = _Heard(stream, self.record)
        self._stack.callback(heard.repeat)
        return heard

    def _frame(self) -> RenderableType:
        self.dashboard.lead = time.monotonic() - self._seen
        return self.dashboard

    def _draw(self) -> None:
        with suppress(OSError):  # the terminal has gone; the training goes on
            while not self._done.is_set():
                self.keys.wait(PAUSE)
                if not self._drawing and not self._suspended and foreground():
                    self.resume()
                with self._lock:
                    if self._drawing and self._due() and not self._done.is_set():
                        self._changed, self._size, self._drawn = False, self.console.size, time.monotonic()
                        self._screen.refresh()

    def _take_screen(self) -> None:
        with self._lock, suppress(OSError):
            self.keys.take()
            self.dashboard.hint = self.keys.hint if self.keys.taken else ""
            self._screen.start()
            self._drawing = self._changed = True

    def _due(self) -> bool:
        return self._changed or self.console.size != self._size or time.monotonic() - self._drawn >= CLOCK

    def _leave_behind(self) -> None:
        """The last picture, where the text before the training is."""
        if self.record.tick is None:
            return
        self.dashboard.hint = ""
        self.dashboard.lead, self.dashboard.height = 0.0, max(1, self.console.size.height - BELOW)
        with suppress(OSError):
            self.console.print(self.dashboard)


class _Heard(io.StringIO):
    """Stands in for a stream whose terminal is lent: what is written becomes messages, and can be repeated."""

    def __init__(self, stream: TextIO, record: Record) -> None:
        super().__init__()
        self._stream, self._record = stream, record

    def write(self, text: str) -> int:
        """Keep the text, and show its lines as messages."""
        for line in filter(str.strip, text.splitlines()):
            self._record.say(line)
        return super().write(text)

    def isatty(self) -> bool:
        """Whether the stream behind is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The descriptor of the stream behind, for programs that are started meanwhile."""
        return self._stream.fileno()

    def repeat(self) -> None:
        """Write all of it on the stream."""
        with suppress(OSError):
            self._stream.write(self.getvalue())
            self._stream.flush()
