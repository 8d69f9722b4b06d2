"""The record as a JSON file for people, and the history that an older service left in such a file.

The record itself is the database beside it; nobody reads the file again once it was imported.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from onepiece_core.errors import RenderStoreFailed
from onepiece_core.farm.states import JOB_STATES, JobState, is_terminal
from onepiece_core.filesystems import write_file
from onepiece_core.log import get_logger
from onepiece_core.render.model import Job, JobFilter
from onepiece_core.render.sql_store import SqlStore
from onepiece_core.render.store import JobStore

log = get_logger(__name__)

SCHEMA = "onepiece.render-jobs.1"
_SECONDS = 5.0
# Of the time, at most so much goes into writing a long history again and again.
_SHARE = 0.1
_PIECE = 500
_OLD_STATES: dict[str, JobState] = {
    **{state: state for state in JOB_STATES},
    **dict.fromkeys(("completed", "complete", "success", "done", "finished"), "succeeded"),
    **dict.fromkeys(("error", "errored", "rejected", "timeout"), "failed"),
    "canceled": "cancelled",
}
_MOST_BYTES = 1 << 30


class Snapshot:
    """Written again after changes, at most every 5 seconds; readers see the old or the new file."""

    def __init__(self, path: Path, store: JobStore) -> None:
        self._path, self._store = path, store
        self._written_event = -1
        self._not_before = 0.0

    def keep(self, *, now: bool = False) -> None:
        """``now``: however short ago it was written. Raises RenderStoreFailed and StorageError."""
        began = time.monotonic()
        if not now and began < self._not_before:
            return
        event = self._store.last_event()
        if event == self._written_event:
            return
        write_file(self._path, _text(self._store).encode())
        self._written_event = event
        self._not_before = began + max(_SECONDS, (time.monotonic() - began) / _SHARE)


def _text(store: JobStore) -> str:
    jobs = [job.model_dump_json(exclude_defaults=True) for job in _every(store)]
    written = datetime.now(UTC).isoformat(timespec="seconds")
    return "".join([f'{{"schema": "{SCHEMA}", "written_at": "{written}", "jobs": [\n', ",\n".join(jobs), "\n]}\n"])


def _every(store: JobStore) -> Iterator[Job]:
    before: int | None = None
    while page := store.page(JobFilter(), limit=_PIECE, before=before):
        yield from (job for _, job in page)
        before = page[-1][0]


def import_history(path: Path, store: SqlStore) -> int:
    """Take the jobs of an older service's file into the record, once; how many. A copy of the file stays.

    What had not ended then is lost: no farm can be asked for it. Raises RenderStoreFailed for a file that is no
    history, which is left as it is.
    """
    if store.was_imported():
        return 0
    entries = _entries(path)
    jobs = [job for job in map(_as_job, entries) if job is not None]
    jobs.sort(key=lambda job: job.created_at)
    if entries:
        write_file(path.with_suffix(".imported.json"), path.read_bytes())
    number = store.import_jobs(jobs)
    if len(jobs) < len(entries):
        log.warning("render.history_not_understood", path=str(path), entries=len(entries) - len(jobs))
    return number


def _entries(path: Path) -> list[Any]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError("it is larger than 1 GiB")
        told = json.loads(path.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        raise _no_history(path, str(error)) from error
    if isinstance(told, dict):
        told = told.get("jobs", told)
    if isinstance(told, dict):  # by id
        told = [{"job_id": key, **value} if isinstance(value, dict) else value for key, value in told.items()]
    if not isinstance(told, list):
        raise _no_history(path, "it holds no list of jobs")
    return told


def _as_job(entry: Any) -> Job | None:
    """An entry of whichever form; None for what is no job."""
    if not isinstance(entry, dict):
        return None
    created = _moment(entry, "created_at", "submitted_at", "timestamp") or 0.0
    status = _OLD_STATES.get(str(entry.get("status", "")).lower(), "lost")
    has_ended = is_terminal(status)
    found = {field: entry[field] for field in Job.model_fields if entry.get(field) is not None}
    told = {
        "job_id": entry.get("id"),
        "farm": entry.get("farm_type", "unknown"),
        "template": entry.get("dcc", "unknown"),
        "raw_state": str(entry.get("status", "unknown")),
        "name": entry.get("scene") or entry.get("job_id") or entry.get("id"),
        "priority": 50,
        **found,
        "status": status if has_ended else "lost",
        "created_at": created,
        "updated_at": _moment(entry, "updated_at") or created,
        "ended_at": _moment(entry, "ended_at", "completed_at", "updated_at") or created,
    }
    if not has_ended:
        told["message"] = "It was taken over from an older history; nobody knows how it ended."
    try:
        return Job.model_validate(told)
    except ValidationError:
        return None


def _moment(entry: dict[str, Any], *names: str) -> float | None:
    """Seconds since the epoch, or an ISO time, which is UTC where it does not say."""
    for value in (entry.get(name) for name in names):
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if isinstance(value, str):
            try:
                moment = datetime.fromisoformat(value)
                return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
            except (ValueError, OverflowError, OSError):
                continue
    return None


def _no_history(path: Path, why: str) -> RenderStoreFailed:
    return RenderStoreFailed(
        f"{path} is no history of render jobs: {why}",
        hint="Move it away, or name another file in render.jobs_path; it was left as it is.",
        path=str(path),
    )
