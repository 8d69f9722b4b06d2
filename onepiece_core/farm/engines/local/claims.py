"""What workers do to the queue: take a task, say how it goes, end it, and end what a dead worker left."""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from dataclasses import dataclass

from onepiece_core.farm.engines.local.database import Database
from onepiece_core.farm.engines.local.queue import has_succeeded


@dataclass(frozen=True, slots=True)
class Claim:
    """An attempt of a task that one worker has."""

    worker: int
    job: int
    job_id: str
    number: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended; ``state`` is succeeded, failed, cancelled or lost."""

    state: str
    exit_code: int | None = None
    message: str = ""
    progress: float | None = None


def claim(db: sqlite3.Connection, worker: int) -> Claim | None:
    """Take the first task of the most urgent job, the oldest of these; in a transaction of the caller's."""
    while job := db.execute(
        "select seq, id from jobs where may_start = 1 and is_held = 0 and waits_for = 0"
        " order by priority desc, seq limit 1"
    ).fetchone():
        task = db.execute(
            "select number, attempt from tasks where job = ? and state = 'queued' order by number limit 1",
            (job["seq"],),
        ).fetchone()
        if task is not None:
            return _take(db, worker, job, task)
        db.execute("update jobs set may_start = 0 where seq = ?", (job["seq"],))
    return None


def end(db: sqlite3.Connection, claimed: Claim, ended: Ended) -> None:
    """Record how an attempt ended and queue the task again where it may be; nothing when it is ours no more."""
    task = db.execute(
        "select tasks.state, tasks.tries, jobs.max_attempts from tasks join jobs on jobs.seq = tasks.job"
        " where job = ? and number = ? and attempt = ? and worker = ?",
        (claimed.job, claimed.number, claimed.attempt, claimed.worker),
    ).fetchone()
    if task is None:
        return
    state = ended.state
    if task["state"] == "cancelling" and state != "succeeded":
        state = "cancelled"  # whoever was killed says that it failed
    elif state in ("failed", "lost") and task["tries"] < task["max_attempts"]:
        state = "queued"
        db.execute("update jobs set may_start = 1 where seq = ?", (claimed.job,))
    db.execute(
        "update tasks set state = ?, worker = null, progress = ? where job = ? and number = ?",
        (state, 100.0 if state == "succeeded" else ended.progress, claimed.job, claimed.number),
    )
    db.execute(
        "update attempts set state = ?, exit_code = ?, message = ?, ended_at = ?"
        " where job = ? and number = ? and attempt = ?",
        (
            ended.state if state == "queued" else state,
            ended.exit_code,
            ended.message,
            time.time(),
            claimed.job,
            claimed.number,
            claimed.attempt,
        ),
    )
    if state == "succeeded":
        _release_dependents(db, claimed.job)


def give_back(db: sqlite3.Connection, claimed: Claim) -> None:
    """Queue the task of an attempt that its worker had to leave; it does not count as a try."""
    mine = (claimed.job, claimed.number, claimed.attempt, claimed.worker)
    db.execute("update tasks set tries = tries - 1 where job = ? and number = ? and attempt = ? and worker = ?", mine)
    end(db, claimed, Ended("lost", message="Its worker was told to end."))


def is_wanted(database: Database, claimed: Claim) -> bool:
    """False: the attempt is to be stopped, because somebody cancelled it or another worker has the task."""
    rows = database.rows(
        "select 1 from tasks where job = ? and number = ? and attempt = ? and worker = ? and state = 'running'",
        claimed.job,
        claimed.number,
        claimed.attempt,
        claimed.worker,
    )
    return bool(rows)


def note_progress(database: Database, claimed: Claim, progress: float | None, message: str) -> None:
    with database.transaction() as db:
        mine = (claimed.job, claimed.number, claimed.attempt, claimed.worker)
        changed = db.execute(
            "update tasks set progress = coalesce(?, progress) where job = ? and number = ? and attempt = ?"
            " and worker = ?",
            (progress, *mine),
        ).rowcount
        if changed and message:
            db.execute(
                "update attempts set message = ? where job = ? and number = ? and attempt = ?", (message, *mine[:3])
            )


def held_by(database: Database, worker: int) -> list[Claim]:
    """What a worker has; a live one has at most one."""
    rows = database.rows(
        "select tasks.job, jobs.id, tasks.number, tasks.attempt from tasks join jobs on jobs.seq = tasks.job"
        " where tasks.worker = ?",
        worker,
    )
    return [Claim(worker, row["job"], row["id"], row["number"], row["attempt"]) for row in rows]


def _take(db: sqlite3.Connection, worker: int, job: sqlite3.Row, task: sqlite3.Row) -> Claim:
    attempt = task["attempt"] + 1
    db.execute(
        "update tasks set state = 'running', attempt = ?, tries = tries + 1, worker = ?, progress = null"
        " where job = ? and number = ?",
        (attempt, worker, job["seq"], task["number"]),
    )
    # A folder of the queue that was copied back from an older time must not stop the work.
    db.execute(
        "insert or replace into attempts (job, number, attempt, host, pid, started_at) values (?, ?, ?, ?, ?, ?)",
        (job["seq"], task["number"], attempt, socket.gethostname(), os.getpid(), time.time()),
    )
    return Claim(worker, job["seq"], job["id"], task["number"], attempt)


def _release_dependents(db: sqlite3.Connection, job: int) -> None:
    waits = db.execute("select job from dependencies where needs = ?", (job,)).fetchall()
    if waits and has_succeeded(db, job):
        db.execute("delete from dependencies where needs = ?", (job,))
        for row in waits:
            db.execute(
                "update jobs set waits_for = (select count(*) from dependencies where job = seq) where seq = ?",
                (row["job"],),
            )
