"""Go on with registrations that earlier ingests had to leave in the outbox."""

from __future__ import annotations

import getpass
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

from onepiece_core.errors import ErrorReport, NotAdoptable, OnePieceError
from onepiece_core.ingest.claim import KIND
from onepiece_core.ingest.parts import RegisterParts
from onepiece_core.ingest.pictures import pictures_folder
from onepiece_core.ingest.register import drain_outbox
from onepiece_core.journal import Journal, Operation
from onepiece_core.log import get_logger
from onepiece_core.publish.recover import Outcome, Recovered, Unfinished
from onepiece_core.storage.places import Place
from onepiece_core.tracker.journal_outbox import JournalOutbox

log = get_logger(__name__)
# How many other drops an ingest tries beside its own.
_DRAINED_BY_AN_INGEST = 20


_UPLOADING = ErrorReport(
    code=NotAdoptable.code,
    message="It was interrupted before everything was uploaded.",
    hint="Run the same `onepiece aws ingest` again: it goes on where it was.",
)


def recover_ingests(parts: RegisterParts, *, wait: bool = True) -> Iterator[Recovered]:
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


def _recover(operation: Operation, parts: RegisterParts, *, wait: bool) -> Recovered:
    journal = parts.journal
    rows = JournalOutbox(journal, operation.id).rows()
    if operation.state == "running" and not _is_ours_to_take(operation, journal):
        return _recovered(operation, "busy")
    if not rows:
        journal.settle(operation.id, "parked")
        return _recovered(operation, "waiting", _UPLOADING)
    if not journal.take(operation.id):
        return _recovered(operation, "busy")
    try:
        registration = drain_outbox(operation.id, parts, wait=wait)
    except OnePieceError as error:
        journal.settle(operation.id, "parked", error=error.report)
        return _recovered(operation, "failed", error.report)
    if not registration.is_done:
        journal.settle(operation.id, "parked", error=registration.reason)
        return _recovered(operation, "failed" if registration.failed else "waiting", registration.reason)
    journal.settle(operation.id, "finished")
    shutil.rmtree(pictures_folder(journal.folder, operation.fingerprint), ignore_errors=True)
    return _recovered(operation, "completed")


def _recovered(operation: Operation, outcome: Outcome, error: ErrorReport | None = None) -> Recovered:
    return Recovered(operation=operation.id, scene_name=operation.name, outcome=outcome, error=error)


def list_ingests(journal: Journal) -> Iterator[Unfinished]:
    """What ``recover`` would go on with, and drops that the same command has to go on with."""
    for operation in journal.list_unfinished(KIND):
        is_alive = operation.state == "running" and operation.owner.is_alive()
        place = Place(str(operation.request["bucket"]), str(operation.request["prefix"]))
        yield Unfinished(
            operation=operation.id,
            scene_name=operation.name,
            state=operation.state if is_alive or operation.state == "parked" else "interrupted",
            user=getpass.getuser(),
            host=operation.owner.host,
            since=datetime.fromtimestamp(operation.created_at, UTC).isoformat(timespec="seconds"),
            place=place.under(str(operation.request["show_code"])).uri,
            adoptable=not is_alive,
        )


def _is_ours_to_take(operation: Operation, journal: Journal) -> bool:
    return not operation.owner.is_alive() and journal.take(operation.id)
