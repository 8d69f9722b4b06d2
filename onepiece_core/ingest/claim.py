"""One run over a drop at a time: the journal says who is at it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from onepiece_core.errors import OnePieceError, OperationBusy
from onepiece_core.ingest.request import IngestRequest
from onepiece_core.journal import Journal, Operation, Owner
from onepiece_core.shown import shown
from onepiece_core.storage.locking import file_lock

KIND = "ingest"


def refuse_second(request: IngestRequest, journal: Journal) -> None:
    """Raises OperationBusy when another process is at this drop: it costs nothing to ask before planning."""
    found = journal.find_by_fingerprint(request.fingerprint)
    if found is not None and _is_held(found):
        raise _busy(found)


@contextmanager
def claimed(request: IngestRequest, journal: Journal) -> Iterator[Operation]:
    """The operation of this drop: the one that was interrupted, or a new one. Parked when it does not end well.

    Raises OperationBusy.
    """
    operation = _claim(request, journal)
    try:
        yield operation
    except BaseException as error:
        report = error.report if isinstance(error, OnePieceError) else None
        journal.settle(operation.id, "parked", error=report)
        raise


def _claim(request: IngestRequest, journal: Journal) -> Operation:
    lock = hashlib.sha256(request.fingerprint.encode()).hexdigest()[:16]
    # Held for the moment between the look and the claim, so that of two that start at once one is refused.
    with file_lock(journal.folder / f"ingest-{lock}.lock"):
        found = journal.find_by_fingerprint(request.fingerprint)
        if found is not None and found.is_unfinished:
            if not journal.take(found.id):
                raise _busy(found)
            journal.update_request(found.id, request.as_json())
            return journal.get(found.id)
        return journal.begin(
            f"ing-{secrets.token_hex(10)}",
            kind=KIND,
            fingerprint=request.fingerprint,
            name=shown(request.folder.name),
            request=request.as_json(),
        )


def _is_held(operation: Operation) -> bool:
    return operation.state == "running" and operation.owner != Owner.me() and operation.owner.is_alive()


def _busy(operation: Operation) -> OperationBusy:
    owner = operation.owner
    return OperationBusy(
        f"{operation.name} is being ingested already, by the process {owner.pid} on {owner.host}.",
        hint="Wait until it has ended; then the same command goes on with what is left.",
        operation=operation.id,
        pid=owner.pid,
        host=owner.host,
    )
