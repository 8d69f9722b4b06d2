"""What the queue says of its jobs and tasks."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence

from onepiece_core.farm.engines.local.database import Database
from onepiece_core.farm.job import JobSnapshot, TaskSnapshot
from onepiece_core.farm.states import TaskState, job_state


def read_jobs(database: Database, handles: Sequence[str], *, trouble: str = "") -> dict[str, JobSnapshot]:
    """``trouble``: why nothing is begun, the message of every job that is queued."""
    wanted = json.dumps(list(handles))
    jobs = database.rows(
        "select seq, id, is_held, waits_for from jobs where id in (select value from json_each(?))", wanted
    )
    counted = database.rows(
        "select tasks.job, tasks.state, count(*) as tasks from jobs join tasks on tasks.job = jobs.seq"
        " where jobs.id in (select value from json_each(?)) group by tasks.job, tasks.state",
        wanted,
    )
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for row in counted:
        counts[row["job"]][row["state"]] = row["tasks"]
    return {job["id"]: _snapshot(database, job, counts[job["seq"]], trouble) for job in jobs}


def list_tasks(database: Database, job: int) -> list[TaskSnapshot]:
    (waiting,) = database.rows("select is_held, waits_for from jobs where seq = ?", job)
    rows = database.rows(
        "select tasks.number, tasks.frames, tasks.state, tasks.attempt, tasks.progress, attempts.exit_code,"
        " attempts.started_at, attempts.ended_at, attempts.host, attempts.message"
        " from tasks left join attempts using (job, number, attempt) where tasks.job = ? order by tasks.number",
        job,
    )
    return [_task(row, _shown(row["state"], waiting)) for row in rows]


def _snapshot(database: Database, job: sqlite3.Row, stored: Mapping[str, int], trouble: str) -> JobSnapshot:
    counts = {_shown(state, job): number for state, number in stored.items()}
    state = job_state(counts)
    message = trouble if state == "queued" else _message(database, job, state)
    return JobSnapshot(handle=job["id"], state=state, raw_state=state, counts=counts, message=message)


def _shown(state: str, job: sqlite3.Row) -> TaskState:
    if state == "queued" and job["is_held"]:
        return "held"
    if state == "queued" and job["waits_for"]:
        return "blocked"
    known: TaskState = state  # type: ignore[assignment]  # we wrote it
    return known


def _message(database: Database, job: sqlite3.Row, state: str) -> str:
    """Why the job waits, or what was wrong with its first bad task."""
    if state == "blocked":
        needs = database.rows(
            "select jobs.id from dependencies join jobs on jobs.seq = dependencies.needs where dependencies.job = ?"
            " order by jobs.seq limit 3",
            job["seq"],
        )
        return f"Waits for {', '.join(row['id'] for row in needs)}"
    if state in ("failed", "lost"):
        bad = database.rows(
            "select tasks.frames, attempts.message from tasks left join attempts using (job, number, attempt)"
            " where tasks.job = ? and tasks.state = ? order by tasks.number limit 1",
            job["seq"],
            state,
        )
        return ": ".join(part for part in (bad[0]["frames"], bad[0]["message"]) if part) if bad else ""
    return ""


def _task(row: sqlite3.Row, state: TaskState) -> TaskSnapshot:
    # A task that waits to be tried again shows what came of the attempt before; its times are that one's.
    return TaskSnapshot(
        index=row["number"],
        frames=row["frames"],
        state=state,
        raw_state=state,
        attempt=row["attempt"],
        exit_code=row["exit_code"],
        progress=row["progress"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        host=row["host"] or "",
        message=row["message"] or "",
    )
