"""What signals do: they end a command tidily, end a training after a save, or pause it."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gancli.base.errors import ENDING

if TYPE_CHECKING:
    from gancli.terminal.display import Display
    from gancli.training.trainer import Trainer

PAUSING, GOING_ON = (getattr(signal, name, None) for name in ("SIGTSTP", "SIGCONT"))

Handlers = Mapping[int, Callable[[int, Any], None]]


class Ended(BaseException):
    """A signal ends the process, which exits with `code`."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = int(ENDING[number])


@contextmanager
def unwound() -> Iterator[None]:
    """Inside, SIGTERM and its like raise Ended, as SIGINT raises KeyboardInterrupt: files and terminals are closed."""

    def end(number: int, _: Any) -> None:
        _raised.append(Ended(number) if number != signal.SIGINT else KeyboardInterrupt())
        raise _raised[-1]

    default = {signal.SIG_DFL, signal.default_int_handler}
    try:
        with _installed({number: end for number in ENDING if signal.getsignal(number) in default}):
            yield
    finally:
        _raised.clear()


_raised: list[BaseException] = []
"""What signals have raised inside `unwound`: code of libraries, as pydantic's, may catch it and go on."""


@contextmanager
def handled(trainer: "Trainer", display: "Display") -> Iterator[list[int]]:
    """Inside, SIGINT, SIGTERM, SIGHUP and SIGUSR1 end the training after its step and a save; a second one at once.

    Gives a list that holds the exit codes of the signals caught so far. Time spent stopped, by Ctrl-Z or SIGSTOP, is
    not counted as training. Raises what a signal raised before, if it was lost on its way.
    """
    if _raised:
        raise _raised[0]
    caught: list[int] = []

    def end(number: int, _: Any) -> None:
        if caught:
            trainer.abandon()
            raise Ended(number)
        caught.append(ENDING[number])
        trainer.stop()

    # Signals that are ignored stay ignored, as nohup wants.
    handlers = {number: end for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN}
    if GOING_ON is not None:
        handlers[GOING_ON] = lambda *_: trainer.skip_time()
    with _installed(handlers), pausable(display):
        yield caught


@contextmanager
def pausable(display: "Display") -> Iterator[None]:
    """Inside, SIGTSTP (Ctrl-Z) gives the terminal back before the process is stopped."""

    def pause(number: int, _: Any) -> None:
        display.suspend()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, pause)
        display.resume()

    handlers: Handlers = {}
    # A shell that cannot go on with a job has it ignore the signal.
    if PAUSING is not None and signal.getsignal(PAUSING) is signal.SIG_DFL:
        handlers = {PAUSING: pause}
    with _installed(handlers):
        yield


@contextmanager
def _installed(handlers: Handlers) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
