"""What people do to the queue: submit, cancel, retry, hold, order."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence

from onepiece_core.errors import JobConflict, JobRejected, JobUnknownToFarm, TaskUnknown
from onepiece_core.farm.engines.local.database import Database, one
from onepiece_core.farm.job import FarmJob
from onepiece_core.farm.job_file import job_to_json

_Chosen = dict[str, int | str | None]


class Queue:
    """The handle of a job is its id."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, job: FarmJob) -> None:
        """Nothing when the job is there already. Raises JobRejected for a job to wait for that is not there."""
        document = json.dumps(job_to_json(job))
        with self.database.transaction() as db:
            if db.execute("select 1 from jobs where id = ?", (job.id,)).fetchone():
                return
            needs = {handle: _find(db, handle) for handle in job.depends_on}
            if unknown := [handle for handle, seq in needs.items() if seq is None]:
                raise JobRejected(f"There is no job {unknown[0]} here to wait for", job=job.id, unknown=unknown)
            seq = db.execute(
                "insert into jobs (id, document, priority, max_attempts, is_held, waits_for, created_at)"
                " values (?, ?, ?, ?, ?, 0, ?)",
                (job.id, document, job.priority, job.max_attempts, job.is_held, time.time()),
            ).lastrowid
            db.executemany(
                "insert into tasks (job, number, frames) values (?, ?, ?)",
                ((seq, number, frames) for number, frames in enumerate(job.tasks)),
            )
            waits = [needed for needed in needs.values() if needed is not None and not has_succeeded(db, needed)]
            db.executemany("insert into dependencies values (?, ?)", ((seq, needed) for needed in waits))
            db.execute("update jobs set waits_for = ? where seq = ?", (len(waits), seq))

    def has(self, handle: str) -> bool:
        return bool(self.database.rows("select 1 from jobs where id = ?", handle))

    def seq(self, handle: str) -> int:
        """Raises JobUnknownToFarm."""
        found = one(self.database.rows("select seq from jobs where id = ?", handle))
        if found is None:
            raise JobUnknownToFarm(f"This machine has no job {handle}", job=handle)
        return int(found)

    def cancel(self, handle: str, tasks: Sequence[int] | None) -> None:
        """Waiting tasks are cancelled at once; the worker of a running one is told by its state."""
        seq = self.seq(handle)
        with self.database.transaction() as db:
            db.execute(
                "update tasks set state = case state when 'queued' then 'cancelled' else 'cancelling' end"
                " where job = :job and state in ('queued', 'running')"
                " and (:tasks is null or number in (select value from json_each(:tasks)))",
                _chosen(db, seq, tasks),
            )

    def retry(self, handle: str, tasks: Sequence[int] | None) -> None:
        """Attempts are counted anew. Raises JobConflict where there is nothing to do again."""
        seq = self.seq(handle)
        with self.database.transaction() as db:
            chosen = _chosen(db, seq, tasks)
            if tasks is not None:
                _refuse_others(db, handle, chosen)
            queued = db.execute(
                "update tasks set state = 'queued', tries = 0, progress = null"
                " where job = :job and state in ('failed', 'cancelled', 'lost')"
                " and (:tasks is null or number in (select value from json_each(:tasks)))",
                chosen,
            ).rowcount
            if not queued:
                raise JobConflict(f"No task of the job {handle} failed, was cancelled or lost", job=handle)
            db.execute("update jobs set may_start = 1 where seq = ?", (seq,))

    def set_held(self, handle: str, is_held: bool) -> None:
        seq = self.seq(handle)
        with self.database.transaction() as db:
            db.execute("update jobs set is_held = ? where seq = ?", (is_held, seq))

    def set_priority(self, handle: str, priority: int) -> None:
        seq = self.seq(handle)
        with self.database.transaction() as db:
            db.execute("update jobs set priority = ? where seq = ?", (priority, seq))


def forget(db: sqlite3.Connection, handles: Sequence[str]) -> list[int]:
    """Remove ended jobs that no other waits for; which they were."""
    gone = [
        int(row["seq"])
        for row in db.execute(
            "select seq from jobs where id in (select value from json_each(?))"
            " and not exists (select 1 from tasks where job = seq and state in ('queued', 'running', 'cancelling'))"
            " and not exists (select 1 from dependencies where needs = seq)",
            (json.dumps(list(handles)),),
        )
    ]
    for seq in gone:
        for table in ("dependencies", "attempts", "tasks"):
            db.execute(f"delete from {table} where job = ?", (seq,))  # noqa: S608 - names are ours
        db.execute("delete from jobs where seq = ?", (seq,))
    return gone


def has_succeeded(db: sqlite3.Connection, job: int) -> bool:
    """Whether every task of the job has."""
    others = "select 1 from tasks where job = ? and state not in ('succeeded', 'skipped') limit 1"
    return db.execute(others, (job,)).fetchone() is None


def _find(db: sqlite3.Connection, handle: str) -> int | None:
    row = db.execute("select seq from jobs where id = ?", (handle,)).fetchone()
    return None if row is None else int(row[0])


def _chosen(db: sqlite3.Connection, job: int, tasks: Sequence[int] | None) -> _Chosen:
    """The job and, unless all are meant, its tasks in JSON. Raises TaskUnknown."""
    if tasks is None:
        return {"job": job, "tasks": None}
    (count,) = db.execute("select count(*) from tasks where job = ?", (job,)).fetchone()
    for task in tasks:
        if not 0 <= task < count:
            raise TaskUnknown(f"The job has the tasks 0 to {count - 1}, and none is {task}", task=task)
    return {"job": job, "tasks": json.dumps(list(tasks))}


def _refuse_others(db: sqlite3.Connection, handle: str, chosen: _Chosen) -> None:
    row = db.execute(
        "select number, state from tasks where job = :job and number in (select value from json_each(:tasks))"
        " and state not in ('failed', 'cancelled', 'lost') limit 1",
        chosen,
    ).fetchone()
    if row is not None:
        raise JobConflict(
            f"The task {row['number']} of the job {handle} is {row['state']}: only one that failed, was cancelled or "
            "lost can be tried again",
            job=handle,
            task=row["number"],
            state=row["state"],
        )
