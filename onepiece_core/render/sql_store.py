"""The record in a database of SQL, whichever it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, Literal, Protocol, TypeVar

from pydantic import ValidationError

from onepiece_core.errors import JobConflict, JobMissing, OnePieceError, RenderStoreBroken, RenderStoreFailed
from onepiece_core.render.model import EventKind, Job, JobEvent, JobFilter, JobMetrics, StoreHealth
from onepiece_core.render.store import NewJob

T = TypeVar("T")

_PIECE = 500
# Changes of so many callers become durable at once.
_GROUP = 200
# A stream that was away for longer begins anew.
_EVENTS_KEPT = 100_000

# {key}: a number that only grows; {real}: a double.
SCHEMA = """
create table if not exists jobs (
    seq {key},
    id text not null unique,
    key text unique,
    fingerprint text not null,
    farm text not null,
    status text not null,
    "user" text not null,
    show_code text not null,
    created_at {real} not null,
    ended_at {real},
    is_pending integer not null,
    data text not null,
    document text not null
);
create index if not exists jobs_by_status on jobs (status, seq);
create index if not exists jobs_by_farm on jobs (farm, seq);
create index if not exists jobs_by_user on jobs ("user", seq);
create index if not exists jobs_by_show on jobs (show_code, seq);
create index if not exists jobs_counted on jobs (farm, status);
create index if not exists jobs_pending on jobs (seq) where is_pending = 1;
create index if not exists jobs_live on jobs (seq) where ended_at is null and is_pending = 0;
create index if not exists jobs_ended on jobs (ended_at) where ended_at is not null;
create table if not exists events (seq {key}, kind text not null, job text not null, data text);
create table if not exists notes (name text primary key, value {real} not null);
create table if not exists leases (name text primary key, owner text not null, until {real} not null);
"""


class Writer(Protocol):
    """One change under way. Values stand for the question marks of ``sql``."""

    def rows(self, sql: str, *values: object) -> list[Any]: ...

    def run(self, sql: str, *values: object) -> int:
        """How many rows it changed."""
        ...


class Database(Protocol):
    """For several threads and processes. Raises RenderStoreFailed."""

    kind: Literal["sqlite", "postgresql"]

    def rows(self, sql: str, *values: object) -> list[Any]: ...

    def change(self) -> AbstractContextManager[Writer]:
        """All of it or nothing, on disk when it has ended; one after the other over all processes."""
        ...

    def now(self) -> float:
        """A clock that all who use the database share."""
        ...

    def has_room(self) -> bool:
        """Whether its disk has room for jobs, as far as can be told without writing."""
        ...

    def close(self) -> None: ...


class _Change:
    """One caller's part of a common change."""

    def __init__(self, work: Callable[[Writer], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: Exception | None = None
        self.is_done = False


class SqlStore:
    """See JobStore. Changes that come while another becomes durable become so together."""

    def __init__(self, database: Database) -> None:
        """Nothing is opened yet."""
        self._database = database
        self._gate, self._turn = threading.Lock(), threading.Lock()
        self._waiting: list[_Change] = []

    def close(self) -> None:
        self._database.close()

    def add(self, new: NewJob) -> tuple[Job, bool]:
        job = new.job
        data = job.model_dump_json()

        def work(db: Writer) -> tuple[Job, bool]:
            if new.key is not None:
                for found, fingerprint in db.rows("select data, fingerprint from jobs where key = ?", new.key):
                    if fingerprint != new.fingerprint:
                        raise JobConflict("This idempotency key was used for another job", hint="Send a new key.")
                    return _job(found), False
            _insert(db, new, data, is_pending=1)
            _tell(db, "created", job.job_id, data)
            return job, True

        return self._together(work)

    def find(self, job_id: str) -> Job | None:
        rows = self._database.rows("select data from jobs where id = ?", job_id)
        return _job(rows[0][0]) if rows else None

    def document(self, job_id: str) -> str:
        rows = self._database.rows("select document from jobs where id = ?", job_id)
        if not rows:
            raise JobMissing(f"There is no job {job_id}", job=job_id)
        return str(rows[0][0])

    def save(self, jobs: Sequence[Job]) -> None:
        told = [(job, job.model_dump_json(), int(job.handle is None and job.ended_at is None)) for job in jobs]

        def work(db: Writer) -> None:
            for job, data, is_pending in told:
                changed = db.run(
                    "update jobs set status = ?, ended_at = ?, is_pending = ?, data = ? where id = ? and data <> ?",
                    *(job.status, job.ended_at, is_pending, data, job.job_id, data),
                )
                if changed:
                    _tell(db, "updated", job.job_id, data)

        if told:
            self._together(work)

    def page(self, wanted: JobFilter, *, limit: int, before: int | None) -> list[tuple[int, Job]]:
        conditions, values = _conditions(wanted)
        if before is not None:
            conditions.append("seq < ?")
            values.append(before)
        where = f" where {' and '.join(conditions)}" if conditions else ""
        sql = f"select seq, data from jobs{where} order by seq desc limit ?"  # noqa: S608 - names are ours
        return [(seq, _listed(data)) for seq, data in self._database.rows(sql, *values, limit)]

    def pending(self, limit: int, without: Collection[str] = ()) -> list[Job]:
        others = " and farm <> ?" * len(without)
        sql = f"select data from jobs where is_pending = 1{others} order by seq limit ?"  # noqa: S608 - no value in it
        rows = self._database.rows(sql, *without, limit)
        return [_job(data) for (data,) in rows]

    def live(self) -> Iterator[Job]:
        last = 0
        while True:
            rows = self._database.rows(
                "select seq, data from jobs where ended_at is null and is_pending = 0 and seq > ? order by seq limit ?",
                last,
                _PIECE,
            )
            for _, data in rows:
                yield _job(data)
            if len(rows) < _PIECE:
                return
            last = rows[-1][0]

    def metrics(self) -> JobMetrics:
        by_status: dict[Any, int] = {}
        by_farm: dict[str, dict[Any, int]] = {}
        counted = self._database.rows("select farm, status, count(*) from jobs group by farm, status")
        for farm, status, number in counted:
            by_status[status] = by_status.get(status, 0) + number
            by_farm.setdefault(farm, {})[status] = number
        tasks: dict[Any, int] = {}
        for job in self.live():
            for state, number in job.counts.items():
                tasks[state] = tasks.get(state, 0) + number
        return JobMetrics(total=sum(by_status.values()), by_status=by_status, by_farm=by_farm, tasks=tasks)

    def last_event(self) -> int:
        return int(self._database.rows("select coalesce(max(seq), 0) from events")[0][0])

    def events(self, after: int, limit: int) -> list[JobEvent]:
        rows = self._database.rows(
            "select seq, kind, job, data from events where seq > ? order by seq limit ?", after, limit
        )
        return [
            JobEvent(seq=seq, kind=kind, job_id=job, job=None if data is None else _job(data))
            for seq, kind, job, data in rows
        ]

    def take_lease(self, name: str, owner: str, seconds: float) -> bool:
        now = self._database.now()

        def work(db: Writer) -> bool:
            for holder, until in db.rows("select owner, until from leases where name = ?", name):
                # A lease far in the future was written by a clock that has been set back since.
                if holder != owner and now < until < now + 10 * seconds:
                    return False
            db.run(
                "insert into leases values (?, ?, ?)"
                " on conflict (name) do update set owner = excluded.owner, until = excluded.until",
                *(name, owner, now + seconds),
            )
            return True

        return self._together(work)

    def drop_lease(self, name: str, owner: str) -> None:
        self._together(lambda db: db.run("delete from leases where name = ? and owner = ?", name, owner))

    def prune(self, *, keep: int | None, hours: float | None) -> list[Job]:
        removed: list[str] = []
        if hours is not None:
            oldest = self._database.now() - hours * 3600
            removed += self._remove("pruned_by_retention", " and ended_at < ?", oldest)
        if keep is not None:
            too_many = self._database.rows("select count(*) from jobs")[0][0] - keep
            if too_many > 0:
                removed += self._remove("pruned_by_limit", "", most=too_many)
        if removed:
            self._together(lambda db: _note(db, "last_compaction", self._database.now()))
        return [job for job in map(_job_if_whole, removed) if job is not None]

    def was_imported(self) -> bool:
        return bool(self._database.rows("select 1 from notes where name = 'imported'"))

    def import_jobs(self, jobs: Sequence[Job]) -> int:
        """Ended jobs of an older record, in this order, without events; once for ever. How many were new."""

        def work(db: Writer) -> int:
            if db.rows("select 1 from notes where name = 'imported'"):
                return 0
            _note(db, "imported", self._database.now())
            return sum(_insert(db, NewJob(job, "{}", ""), job.model_dump_json(), is_pending=0) for job in jobs)

        return self._together(work)

    def health(self) -> StoreHealth:
        notes = dict(self._database.rows("select name, value from notes"))
        ((every, pending),) = self._database.rows(
            "select (select count(*) from jobs), (select count(*) from jobs where is_pending = 1)"
        )
        return StoreHealth(
            kind=self._database.kind,
            is_writable=self._is_writable(),
            history_size=every,
            history_limit=None,
            retention_hours=None,
            pruned_by_retention=int(notes.get("pruned_by_retention", 0)),
            pruned_by_limit=int(notes.get("pruned_by_limit", 0)),
            last_compaction=notes.get("last_compaction"),
            pending=pending,
        )

    def _is_writable(self) -> bool:
        if not self._database.has_room():
            return False
        try:
            self._together(lambda db: _note(db, "written", self._database.now()))
        except RenderStoreFailed:
            return False
        return True

    def _remove(self, note: str, condition: str, *values: float, most: int | None = None) -> list[str]:
        """Ended jobs, the oldest first; in pieces, for others write in between."""
        chosen = f"select seq from jobs where ended_at is not null{condition} order by seq limit ?"  # noqa: S608
        sql = f"delete from jobs where seq in ({chosen}) returning id, data"  # noqa: S608 - names are ours
        removed: list[str] = []
        while True:
            size = _PIECE if most is None else min(_PIECE, most - len(removed))

            def work(db: Writer, size: int = size) -> list[str]:
                gone = db.rows(sql, *values, size)
                for job_id, _ in gone:
                    _tell(db, "removed", job_id, None)
                db.run(
                    "insert into notes values (?, ?)"
                    " on conflict (name) do update set value = notes.value + excluded.value",
                    *(note, float(len(gone))),
                )
                return [data for _, data in gone]

            gone = self._together(work)
            removed += gone
            if len(gone) < _PIECE:
                return removed

    def _together(self, work: Callable[[Writer], T]) -> T:
        """What ``work`` gives, durably. It raises OnePieceError only before it writes."""
        mine = _Change(work)
        with self._gate:
            self._waiting.append(mine)
        with self._turn:
            while not mine.is_done:
                with self._gate:
                    group, self._waiting = self._waiting[:_GROUP], self._waiting[_GROUP:]
                self._commit(group)
        if mine.error is not None:
            raise mine.error
        result: T = mine.result
        return result

    def _commit(self, group: list[_Change]) -> None:
        failed: Exception = RenderStoreFailed("The record of render jobs was interrupted")
        is_durable = False
        try:
            with self._database.change() as db:
                for each in group:
                    try:
                        each.result = each.work(db)
                    except RenderStoreFailed:
                        raise
                    except OnePieceError as error:
                        each.error = error
            is_durable = True
        except Exception as error:
            failed = error
        finally:
            for each in group:
                each.is_done = True
                if not is_durable:
                    each.error = failed


@lru_cache(maxsize=1024)
def _listed(data: str) -> Job:
    """Lists are asked for again and again, and most of their jobs are as they were."""
    return _job(data)


def _job_if_whole(data: str) -> Job | None:
    try:
        return _job(data)
    except RenderStoreBroken:
        return None


def _job(data: str) -> Job:
    try:
        return Job.model_validate_json(data)
    except ValidationError as cause:
        raise RenderStoreBroken("A job of the record cannot be read") from cause


def _conditions(wanted: JobFilter) -> tuple[list[str], list[Any]]:
    asked = {
        "status = ?": wanted.status,
        "farm = ?": wanted.farm,
        '"user" = ?': wanted.user,
        "show_code = ?": wanted.show_code,
        "created_at >= ?": wanted.since,
    }
    chosen = {condition: value for condition, value in asked.items() if value is not None}
    return list(chosen), list(chosen.values())


def _insert(db: Writer, new: NewJob, data: str, *, is_pending: int) -> int:
    """A job of this id that is there already stays; 1 or 0."""
    job = new.job
    return db.run(
        'insert into jobs (id, key, fingerprint, farm, status, "user", show_code, created_at, ended_at, is_pending,'
        " data, document) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing",
        *(job.job_id, new.key, new.fingerprint, job.farm, job.status, job.user, job.show_code),
        *(job.created_at, job.ended_at, is_pending, data, new.document),
    )


def _note(db: Writer, name: str, value: float) -> None:
    db.run("insert into notes values (?, ?) on conflict (name) do update set value = excluded.value", name, value)


def _tell(db: Writer, kind: EventKind, job_id: str, data: str | None) -> None:
    ((seq,),) = db.rows("insert into events (kind, job, data) values (?, ?, ?) returning seq", kind, job_id, data)
    if seq % 1000 == 0:
        db.run("delete from events where seq <= ?", seq - _EVENTS_KEPT)
