"""The record in one SQLite file (WAL, synchronous FULL) on a local disk."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onepiece_core.errors import JobConflict, JobMissing, RenderStoreFailed
from onepiece_core.filesystems import refuse_network_filesystem
from onepiece_core.render.model import Job, JobEvent, JobFilter, JobMetrics, StoreHealth
from onepiece_core.render.store import NewJob

_SCHEMA = """
create table if not exists jobs (
    seq integer primary key autoincrement,
    id text not null unique,
    key text unique,
    fingerprint text not null,
    farm text not null,
    status text not null,
    user text not null,
    show_code text not null,
    created_at real not null,
    ended_at real,
    is_pending integer not null,
    data text not null,
    document text not null
);
create index if not exists jobs_by_status on jobs (status, seq);
create index if not exists jobs_by_farm on jobs (farm, seq);
create index if not exists jobs_by_user on jobs (user, seq);
create index if not exists jobs_by_show on jobs (show_code, seq);
create index if not exists jobs_pending on jobs (seq) where is_pending = 1;
create index if not exists jobs_live on jobs (seq) where ended_at is null and is_pending = 0;
create index if not exists jobs_ended on jobs (ended_at) where ended_at is not null;
create table if not exists events (
    seq integer primary key autoincrement,
    kind text not null,
    job text not null,
    data text
);
create table if not exists notes (name text primary key, value real not null) without rowid;
create table if not exists leases (name text primary key, owner text not null, until real not null) without rowid;
pragma user_version = 1;
"""
_BUSY_SECONDS = 20.0
_PIECE = 500
# A stream that was away for longer begins anew.
_EVENTS_KEPT = 100_000


class SqliteStore:
    """One connection for the threads of this process; other processes have their own."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        self.path = path
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None

    def close(self) -> None:
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def add(self, new: NewJob) -> tuple[Job, bool]:
        job = new.job
        with self._change() as db:
            if new.key is not None:
                row = db.execute("select data, fingerprint from jobs where key = ?", (new.key,)).fetchone()
                if row is not None:
                    if row["fingerprint"] != new.fingerprint:
                        raise JobConflict("This idempotency key was used for another job", hint="Send a new key.")
                    return Job.model_validate_json(row["data"]), False
            values = (job.job_id, new.key, new.fingerprint, job.farm, job.status, job.user, job.show_code)
            data = job.model_dump_json()
            db.execute(
                "insert into jobs (id, key, fingerprint, farm, status, user, show_code, created_at, is_pending, data,"
                " document) values (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
                (*values, job.created_at, data, new.document),
            )
            _tell(db, "created", job.job_id, data)
        return job, True

    def find(self, job_id: str) -> Job | None:
        rows = self._rows("select data from jobs where id = ?", job_id)
        return Job.model_validate_json(rows[0]["data"]) if rows else None

    def document(self, job_id: str) -> str:
        rows = self._rows("select document from jobs where id = ?", job_id)
        if not rows:
            raise JobMissing(f"There is no job {job_id}", job=job_id)
        return str(rows[0]["document"])

    def save(self, jobs: Sequence[Job]) -> None:
        with self._change() as db:
            for job in jobs:
                data = job.model_dump_json()
                is_pending = job.handle is None and job.ended_at is None
                changed = db.execute(
                    "update jobs set status = ?, ended_at = ?, is_pending = ?, data = ? where id = ? and data <> ?",
                    (job.status, job.ended_at, is_pending, data, job.job_id, data),
                ).rowcount
                if changed:
                    _tell(db, "updated", job.job_id, data)

    def page(self, wanted: JobFilter, *, limit: int, before: int | None) -> list[tuple[int, Job]]:
        conditions, values = _conditions(wanted)
        if before is not None:
            conditions.append("seq < ?")
            values.append(before)
        where = f" where {' and '.join(conditions)}" if conditions else ""
        sql = f"select seq, data from jobs{where} order by seq desc limit ?"  # noqa: S608 - names are ours
        return [(row["seq"], Job.model_validate_json(row["data"])) for row in self._rows(sql, *values, limit)]

    def pending(self, limit: int) -> list[Job]:
        rows = self._rows("select data from jobs where is_pending = 1 order by seq limit ?", limit)
        return [Job.model_validate_json(row["data"]) for row in rows]

    def live(self) -> Iterator[Job]:
        last = 0
        while True:
            rows = self._rows(
                "select seq, data from jobs where ended_at is null and is_pending = 0 and seq > ? order by seq limit ?",
                last,
                _PIECE,
            )
            for row in rows:
                yield Job.model_validate_json(row["data"])
            if len(rows) < _PIECE:
                return
            last = rows[-1]["seq"]

    def metrics(self) -> JobMetrics:
        by_status: dict[Any, int] = {}
        by_farm: dict[str, dict[Any, int]] = {}
        for row in self._rows("select farm, status, count(*) as number from jobs group by farm, status"):
            by_status[row["status"]] = by_status.get(row["status"], 0) + row["number"]
            by_farm.setdefault(row["farm"], {})[row["status"]] = row["number"]
        tasks: dict[Any, int] = {}
        for job in self.live():
            for state, number in job.counts.items():
                tasks[state] = tasks.get(state, 0) + number
        return JobMetrics(total=sum(by_status.values()), by_status=by_status, by_farm=by_farm, tasks=tasks)

    def last_event(self) -> int:
        return int(self._rows("select coalesce(max(seq), 0) as last from events")[0]["last"])

    def events(self, after: int, limit: int) -> list[JobEvent]:
        rows = self._rows("select * from events where seq > ? order by seq limit ?", after, limit)
        return [
            JobEvent(
                seq=row["seq"],
                kind=row["kind"],
                job_id=row["job"],
                job=None if row["data"] is None else Job.model_validate_json(row["data"]),
            )
            for row in rows
        ]

    def take_lease(self, name: str, owner: str, seconds: float) -> bool:
        now = time.time()
        with self._change() as db:
            row = db.execute("select owner, until from leases where name = ?", (name,)).fetchone()
            # A lease far in the future was written by a clock that has been set back since.
            if row is not None and row["owner"] != owner and now < row["until"] < now + 10 * seconds:
                return False
            db.execute("insert or replace into leases values (?, ?, ?)", (name, owner, now + seconds))
        return True

    def prune(self, *, keep: int | None, hours: float | None) -> int:
        removed = 0
        if hours is not None:
            removed += self._remove("pruned_by_retention", " and ended_at < ?", time.time() - hours * 3600)
        if keep is not None:
            too_many = self._rows("select count(*) as number from jobs")[0]["number"] - keep
            if too_many > 0:
                removed += self._remove("pruned_by_limit", "", most=too_many)
        if removed:
            with self._change() as db:
                db.execute("insert or replace into notes values ('last_compaction', ?)", (time.time(),))
        return removed

    def health(self) -> StoreHealth:
        notes = {row["name"]: row["value"] for row in self._rows("select * from notes")}
        (counts,) = self._rows("select count(*) as every, coalesce(sum(is_pending), 0) as pending from jobs")
        return StoreHealth(
            kind="sqlite",
            is_writable=self._is_writable(),
            history_size=counts["every"],
            history_limit=None,
            retention_hours=None,
            pruned_by_retention=int(notes.get("pruned_by_retention", 0)),
            pruned_by_limit=int(notes.get("pruned_by_limit", 0)),
            last_compaction=notes.get("last_compaction"),
            pending=counts["pending"],
        )

    def _is_writable(self) -> bool:
        try:
            with self._change() as db:
                db.execute("insert or replace into notes values ('written', ?)", (time.time(),))
        except RenderStoreFailed:
            return False
        return True

    def _remove(self, note: str, condition: str, *values: float, most: int | None = None) -> int:
        """Ended jobs, the oldest first; in pieces, for others write in between."""
        removed = 0
        sql = f"select seq, id from jobs where ended_at is not null{condition} order by seq limit ?"  # noqa: S608
        while True:
            size = _PIECE if most is None else min(_PIECE, most - removed)
            with self._change() as db:
                rows = db.execute(sql, (*values, size)).fetchall()
                db.executemany("delete from jobs where seq = ?", ((row["seq"],) for row in rows))
                for row in rows:
                    _tell(db, "removed", row["id"], None)
                db.execute(
                    "insert into notes values (?, ?) on conflict (name) do update set value = value + excluded.value",
                    (note, len(rows)),
                )
            removed += len(rows)
            if len(rows) < _PIECE:
                return removed

    def _rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock, self._translated():
            return self._connection().execute(sql, values).fetchall()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """One durable change: all of it or nothing."""
        with self._lock, self._translated():
            db = self._connection()
            db.execute("begin immediate")
            try:
                yield db
                db.execute("commit")
            except BaseException:
                if db.in_transaction:
                    db.execute("rollback")
                raise

    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            refuse_network_filesystem(self.path.parent)
            db = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            db.row_factory = sqlite3.Row
            db.execute("pragma journal_mode = wal")
            db.execute("pragma synchronous = full")
            if db.execute("pragma user_version").fetchone()[0] < 1:
                db.executescript(_SCHEMA)
            self._db = db
        return self._db

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise RenderStoreFailed(
                f"The record of render jobs cannot be used: {error}", path=str(self.path)
            ) from error


def _conditions(wanted: JobFilter) -> tuple[list[str], list[Any]]:
    asked = {
        "status = ?": wanted.status,
        "farm = ?": wanted.farm,
        "user = ?": wanted.user,
        "show_code = ?": wanted.show_code,
        "created_at >= ?": wanted.since,
    }
    chosen = {condition: value for condition, value in asked.items() if value is not None}
    return list(chosen), list(chosen.values())


def _tell(db: sqlite3.Connection, kind: str, job_id: str, data: str | None) -> None:
    seq = db.execute("insert into events (kind, job, data) values (?, ?, ?)", (kind, job_id, data)).lastrowid or 0
    if seq % 1000 == 0:
        db.execute("delete from events where seq <= ?", (seq - _EVENTS_KEPT,))
