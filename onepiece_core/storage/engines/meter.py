"""Progress in bytes, from any thread, a few times a second."""

from __future__ import annotations

import threading
import time

from onepiece_core.progress import Progress, Reporter

_PAUSE_SECONDS = 0.05


class Meter:
    """Counts bytes that are at their place, moved now or earlier."""

    def __init__(self, reporter: Reporter, operation: str, total_bytes: int | None) -> None:
        self._reporter = reporter
        self._operation = operation
        self._total = total_bytes
        self._done = 0
        self._told = 0.0
        self._lock = threading.Lock()

    def add(self, count: int, phase: str, item: str) -> None:
        """Raises OperationCancelled when someone asked to stop."""
        with self._lock:
            self._done += count
            now = time.monotonic()
            if now - self._told < _PAUSE_SECONDS and self._done != self._total:
                return
            self._told = now
            self._tell(phase, item)

    def check(self, phase: str) -> None:
        self._reporter.check(self._operation, phase)

    def _tell(self, phase: str, item: str) -> None:
        self._reporter.step(
            Progress(
                operation=self._operation,
                phase=phase,
                done=max(self._done, 0),
                total=self._total,
                unit="bytes",
                item=item,
            )
        )
