"""An operation of the journal that one process at a time carries out."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from onepiece_core.errors import OnePieceError, OperationBusy
from onepiece_core.journal import Journal, Operation


def fingerprint_of(*told: Any) -> str:
    """The same for the same JSON values; paths and dates by their text."""
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:32]


@contextmanager
def held(journal: Journal, kind: str, fingerprint: str, name: str) -> Iterator[Operation]:
    """The unfinished operation with this fingerprint, or a new one; parked on an error, finished at the end.

    Raises OperationBusy: another process is at it.
    """
    known = journal.find_by_fingerprint(fingerprint)
    if known is not None and known.is_unfinished:
        if not journal.take(known.id):
            raise OperationBusy(
                f"The process {known.owner.pid} is at this already: {name}", operation=known.id, pid=known.owner.pid
            )
        operation = known
    else:
        identifier = f"{kind}-{uuid.uuid4().hex[:20]}"
        operation = journal.begin(identifier, kind=kind, fingerprint=fingerprint, name=name, request={})
    try:
        yield operation
    except BaseException as error:
        journal.settle(operation.id, "parked", error=error.report if isinstance(error, OnePieceError) else None)
        raise
    journal.settle(operation.id, "finished")
