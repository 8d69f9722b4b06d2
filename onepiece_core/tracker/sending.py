"""Carry the writes of an operation out, or say why not."""

from __future__ import annotations

from onepiece_core.errors import OnePieceError, TrackerRefused, TrackerUnavailable
from onepiece_core.progress import Reporter
from onepiece_core.tracker.bulk import BulkTiming
from onepiece_core.tracker.journal_outbox import JournalOutbox
from onepiece_core.tracker.outbox import drain
from onepiece_core.tracker.tracker import Tracker


def send_all(
    outbox: JournalOutbox,
    tracker: Tracker,
    timing: BulkTiming,
    reporter: Reporter,
    *,
    operation: str,
    what_stays: str = "What is done stays",
) -> None:
    """Raises: TrackerUnavailable (the same command again goes on), TrackerRefused, OperationCancelled.

    ``what_stays``: what of the operation is safe when the tracker does not answer, for the hint.
    """
    outcome = drain(
        outbox,
        tracker,
        clock=timing.clock,
        settle_seconds=timing.settle_seconds,
        timeout_seconds=timing.timeout_seconds,
        wait=True,
        reporter=reporter,
        guard=lambda: None,
        operation=operation,
    )
    if outcome.done:
        return
    message = outcome.reason.message if outcome.reason else "The tracker did not say why"
    hint = outcome.reason.hint if outcome.reason else None
    error: OnePieceError = (
        TrackerRefused(message, hint=hint)
        if outcome.failed
        else TrackerUnavailable(message, hint=f"{what_stays}: run the same command again.")
    )
    raise error
