"""What happened, as the journal and the record of render jobs say: so also what a killed process could not tell."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from onepiece_core.errors import ErrorReport
from onepiece_core.journal import Journal, Operation
from onepiece_core.notify.memory import Mark
from onepiece_core.notify.outbox import Message
from onepiece_core.render.model import Job, JobFilter
from onepiece_core.render.store import JobStore

# Whoever committed a little later than another one began earlier is seen with the next look.
_OVERLAP_SECONDS = 3600.0
_PAGE = 500
_CANCELLED = "operation."


def find_failed_publishes(journal: Journal, seen: Mark) -> tuple[list[Message], float]:
    """The messages, and how far was read."""
    rows = journal.rows(
        "select id, updated_at from operations where kind = 'publish' and updated_at >= ? and (state = 'failed'"
        " or (state = 'parked' and result is null and error is not null)) order by updated_at",
        seen.mark,
    )
    found = [_failed(each) for each in _operations(journal, rows) if not _code(each).startswith(_CANCELLED)]
    # Its row was written long before its process died, perhaps.
    running = journal.rows(
        "select id from operations where kind = 'publish' and state = 'running' and updated_at >= ?", seen.since
    )
    found += [_interrupted(each) for each in _operations(journal, running) if not each.owner.is_alive()]
    return found, _read_to(rows, seen)


def find_refused_ingests(journal: Journal, seen: Mark) -> tuple[list[Message], float]:
    """The same for drops with files that were refused."""
    rows = journal.rows(
        "select id, updated_at from operations where kind = 'ingest' and updated_at >= ?"
        " and state in ('finished', 'parked') and json_extract(result, '$.refused') > 0 order by updated_at",
        seen.mark,
    )
    return [_refused(each) for each in _operations(journal, rows)], _read_to(rows, seen)


def find_failed_renders(store: JobStore, seen: Mark) -> tuple[list[Message], float]:
    """The same for render jobs; read to is the number of an event."""
    found: dict[str, Message] = {}
    mark, is_first = int(seen.mark), True
    while events := store.events(mark, _PAGE):
        if is_first and events[0].seq != mark + 1:
            # Old events were thrown away in the meantime: the jobs themselves say what happened.
            found.update((job.job_id, _job_failed(job)) for job in _failed_since(store, seen.since))
        for event in events:
            if event.job is not None and event.job.status == "failed":
                found[event.job_id] = _job_failed(event.job)
        mark, is_first = events[-1].seq, False
    return list(found.values()), float(mark)


def _failed_since(store: JobStore, since: float) -> Iterator[Job]:
    before: int | None = None
    while page := store.page(JobFilter(status="failed"), limit=_PAGE, before=before):
        yield from (job for _, job in page if (job.ended_at or job.updated_at) >= since)
        before = page[-1][0]


def _operations(journal: Journal, rows: list[sqlite3.Row]) -> Iterator[Operation]:
    for row in rows:
        operation = journal.find(row["id"])
        if operation is not None:
            yield operation


def _read_to(rows: list[sqlite3.Row], seen: Mark) -> float:
    return max(seen.mark, float(rows[-1]["updated_at"]) - _OVERLAP_SECONDS) if rows else seen.mark


def _code(operation: Operation) -> str:
    return str((operation.error or {}).get("code", ""))


def _failed(operation: Operation) -> Message:
    goes_on = "`onepiece recover` goes on with it." if operation.is_unfinished else "Nothing of it was left."
    text = "\n".join([*_told(operation.error), f"Operation {operation.id} on {operation.owner.host}. {goes_on}"])
    key = f"{operation.id}-{operation.state}"
    return Message(key, f"Publish of {operation.name} failed", text, "publish_failed")


def _interrupted(operation: Operation) -> Message:
    where = f"Its process on {operation.owner.host} is gone. `onepiece recover` goes on with {operation.id}."
    subject = f"Publish of {operation.name} was interrupted"
    return Message(f"{operation.id}-interrupted", subject, where, "publish_failed")


def _refused(operation: Operation) -> Message:
    counts: dict[str, Any] = operation.result or {}
    subject = f"Drop {operation.name}: {counts['refused']} of {counts.get('files', '?')} files refused"
    text = f"Operation {operation.id} on {operation.owner.host}; its report names each file and why."
    return Message(f"{operation.id}-refused", subject, text, "ingest_refused")


def _job_failed(job: Job) -> Message:
    who = " ".join(part for part in (job.show_code, job.user) if part)
    told = _told(None if job.error is None else job.error.model_dump()) or ([job.message] if job.message else [])
    text = "\n".join([*told, f"Job {job.job_id} on the farm {job.farm}{f' ({who})' if who else ''}."])
    return Message(f"{job.job_id}-failed", f"Render of {job.name} failed", text, "render_failed")


def _told(error: dict[str, Any] | None) -> list[str]:
    if error is None:
        return []
    report = ErrorReport.model_validate(error)
    return [f"{report.message} ({report.code})", *([report.hint] if report.hint else [])]
