"""Hold the rate of all transfers together under a limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

# What may be caught up after a pause.
_SLACK_SECONDS = 0.1


class Bandwidth:
    """A limit in bytes per second that several threads keep together.

    ``clock`` and ``sleep`` are the system's.
    """

    def __init__(
        self,
        bytes_per_second: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = bytes_per_second
        self._clock = clock
        self._sleep = sleep
        self._free_at = clock()
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Return when ``count`` more bytes may pass."""
        with self._lock:
            now = self._clock()
            begins = max(self._free_at, now - _SLACK_SECONDS)
            self._free_at = begins + count / self._rate
            wait = self._free_at - now
        if wait > 0:
            self._sleep(wait)
