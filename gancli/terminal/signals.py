"""Signals: at start-up they end the process tidily; a training they end with a save, or let it stand still."""

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
    """A signal has ended the process; `code` is what it exits with."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = int(ENDING[number])


@contextmanager
def unwound() -> Iterator[None]:
    """SIGTERM and its like raise Ended, as SIGINT raises KeyboardInterrupt: files and the terminal are put in order."""

    def end(number: int, _: Any) -> None:
        raise Ended(number)

    with _installed({number: end for number in ENDING if signal.getsignal(number) is signal.SIG_DFL}):
        yield


@contextmanager
def handled(trainer: "Trainer", display: "Display") -> Iterator[list[int]]:
    """SIGINT, SIGTERM, SIGHUP and SIGUSR1 finish the step and save; a second one stops at once.

    Gives the exit codes of those caught. The time of a stop, by Ctrl-Z or SIGSTOP, is not counted.
    """
    caught: list[int] = []

    def end(number: int, _: Any) -> None:
        if caught:
            trainer.abandon()
            raise Ended(number)
        caught.append(ENDING[number])
        trainer.stop()

    # What is ignored stays so: nohup means it.
    handlers = {number: end for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN}
    if GOING_ON is not None:
        handlers[GOING_ON] = lambda *_: trainer.skip_time()
    with _installed(handlers), pausable(display):
        yield caught


@contextmanager
def pausable(display: "Display") -> Iterator[None]:
    """SIGTSTP (Ctrl-Z) gives the terminal back before the process is stopped."""

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
