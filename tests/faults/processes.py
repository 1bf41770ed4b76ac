"""Commands in processes of their own that start at once: forked from one that has imported everything already."""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["torch", "torchvision", "gancli.training.trainer", "gancli.commands.train", "gancli.data.load"]
)
SMALL = ["--arch", "gan", "--arch.units", 8, "--arch.d-units", 8, "--arch.latent", 8, "--size", 8]
TRAIN = ["train", *SMALL, "--data.count", 40, "--batch-size", 8, "--display", "none"]
"""A training whose steps take a millisecond."""


class Command:
    """`gan` with these words in a folder; `before` is called in the process first."""

    def __init__(self, folder: Path, *words: object, before: Callable[[], object] | None = None) -> None:
        self.folder = folder
        place = (str(folder), [*map(str, words)], dict(os.environ), before)
        self.process: Any = CONTEXT.Process(target=_run, args=place)
        self.process.start()

    def send(self, number: int) -> None:
        """Send a signal, unless it is over."""
        if self.process.is_alive():
            os.kill(self.process.pid, number)

    def end(self, seconds: float = 250) -> int:
        """Wait for the end; the exit code, minus the signal's number where one ended it."""
        self.process.join(seconds)
        if self.process.is_alive():
            self.send(signal.SIGKILL)
            raise AssertionError(f"not over after {seconds} s: {self.said}")
        return int(self.process.exitcode)

    def until(self, holds: Callable[[], object], seconds: float = 250, pause: float = 0.005) -> bool:
        """Wait until something holds; False where the process ended before."""
        limit = time.monotonic() + seconds
        while not holds():
            if not self.process.is_alive():
                return bool(holds())
            assert time.monotonic() < limit, self.said
            time.sleep(pause)
        return True

    @property
    def said(self) -> str:
        """What it wrote on stderr."""
        file = self.folder / "err.txt"
        return file.read_text() if file.exists() else ""


def handles(pid: int | None, number: int) -> bool:
    """Whether a process has come to where it handles a signal itself."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
    (caught,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> (number - 1) & 1)


def ended(folder: Path, *words: object, before: Callable[[], object] | None = None) -> tuple[int, str]:
    """The exit code of such a command, and what it wrote on stderr."""
    command = Command(folder, *words, before=before)
    return command.end(), command.said


def finished(folder: Path, *words: object, before: Callable[[], object] | None = None) -> str:
    """What a command wrote on stderr that did what it was to do."""
    code, said = ended(folder, *words, before=before)
    assert code == 0, said
    return said


def _run(folder: str, words: Sequence[str], environment: dict[str, str], before: Callable[[], object] | None) -> None:
    import torch

    from gancli.cli import main

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs ignore it
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for stream, name in ((sys.stdout, "out.txt"), (sys.stderr, "err.txt")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream.fileno())
    torch.set_num_threads(1)
    if before is not None:
        before()
    main(list(words))
