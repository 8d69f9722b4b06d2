"""Go on with registrations that earlier ingests had to leave in the outbox."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from onepiece_core.errors import ErrorReport, NotAdoptable, OnePieceError
from onepiece_core.ingest.claim import KIND
from onepiece_core.ingest.parts import RegisterParts
from onepiece_core.ingest.pictures import pictures_folder
from onepiece_core.ingest.register import drain_outbox
from onepiece_core.journal import Journal, Operation
from onepiece_core.log import get_logger
from onepiece_core.publish.outbox import JournalOutbox

log = get_logger(__name__)
# How many other drops an ingest tries beside its own.
_DRAINED_BY_AN_INGEST = 20


@dataclass(frozen=True, slots=True)
class RecoveredIngest:
    """``waiting``: uploads are not complete, or the tracker does not take the rest yet: ``error`` says."""

    operation: str
    name: str
    outcome: Literal["completed", "waiting", "busy", "failed"]
    versions: int = 0
    error: ErrorReport | None = None


_UPLOADING = ErrorReport(
    code=NotAdoptable.code,
    message="It was interrupted before everything was uploaded.",
    hint="Run the same `onepiece aws ingest` again: it goes on where it was.",
)


def recover_ingests(parts: RegisterParts, *, wait: bool = True) -> Iterator[RecoveredIngest]:
    """Register what waits in the outbox of every unfinished ingest, the oldest first."""
    for operation in parts.journal.list_unfinished(KIND):
        yield _recover(operation, parts, wait=wait)


def drain_parked(parts: RegisterParts, *, but: str) -> None:
    """Register what earlier drops had to leave, without waiting for anything; the first failure ends it."""
    parked = [each for each in parts.journal.list_unfinished(KIND) if each.state == "parked" and each.id != but]
    for operation in sorted(parked, key=lambda each: each.updated_at)[:_DRAINED_BY_AN_INGEST]:
        recovered = _recover(operation, parts, wait=False)
        log.info("ingest.outbox_drained", operation=operation.id, outcome=recovered.outcome)
        if recovered.outcome == "failed":
            return


def _recover(operation: Operation, parts: RegisterParts, *, wait: bool) -> RecoveredIngest:
    journal = parts.journal
    rows = JournalOutbox(journal, operation.id).rows()
    if operation.state == "running" and not _is_ours_to_take(operation, journal):
        return RecoveredIngest(operation.id, operation.name, "busy")
    if not rows:
        journal.settle(operation.id, "parked")
        return RecoveredIngest(operation.id, operation.name, "waiting", error=_UPLOADING)
    if not journal.take(operation.id):
        return RecoveredIngest(operation.id, operation.name, "busy")
    try:
        registration = drain_outbox(operation.id, parts, wait=wait)
    except OnePieceError as error:
        journal.settle(operation.id, "parked", error=error.report)
        return RecoveredIngest(operation.id, operation.name, "failed", error=error.report)
    versions = len(registration.version_ids)
    if not registration.is_done:
        journal.settle(operation.id, "parked", error=registration.reason)
        outcome: Literal["failed", "waiting"] = "failed" if registration.failed else "waiting"
        return RecoveredIngest(operation.id, operation.name, outcome, versions, registration.reason)
    journal.settle(operation.id, "finished")
    shutil.rmtree(pictures_folder(journal.folder, operation.fingerprint), ignore_errors=True)
    return RecoveredIngest(operation.id, operation.name, "completed", versions)


def _is_ours_to_take(operation: Operation, journal: Journal) -> bool:
    return not operation.owner.is_alive() and journal.take(operation.id)
