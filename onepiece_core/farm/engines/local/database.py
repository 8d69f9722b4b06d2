"""The queue's file: SQLite (WAL, synchronous FULL) on a local disk."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onepiece_core.errors import FarmProtocolError, FarmUnavailable
from onepiece_core.filesystems import refuse_network_filesystem
from onepiece_core.wal import turn_to_wal

_VERSION = 1

# A task that is held or blocked is stored as queued: its job says why it waits.
_SCHEMA = """
create table if not exists jobs (
    seq integer primary key autoincrement,
    id text not null unique,
    document text not null,
    priority integer not null,
    max_attempts integer not null,
    is_held integer not null,
    waits_for integer not null,
    may_start integer not null default 1,
    created_at real not null
);
create index if not exists jobs_to_start on jobs (priority desc, seq) where may_start = 1 and is_held = 0
    and waits_for = 0;
create table if not exists tasks (
    job integer not null references jobs (seq),
    number integer not null,
    frames text not null,
    state text not null default 'queued',
    attempt integer not null default 0,
    tries integer not null default 0,
    progress real,
    worker integer,
    primary key (job, number)
) without rowid;
create index if not exists tasks_by_state on tasks (job, state, number);
create index if not exists tasks_by_worker on tasks (worker) where worker is not null;
create table if not exists attempts (
    job integer not null references jobs (seq),
    number integer not null,
    attempt integer not null,
    state text not null default 'running',
    exit_code integer,
    message text not null default '',
    host text not null,
    pid integer not null,
    started_at real not null,
    ended_at real,
    primary key (job, number, attempt)
) without rowid;
create table if not exists dependencies (
    job integer not null references jobs (seq),
    needs integer not null references jobs (seq),
    primary key (job, needs)
) without rowid;
create index if not exists dependents on dependencies (needs, job);
create table if not exists workers (
    id integer primary key autoincrement,
    pid integer not null default 0,
    started text not null default '',
    token text not null,
    is_ready integer not null default 0,
    since real not null
);
"""


class Database:
    """One connection, for the threads of one process; other processes have their own."""

    def __init__(self, folder: Path) -> None:
        """Nothing is opened yet."""
        self.folder = folder
        self.path = folder / "queue.db"
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None

    def open(self) -> None:
        """Raises FarmUnavailable for a disk that is full or not ours, StateNotLocal on a network filesystem."""
        with self._lock, self._translated():
            self._connection()

    def close(self) -> None:
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock, self._translated():
            return self._connection().execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
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
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            refuse_network_filesystem(self.folder)
            db = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
            try:
                self._prepare(db)
            except BaseException:
                db.close()
                raise
            self._db = db
        return self._db

    def _prepare(self, db: sqlite3.Connection) -> None:
        db.row_factory = sqlite3.Row
        turn_to_wal(db)
        db.execute("pragma synchronous = full")
        found = db.execute("pragma user_version").fetchone()[0]
        if found > _VERSION:
            raise FarmProtocolError(
                f"The queue {self.path} was written by a newer OnePiece", path=str(self.path), version=found
            )
        if found < _VERSION:
            db.executescript(f"begin immediate;{_SCHEMA}pragma user_version = {_VERSION};commit;")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise FarmUnavailable(
                f"The queue of this machine cannot be used: {error}",
                hint="Check that its disk is writable and not full; work goes on as soon as it is.",
                path=str(self.path),
            ) from error


def one(rows: list[sqlite3.Row]) -> Any:
    """The only value of the only row, or None."""
    return rows[0][0] if rows else None
