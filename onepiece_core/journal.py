"""The write-ahead record of every operation that changes the world.

One SQLite file (WAL, synchronous FULL) in the state folder, which must lie on a local disk. An operation has steps,
each a row that is written before the step and closed after it, and an outbox of tracker writes. Paths in it are
``root:relative``.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from onepiece_core.errors import ErrorReport, JournalError
from onepiece_core.filesystems import MOUNTS, refuse_network_filesystem

State = Literal["running", "parked", "finished", "discarded", "failed"]
UNFINISHED: tuple[State, ...] = ("running", "parked")

_SCHEMA = """
create table if not exists operations (
    id text primary key,
    kind text not null,
    fingerprint text not null,
    name text not null,
    state text not null,
    host text not null,
    pid integer not null,
    pid_started real not null,
    created_at real not null,
    updated_at real not null,
    request text not null,
    result text,
    error text
);
create index if not exists operations_by_fingerprint on operations (fingerprint, created_at);
create index if not exists operations_by_state on operations (state, created_at);
create index if not exists operations_by_kind on operations (kind, created_at, id);
create index if not exists operations_by_time on operations (created_at, id);
create table if not exists steps (
    operation text not null references operations (id),
    name text not null,
    opened_at real not null,
    closed_at real,
    detail text not null default '{}',
    primary key (operation, name)
);
create table if not exists outbox (
    operation text not null references operations (id),
    seq integer not null,
    kind text not null,
    payload text not null,
    state text not null default 'waiting',
    sent_at real,
    failed_at real,
    result text,
    error text,
    primary key (operation, seq)
);
pragma user_version = 2;
"""


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that works on an operation."""

    host: str
    pid: int
    pid_started: float

    @classmethod
    def me(cls) -> Owner:
        import psutil

        return cls(socket.gethostname(), os.getpid(), psutil.Process().create_time())

    def is_alive(self) -> bool:
        """False only when it surely is not: a process of another machine counts as alive."""
        import psutil

        if self.host != socket.gethostname():
            return True
        try:
            process = psutil.Process(self.pid)
            # A recycled pid has another start; the clocks' resolution is a hundredth of a second.
            return process.status() != psutil.STATUS_ZOMBIE and bool(abs(process.create_time() - self.pid_started) < 1)
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of the journal. Times are seconds since the epoch."""

    id: str
    kind: str
    fingerprint: str
    name: str
    state: State
    owner: Owner
    created_at: float
    updated_at: float
    request: dict[str, Any]
    result: dict[str, Any] | None
    error: dict[str, Any] | None

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED


class Journal:
    """Operations of this machine's user. Safe for several threads and processes."""

    def __init__(self, state_dir: Path, *, mounts: Path = MOUNTS) -> None:
        """Open or create the journal. Raises StateNotLocal on a network filesystem, else JournalError."""
        self._path = state_dir / "journal.db"
        self._lock = threading.RLock()
        try:
            state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            refuse_network_filesystem(state_dir, mounts)
            self._db = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = full")
            if self._db.execute("pragma user_version").fetchone()[0] < 2:
                self._db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise JournalError(
                f"The journal in {state_dir} cannot be used: {error}",
                hint="Point ONEPIECE_STATE_DIR at a writable folder on a local disk.",
                path=str(self._path),
            ) from error

    @property
    def folder(self) -> Path:
        """The state folder; small files that go with operations may lie beside the journal."""
        return self._path.parent

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One durable change: all of it or nothing."""
        with self._lock:
            try:
                self._db.execute("begin immediate")
                try:
                    yield self._db
                except BaseException:
                    self._db.execute("rollback")
                    raise
                self._db.execute("commit")
            except sqlite3.Error as error:
                raise JournalError(f"The journal refused a write: {error}", path=str(self._path)) from error

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    # Operations

    def begin(self, operation: str, *, kind: str, fingerprint: str, name: str, request: dict[str, Any]) -> Operation:
        """Write a new operation, owned by this process."""
        me, now = Owner.me(), time.time()
        with self.transaction() as db:
            db.execute(
                "insert into operations (id, kind, fingerprint, name, state, host, pid, pid_started, created_at,"
                " updated_at, request) values (?, ?, ?, ?, 'running', ?, ?, ?, ?, ?, ?)",
                (operation, kind, fingerprint, name, me.host, me.pid, me.pid_started, now, now, json.dumps(request)),
            )
        return self.get(operation)

    def park(self, operation: str, *, kind: str, name: str, request: dict[str, Any]) -> bool:
        """Write an operation that waits for whoever takes it first; False when its id was used before."""
        me, now = Owner.me(), time.time()
        with self.transaction() as db:
            changed = db.execute(
                "insert or ignore into operations (id, kind, fingerprint, name, state, host, pid, pid_started,"
                " created_at, updated_at, request) values (?, ?, ?, ?, 'parked', ?, ?, ?, ?, ?, ?)",
                (operation, kind, operation, name, me.host, me.pid, me.pid_started, now, now, json.dumps(request)),
            )
        return changed.rowcount == 1

    def take(self, operation: str, *, unfinished: bool = False) -> bool:
        """Make this process the owner of an operation whose owner is gone; False when the owner lives.

        ``unfinished``: False also when somebody else has brought it to its end in the meantime.
        """
        me = Owner.me()
        with self.transaction() as db:
            row = db.execute("select * from operations where id = ?", (operation,)).fetchone()
            if row is None or (unfinished and row["state"] not in UNFINISHED):
                return False
            owner = Owner(row["host"], row["pid"], row["pid_started"])
            if owner != me and row["state"] == "running" and owner.is_alive():
                return False
            db.execute(
                "update operations set state = 'running', host = ?, pid = ?, pid_started = ?, updated_at = ?"
                " where id = ?",
                (me.host, me.pid, me.pid_started, time.time(), operation),
            )
        return True

    def find(self, operation: str) -> Operation | None:
        rows = self.rows("select * from operations where id = ?", operation)
        return _operation(rows[0]) if rows else None

    def get(self, operation: str) -> Operation:
        found = self.find(operation)
        if found is None:
            raise JournalError(f"The journal has no operation {operation}", operation=operation)
        return found

    def find_by_fingerprint(self, fingerprint: str) -> Operation | None:
        """The newest operation with these options that was neither discarded nor failed."""
        rows = self.rows(
            "select * from operations where fingerprint = ? and state not in ('discarded', 'failed')"
            " order by created_at desc limit 1",
            fingerprint,
        )
        return _operation(rows[0]) if rows else None

    def list_unfinished(self, kind: str | None = None) -> list[Operation]:
        """Oldest first."""
        rows = self.rows("select * from operations where state in ('running', 'parked') order by created_at, id")
        return [_operation(row) for row in rows if kind is None or row["kind"] == kind]

    def list_newest(self, kind: str, limit: int) -> list[Operation]:
        """Finished or not, the newest first."""
        rows = self.rows("select * from operations where kind = ? order by created_at desc limit ?", kind, limit)
        return [_operation(row) for row in rows]

    def list_before(
        self, before: tuple[float, str] | None, limit: int, *, kind: str | None = None, unfinished: bool = False
    ) -> list[Operation]:
        """The newest first, from the one after ``before`` (its created_at and id)."""
        at, identifier = before or (float("inf"), "")
        rows = self.rows(
            "select * from operations where (created_at, id) < (?, ?) and (? is null or kind = ?)"
            " and (? or state in ('running', 'parked')) order by created_at desc, id desc limit ?",
            *(at, identifier, kind, kind, not unfinished, limit),
        )
        return [_operation(row) for row in rows]

    def settle(
        self,
        operation: str,
        state: State,
        *,
        result: dict[str, Any] | None = None,
        error: ErrorReport | None = None,
        name: str | None = None,
    ) -> None:
        """Record how far an operation came."""
        with self.transaction() as db:
            db.execute(
                "update operations set state = ?, updated_at = ?, result = coalesce(?, result), error = ?,"
                " name = coalesce(?, name) where id = ?",
                (
                    state,
                    time.time(),
                    None if result is None else json.dumps(result),
                    None if error is None else error.model_dump_json(),
                    name,
                    operation,
                ),
            )

    def update_request(self, operation: str, request: dict[str, Any]) -> None:
        with self.transaction() as db:
            db.execute("update operations set request = ? where id = ?", (json.dumps(request), operation))

    # Steps

    @contextmanager
    def step(self, operation: str, name: str) -> Iterator[dict[str, Any]]:
        """Write the step's row, do the work, close the row with what the work put into the yielded dict."""
        with self.transaction() as db:
            db.execute(
                "insert into steps (operation, name, opened_at) values (?, ?, ?)"
                " on conflict do update set opened_at = excluded.opened_at, closed_at = null",
                (operation, name, time.time()),
            )
        detail: dict[str, Any] = {}
        yield detail
        with self.transaction() as db:
            db.execute(
                "update steps set closed_at = ?, detail = ? where operation = ? and name = ?",
                (time.time(), json.dumps(detail), operation, name),
            )

    def closed_steps(self, operation: str) -> dict[str, dict[str, Any]]:
        """What each closed step left, by its name."""
        rows = self.rows("select name, detail from steps where operation = ? and closed_at is not null", operation)
        return {row["name"]: json.loads(row["detail"]) for row in rows}

    def open_step(self, operation: str) -> str | None:
        """The step that was begun last and not closed."""
        rows = self.rows(
            "select name from steps where operation = ? and closed_at is null order by opened_at desc limit 1",
            operation,
        )
        return str(rows[0]["name"]) if rows else None


def _operation(row: sqlite3.Row) -> Operation:
    return Operation(
        id=row["id"],
        kind=row["kind"],
        fingerprint=row["fingerprint"],
        name=row["name"],
        state=row["state"],
        owner=Owner(row["host"], row["pid"], row["pid_started"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        request=json.loads(row["request"]),
        result=json.loads(row["result"]) if row["result"] else None,
        error=json.loads(row["error"]) if row["error"] else None,
    )
