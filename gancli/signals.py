"""Signals while a training runs: end it and save, or stand still and leave the terminal to others."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gancli.display import Display
    from gancli.trainer import Trainer

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
PAUSING = getattr(signal, "SIGTSTP", None)


@contextmanager
def handled(trainer: "Trainer", display: "Display") -> Iterator[list[int]]:
    """SIGINT, SIGTERM and SIGHUP finish the step and save; a second one stops at once. Gives those caught.

    SIGTSTP (Ctrl-Z) gives the terminal back before the process is stopped, and the time until SIGCONT is not counted.
    """
    caught: list[int] = []

    def end(number: int, _: Any) -> None:
        if caught:
            raise SystemExit(128 + number)
        caught.append(number)
        trainer.stop()

    def pause(number: int, _: Any) -> None:
        display.suspend()
        since = time.perf_counter()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, pause)
        trainer.idle += time.perf_counter() - since
        display.resume()

    # What is ignored stays so: nohup means it.
    handlers = {number: end for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN}
    if PAUSING is not None and signal.getsignal(PAUSING) is signal.SIG_DFL:
        handlers[PAUSING] = pause
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
