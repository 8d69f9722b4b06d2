"""Carry an ingest out: upload what is not there, register what has arrived, say what became of every file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from onepiece_core.errors import ErrorReport, UsageError
from onepiece_core.ingest.claim import claimed
from onepiece_core.ingest.kept import keep_bad
from onepiece_core.ingest.model import DropItem, DropPlan, IngestReport
from onepiece_core.ingest.parts import IngestParts
from onepiece_core.ingest.pictures import Pictures
from onepiece_core.ingest.register import Registration, register_items
from onepiece_core.ingest.report import Told, build_report
from onepiece_core.ingest.request import IngestRequest
from onepiece_core.ingest.upload import Uploaded, upload_drop

_COUNTS = ("files", "ok", "skipped", "refused", "failed", "uploaded", "versions", "bytes_uploaded")


@dataclass(frozen=True, slots=True)
class Ingested:
    """A report, and the hashes of what arrived."""

    report: IngestReport
    uploaded: Uploaded


def apply_ingest(
    plan: DropPlan,
    request: IngestRequest,
    parts: IngestParts,
    pictures: Pictures,
    *,
    tracker_away: ErrorReport | None = None,
) -> Ingested:
    """Do what ``plan`` says. A file's trouble is its line of the report, and the others go on.

    Args:
        tracker_away: the plan could not ask it: what is registered is not waited for.

    Raises:
        OperationBusy: another process is at this drop.
        OperationCancelled, StorageError: it cannot go on; what arrived stays, and the next run goes on.
    """
    if plan.depth != "structure":
        raise UsageError("A plan that only looked at first bytes cannot be applied.")
    began = time.monotonic()
    with claimed(request, parts.journal) as operation:
        parts.checkpoint("claimed")
        uploaded = _upload(plan, request, parts, pictures)
        whole = _note_arrived(plan, uploaded, parts)
        parts.checkpoint("uploaded")
        told = Told(operation.id, uploaded)
        registration = register_items(operation.id, whole, request, parts, pictures, away=tracker_away)
        told.version_ids, told.waiting = registration.version_ids, registration.waiting
        told.not_registered = registration.refused
        told.failures = int(registration.failed) + len(registration.refused)
        told.warnings += registration.warnings
        told.seconds = time.monotonic() - began
        report = build_report(plan, request, told)
        keep_bad(parts.journal.folder, operation.id, report)
        _settle(operation.id, report, registration, parts)
    return Ingested(report, uploaded)


def _upload(plan: DropPlan, request: IngestRequest, parts: IngestParts, pictures: Pictures) -> Uploaded:
    if not any(True for _ in plan.ready()):
        return Uploaded()
    if request.thumbnails:
        known = parts.memory.has_item
        pictures.begin(item for item in plan.ready() if not known(item))
    return upload_drop(plan, request.place, parts)


def _note_arrived(plan: DropPlan, uploaded: Uploaded, parts: IngestParts) -> Sequence[DropItem]:
    """The items of which everything has arrived."""
    whole = []
    for item in plan.ready():
        arrived = uploaded.arrived(item)
        if arrived:
            parts.memory.note_item(item, [each.xxh128 for each in arrived])
            whole.append(item)
    return whole


def _settle(operation: str, report: IngestReport, registration: Registration, parts: IngestParts) -> None:
    counts = {name: report.summary[name] for name in _COUNTS}
    counts["warned"] = sum(bool(file.warnings) for file in report.files)
    state = "finished" if registration.is_done else "parked"
    parts.journal.settle(operation, state, result=counts, error=registration.reason)  # type: ignore[arg-type]
