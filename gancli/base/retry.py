"""What has failed is tried again, but not at once."""

import time

PAUSE = 30.0  # seconds


class Retry:
    """A clock that runs since something failed: `failing` until it succeeds, `due` when it is time for another try."""

    def __init__(self, pause: float = PAUSE) -> None:
        self._pause = pause
        self._failed: float | None = None

    def failed(self) -> None:
        """Take note that it failed just now."""
        self._failed = time.monotonic()

    def succeeded(self) -> None:
        """Take note that all is well."""
        self._failed = None

    @property
    def failing(self) -> bool:
        """Whether the last try failed."""
        return self._failed is not None

    @property
    def due(self) -> bool:
        """Whether the last try failed, and long enough ago for another one."""
        return self._failed is not None and time.monotonic() - self._failed >= self._pause
