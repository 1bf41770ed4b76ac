"""Exit codes, and the errors that are shown to a user as one line; any other exception is a bug."""

import signal
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of `gan`."""

    OK = 0
    ERROR = 1
    USAGE = 2
    DIVERGED = 3
    INTERRUPTED = 130
    TERMINATED = 143


class GanError(Exception):
    """An error that is shown as one line: what is wrong and where, with a hint that says what to do; exit code 1."""

    code = Exit.ERROR

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class UsageError(GanError):
    """The arguments or settings of a command are wrong, and others would work; exit code 2."""

    code = Exit.USAGE


class DivergedError(GanError):
    """Training reached a state that is not finite; exit code 3."""

    code = Exit.DIVERGED


# SIGUSR1 is what SLURM is asked to send ahead of a time limit (--signal=USR1@60).
CODES = {"SIGINT": Exit.INTERRUPTED, "SIGTERM": Exit.TERMINATED, "SIGHUP": 129, "SIGUSR1": Exit.TERMINATED}
ENDING: dict[int, int] = {getattr(signal, name): code for name, code in CODES.items() if hasattr(signal, name)}
"""The signals of this system that end a command, by number, with the exit code of each."""
