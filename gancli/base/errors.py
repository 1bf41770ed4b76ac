"""What a user is told when something cannot be done; any other exception is a bug and shows its traceback."""

import signal
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


class Exit(IntEnum):
    """Exit codes of `gan`."""

    OK = 0
    ERROR = 1
    USAGE = 2
    DIVERGED = 3
    INTERRUPTED = 130
    TERMINATED = 143


class GanError(Exception):
    """One clear line for the user: what is wrong and where, with a hint that says what to do."""

    code = Exit.ERROR

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class UsageError(GanError):
    """The command's own words or settings are wrong: other words mend it."""

    code = Exit.USAGE


class DivergedError(GanError):
    """Training reached a state that is not finite."""

    code = Exit.DIVERGED


# SIGUSR1 is what SLURM is asked to send ahead of a time limit (--signal=USR1@60).
CODES = {"SIGINT": Exit.INTERRUPTED, "SIGTERM": Exit.TERMINATED, "SIGHUP": 129, "SIGUSR1": Exit.TERMINATED}


ENDING: dict[int, int] = {getattr(signal, name): code for name, code in CODES.items() if hasattr(signal, name)}
