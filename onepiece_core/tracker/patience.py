"""Reads of a long run that outlast a site which is too busy (429, 503) for longer than one call waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from onepiece_core.errors import TrackerUnavailable
from onepiece_core.progress import Reporter
from onepiece_core.tracker.bulk import BulkTiming

T = TypeVar("T")
_PAUSE_SECONDS = 5.0


def patiently(ask: Callable[[], T], timing: BulkTiming, reporter: Reporter, operation: str) -> T:
    """``ask()``, again while the site says that it is busy, for as long as a bulk run is patient.

    Raises:
        TrackerUnavailable: the site cannot be reached, or is busy still.
        OperationCancelled: while waiting.
    """
    clock = timing.clock
    until = clock.now() + timing.patience_seconds
    while True:
        try:
            return ask()
        except TrackerUnavailable as error:
            if error.report.context.get("happened") != "busy" or clock.now() + _PAUSE_SECONDS > until:
                raise
        again = clock.now() + _PAUSE_SECONDS
        while (left := again - clock.now()) > 0:
            reporter.check(operation, "wait")
            clock.sleep(min(left, 1.0))
