"""The wall clock, which somebody may set at any moment, watched by one that only runs."""

from __future__ import annotations

import time
from collections.abc import Callable

from onepiece_core.log import get_logger

log = get_logger(__name__)

# Ordinary corrections are smaller.
_JUMP_SECONDS = 60.0
# Time enough to set it right again.
_DOUBT_SECONDS = 3600.0


class WatchedClock:
    """``now`` is the wall clock's; ``steady`` only runs, from wherever."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self.now, self.steady = wall, steady
        self._difference = wall() - steady()
        self._doubted_until: float | None = None

    def is_in_doubt(self) -> bool:
        """Whether it was set not long ago: then nothing is to be thrown away for its age."""
        steady = self.steady()
        difference = self.now() - steady
        if abs(difference - self._difference) > _JUMP_SECONDS:
            log.warning("render.clock_was_set", seconds=round(difference - self._difference))
            self._doubted_until = steady + _DOUBT_SECONDS
        self._difference = difference
        return self._doubted_until is not None and steady < self._doubted_until
