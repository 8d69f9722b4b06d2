"""The mirror: what the tracker said, in one SQLite file of the state folder that every process of a server opens.

It is only a copy: whatever happens to it, it can be deleted and is read again. Rows of a show, their counts and its
generation change in one transaction.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onepiece_core.dashboard.model import BoardEvent
from onepiece_core.errors import DashboardStoreFailed
from onepiece_core.wal import turn_to_wal

_VERSION = 1
_LEASE_SECONDS = 60.0
_KEPT_EVENTS = 10_000

_SCHEMA = """
create table meta (name text primary key, value text not null) without rowid;
create table projects (
    key integer primary key, id integer unique, code text not null unique, name text not null,
    status text not null default '', archived integer not null default 0, known_by text not null default '[]',
    as_of real, generation integer not null default 0, partial integer not null default 0, full_at real,
    newest_version real, thumbnail integer);
create table shots (
    id integer primary key, project integer not null, code text not null, status text not null,
    episode text not null, sequence text not null, frame_range text not null, description text not null,
    created_at real, updated_at real, versions integer not null default 0, thumbnail integer);
create index shots_by_place on shots (project, episode, sequence, code);
create table tasks (
    id integer primary key, project integer not null, entity_type text not null, entity_id integer, name text not null,
    step text not null, step_name text not null, status text not null, assignees text not null, due text,
    updated_at real);
create index tasks_by_entity on tasks (entity_type, entity_id);
create index tasks_by_project on tasks (project, step, status);
create table versions (
    id integer primary key, project integer not null, code text not null, status text not null,
    entity_type text not null, entity_id integer, entity text not null, step text not null, user text not null,
    description text not null, frame_range text not null, path_to_frames text not null, has_thumbnail integer not null,
    has_movie integer not null, created_at real not null, updated_at real, lean integer not null default 0);
create index versions_by_age on versions (project, lean, created_at, id);
create index versions_by_entity on versions (entity_type, entity_id);
create table publishes (
    id integer primary key, project integer not null, code text not null, name text not null, kind text not null,
    version_number integer, path text not null, version_id integer, entity_type text not null, entity_id integer,
    step text not null, user text not null, uses text not null, used_by text not null, created_at real,
    updated_at real);
create index publishes_by_entity on publishes (entity_type, entity_id);
create index publishes_by_project on publishes (project);
create table playlists (
    id integer primary key, project integer not null, code text not null, versions text not null, updated_at real);
create index playlists_by_project on playlists (project);
create table deliveries (
    id integer primary key, project integer not null, title text not null, status text not null,
    recipient text not null, place text not null, versions text not null, created_at real, updated_at real);
create index deliveries_by_project on deliveries (project);
create table counts (
    project integer not null, kind text not null, episode text not null, sequence text not null, status text not null,
    number integer not null, primary key (project, kind, episode, sequence, status)) without rowid;
create table burn (project integer not null, day text not null, done integer not null, total integer not null,
    primary key (project, day)) without rowid;
create table events (
    seq integer primary key autoincrement, kind text not null, project text not null, at real not null);
"""


class Mirror:
    """Safe for several threads and processes. Raises DashboardStoreFailed for a file that cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self.write() as db:
                if db.execute("pragma user_version").fetchone()[0] != _VERSION:
                    _make(db)
        except OSError as cause:
            raise self._failed(cause) from cause

    def close(self) -> None:
        with self._lock:
            for each in self._opened:
                each.close()
            self._opened.clear()
            self._local = threading.local()

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        try:
            return self.connection().execute(sql, values).fetchall()
        except sqlite3.Error as cause:
            raise self._failed(cause) from cause

    def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        return next(iter(self.rows(sql, *values)), None)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One change: all of it or nothing."""
        try:
            db = self.connection()
            db.execute("begin immediate")
            try:
                yield db
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")
        except sqlite3.Error as cause:
            raise self._failed(cause) from cause

    def size_bytes(self) -> int:
        """On disk, its log included."""
        files = (self.path, self.path.with_name(f"{self.path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    # Small facts by name

    def fact(self, name: str, default: Any = None) -> Any:
        row = self.row("select value from meta where name = ?", name)
        return default if row is None else json.loads(row[0])

    def note(self, db: sqlite3.Connection, **facts: object) -> None:
        told = [(name, json.dumps(value)) for name, value in facts.items()]
        db.executemany("insert or replace into meta values (?, ?)", told)

    def tell(self, db: sqlite3.Connection, kind: str, project: str = "") -> None:
        """Let everybody who follows know."""
        row = db.execute("insert into events (kind, project, at) values (?, ?, ?)", (kind, project, time.time()))
        if row.lastrowid is not None and row.lastrowid % 1000 == 0:
            db.execute("delete from events where seq < ?", (row.lastrowid - _KEPT_EVENTS,))

    def events(self, after: int, limit: int = 200) -> list[BoardEvent]:
        rows = self.rows("select * from events where seq > ? order by seq limit ?", after, limit)
        return [BoardEvent(**dict(row)) for row in rows]

    def last_event(self) -> int:
        row = self.row("select max(seq) from events")
        return row[0] or 0 if row else 0

    # The lease of who refreshes; by the clock that a machine's processes share and nobody sets

    def take_lease(self, who: str) -> bool:
        """Whether ``who`` refreshes from now on; nobody else does until the lease is over."""
        if self.refresher() not in ("", who):
            return False
        with self.write() as db:
            if self.refresher() not in ("", who):
                return False
            self.note(db, lease=[who, time.monotonic() + _LEASE_SECONDS])
        return True

    def refresher(self) -> str:
        """Who has the lease now; empty: nobody."""
        holder, until = self.fact("lease", ["", 0.0])
        # One that would last longer than any is of before the machine was started anew.
        return str(holder) if 0 < until - time.monotonic() <= _LEASE_SECONDS else ""

    def leave_lease(self, who: str) -> None:
        if self.fact("lease", ["", 0.0])[0] == who:
            with self.write() as db:
                self.note(db, lease=["", 0.0])

    def connection(self) -> sqlite3.Connection:
        """This thread's own."""
        found: sqlite3.Connection | None = getattr(self._local, "db", None)
        if found is None:
            found = sqlite3.connect(self.path, timeout=20, isolation_level=None, check_same_thread=False)
            found.row_factory = sqlite3.Row
            turn_to_wal(found)
            found.execute("pragma synchronous = normal")  # a copy: what a power cut takes is asked for again
            self._local.db = found
            with self._lock:
                self._opened.append(found)
        return found

    def _failed(self, cause: Exception) -> DashboardStoreFailed:
        return DashboardStoreFailed(f"The dashboard's copy cannot be used: {cause}", path=str(self.path))


def _make(db: sqlite3.Connection) -> None:
    """Make the tables; those of another version go, as they are only a copy."""
    tables = db.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'").fetchall()
    for (name,) in tables:
        db.execute(f'drop table "{name}"')
    for statement in _SCHEMA.split(";\n"):
        if statement.strip():
            db.execute(statement)
    db.execute(f"pragma user_version = {_VERSION}")
