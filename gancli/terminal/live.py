"""The dashboard on the terminal's alternate screen; its last picture is printed when the training ends."""

import io
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from threading import Event as Flag
from threading import RLock, Thread
from typing import TYPE_CHECKING, TextIO

from rich.console import Console, RenderableType
from rich.live import Live as Screen

from gancli.base.text import clean
from gancli.telemetry.subject import Subject
from gancli.terminal.dashboard import Dashboard, Record
from gancli.terminal.display import Display
from gancli.terminal.keys import Keys, foreground
from gancli.terminal.plain import Plain, say

if TYPE_CHECKING:
    from gancli.telemetry.ticks import Tick

PAUSE = 0.25  # seconds between redraws, at least
CLOCK = 1.0  # seconds between redraws while nothing happens
BELOW = 6  # lines left free under the last picture, for what is said at the end


class Live(Display):
    """Draws on stderr's alternate screen, in a thread of its own: a resize and a long step do not wait for a tick.

    The alternate screen keeps a resize from tearing the picture. Whatever is printed meanwhile becomes a message, and
    is printed again at the end. A dashboard that cannot be drawn gives way to lines, and stops no training.
    """

    def __init__(self, subject: Subject, console: Console | None = None, keys: Keys | None = None) -> None:
        self.console = console or _console()
        self.record = Record()
        self.dashboard = Dashboard(subject, self.record)
        self.keys = keys or Keys({})
        # Held to draw, and to change what is drawn. Reentrant, because a signal may suspend the display in the middle
        # of a tick.
        self.lock = RLock()
        self._done, self._stack = Flag(), ExitStack()
        self._captured: list[Captured] = []
        self._lines: Plain | None = None
        self._drawing = self._suspended = False
        self._changed, self._last_tick, self._last_drawing = True, time.monotonic(), 0.0
        self._size = self.console.size
        self._screen = _screen(self.console, self._frame)

    def open(self) -> None:
        """Take the screen, and begin to draw."""
        self._stack.callback(self._print_the_end)
        self._stack.enter_context(redirect_stderr(self._capture(sys.stderr)))
        if sys.stdout.isatty():
            self._stack.enter_context(redirect_stdout(self._capture(sys.stdout)))
        self._stack.callback(self.suspend)
        if foreground():
            self._take_screen()
        thread = Thread(target=self._draw, daemon=True)
        self._stack.callback(thread.join)
        self._stack.callback(self._done.set)
        thread.start()

    def tick(self, tick: "Tick") -> None:
        """Add the tick; it is drawn within a quarter of a second."""
        with self.lock:
            if self._lines is not None:
                self._lines.tick(tick)
                return
            with self._drawing_only():
                self.record.add(tick)
            self._changed, self._last_tick = True, time.monotonic()

    def suspend(self) -> None:
        """Give the screen and the keys back; they are taken again by `resume`."""
        with self.lock:
            self.keys.give_back()
            self._drawing, self._suspended = False, True
            with suppress(OSError):
                self._screen.stop()

    def resume(self) -> None:
        """Take the screen again, at once or as soon as the job comes to the foreground."""
        self._suspended = False
        if foreground():
            self._take_screen()

    def close(self) -> None:
        """Give the screen back, and print the last picture."""
        self._stack.close()

    def _capture(self, stream: TextIO) -> "Captured":
        captured = Captured(stream, self._note)
        self._captured.append(captured)
        self._stack.callback(captured.release)
        return captured

    def _note(self, text: str) -> None:
        """Show a message."""
        with self.lock, self._drawing_only():
            self.record.say(text)

    def _frame(self) -> RenderableType:
        self.dashboard.lead = time.monotonic() - self._last_tick
        return self.dashboard

    def _draw(self) -> None:
        """Draw, and act on keys, until the display is closed or gives way to lines."""
        with self._drawing_only():
            while not self._done.is_set() and self._lines is None:
                self.keys.wait(PAUSE)
                if not self._drawing and not self._suspended and foreground():
                    self.resume()
                with self.lock:
                    if self._drawing and self._is_due() and not self._done.is_set():
                        self._refresh()

    def _refresh(self) -> None:
        self._changed, self._size, self._last_drawing = False, self.console.size, time.monotonic()
        self._screen.refresh()

    def _take_screen(self) -> None:
        with self.lock, self._drawing_only():
            if self._lines is None:
                self.keys.take()
                self.dashboard.hint = self.keys.hint if self.keys.taken else ""
                self._screen.start()
                self._drawing = self._changed = True

    def _is_due(self) -> bool:
        """Whether another drawing would differ from the last one."""
        return self._changed or self.console.size != self._size or time.monotonic() - self._last_drawing >= CLOCK

    @contextmanager
    def _drawing_only(self) -> Iterator[None]:
        """Inside, an error ends the drawing and not the training: silently for a terminal that has gone (OSError)."""
        try:
            yield
        except OSError:
            return
        except Exception as error:
            self._give_way(error)

    def _give_way(self, error: Exception) -> None:
        """Give the screen back for the rest of the run, say why, and print lines instead."""
        with self.lock:
            if self._lines is not None:
                return
            self._lines = Plain(self.dashboard.subject)
            self.suspend()
            for captured in self._captured:
                captured.release()
            fault = clean(f"{type(error).__name__}: {error}")
            say(f"The dashboard cannot be drawn ({fault}); lines are printed instead.")
            self._lines.open()
            if self.record.tick is not None:
                self._lines.tick(self.record.tick)

    def _print_the_end(self) -> None:
        """Print the last picture, or the last line, below the text from before the training."""
        if self._lines is not None:
            self._lines.close()
        elif self.record.tick is not None:
            self.dashboard.hint = ""
            self.dashboard.lead, self.dashboard.height = 0.0, max(1, self.console.size.height - BELOW)
            with self._drawing_only():
                self.console.print(self.dashboard)


def _console() -> Console:
    """A console on stderr, which stays so while sys.stderr is redirected, of the terminal's own size."""
    # The shell's COLUMNS and LINES are old once the window is resized.
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    return Console(file=sys.stderr, _environ=environment)


def _screen(console: Console, frame: Callable[[], RenderableType]) -> Screen:
    """The alternate screen of a console, which shows the frame each time that it is refreshed."""
    return Screen(
        console=console,
        screen=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
        get_renderable=frame,
    )


class Captured(io.StringIO):
    """Stands in for stdout or stderr while the screen is taken: lines become messages, and are written in the end."""

    def __init__(self, stream: TextIO, note: Callable[[str], None]) -> None:
        super().__init__()
        self._stream, self._note = stream, note
        self._released = False

    def write(self, text: str) -> int:
        """Keep the text, and show its lines as messages; once released, write it to the stream."""
        if self._released:
            return self._stream.write(text)
        for line in filter(str.strip, text.splitlines()):
            self._note(line)
        return super().write(text)

    def flush(self) -> None:
        """Flush the stream, once released."""
        if self._released:
            self._stream.flush()

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the descriptor of the stream, for programs that are started meanwhile."""
        return self._stream.fileno()

    def release(self) -> None:
        """Write all that was kept to the stream, and later text directly."""
        if self._released:
            return
        self._released = True
        with suppress(OSError):
            self._stream.write(self.getvalue())
            self._stream.flush()
