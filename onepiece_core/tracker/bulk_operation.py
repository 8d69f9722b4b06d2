"""A bulk run as an operation of the journal: whoever asks for the same again goes on with it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

from onepiece_core.errors import ErrorReport, OperationBusy, OperationCancelled
from onepiece_core.journal import Journal, Operation
from onepiece_core.progress import Reporter
from onepiece_core.tracker.bulk import BATCH_SIZE, BulkTiming, RowResult, run_bulk
from onepiece_core.tracker.row_plan import KINDS, RowPlan
from onepiece_core.tracker.tracker import Tracker

KIND = "bulk"


def apply_rows(
    plan: RowPlan,
    tracker: Tracker,
    journal: Journal,
    *,
    timing: BulkTiming,
    reporter: Reporter,
    batch_size: int = BATCH_SIZE,
) -> Iterator[RowResult]:
    """Carry out a plan: the refused rows first, then each row's result as it comes.

    Raises:
        OperationBusy: another process is at this very plan.
        OperationCancelled: the same plan again goes on.
    """
    yield from plan.refused
    operation = _begin(plan, tracker.url, journal)
    states: Counter[str] = Counter()
    try:
        for result in run_bulk(
            tracker,
            journal,
            operation.id,
            KINDS[plan.action],
            plan.entity_type,
            plan.rows,
            timing=timing,
            reporter=reporter,
            unique=plan.unique,
            batch_size=batch_size,
        ):
            states[result.state] += 1
            yield result
    except OperationCancelled as error:
        journal.settle(operation.id, "parked", error=error.report)
        raise
    waiting = ErrorReport(code="tracker.unavailable", message=f"{states['waiting']} rows wait for the tracker")
    journal.settle(
        operation.id,
        "parked" if states["waiting"] else "finished",
        result=dict(states),
        error=waiting if states["waiting"] else None,
    )


def _begin(plan: RowPlan, site: str, journal: Journal) -> Operation:
    """The unfinished operation of this plan, or a new one."""
    fingerprint = _fingerprint(plan, site)
    known = journal.find_by_fingerprint(fingerprint)
    if known is not None and known.is_unfinished:
        if not journal.take(known.id):
            raise OperationBusy(
                f"The process {known.owner.pid} is at these rows already", operation=known.id, pid=known.owner.pid
            )
        return known
    name = f"{plan.action} {len(plan.rows)} {plan.entity_type}"
    identifier = f"{KIND}-{uuid.uuid4().hex[:20]}"
    return journal.begin(identifier, kind=KIND, fingerprint=fingerprint, name=name, request={"site": site})


def _fingerprint(plan: RowPlan, site: str) -> str:
    running = hashlib.sha256(json.dumps([site, plan.action, plan.entity_type, plan.unique]).encode())
    for row in plan.rows:
        told: list[Any] = [row.key, row.id, row.data]
        running.update(json.dumps(told, sort_keys=True).encode())
    return running.hexdigest()[:32]
