"""Who changed what over the API: entries chained by hash, so one that was changed or taken out is noticed."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onepiece_core.errors import AuditBroken
from onepiece_core.log import get_logger
from onepiece_core.wal import turn_to_wal

log = get_logger(__name__)

_SCHEMA = """
create table if not exists entries (seq integer primary key, data text not null, hash text not null);
pragma user_version = 1;
"""
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
# These are summed instead (refusals.py), reads too: one caller may send any number of them.
REFUSED = frozenset({401, 403, 413, 429})
_START = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """``data``: at (seconds since the epoch), caller, method, path, status."""

    seq: int
    data: dict[str, Any]


class AuditLog:
    """One SQLite file that several processes append to. Survives the death of any of them."""

    def __init__(self, path: Path) -> None:
        """Open or create it. Raises AuditBroken when it cannot be used."""
        self._lock = threading.Lock()
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(path, timeout=20, isolation_level=None, check_same_thread=False)
            turn_to_wal(self._db)
            self._db.execute("pragma synchronous = normal")
            if self._db.execute("pragma user_version").fetchone()[0] < 1:
                self._db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as cause:
            raise AuditBroken(f"The audit log cannot be used: {cause}", path=str(path)) from cause

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def write(self, **told: Any) -> None:
        """Raises AuditBroken when it cannot be written."""
        data = json.dumps({"at": time.time(), **told}, sort_keys=True)
        with self._lock:
            try:
                self._db.execute("begin immediate")
                try:
                    last = self._db.execute("select seq, hash from entries order by seq desc limit 1").fetchone()
                    seq, before = (last[0] + 1, last[1]) if last else (1, _START)
                    self._db.execute("insert into entries values (?, ?, ?)", (seq, data, _hash(seq, before, data)))
                    self._db.execute("commit")
                except BaseException:
                    if self._db.in_transaction:
                        self._db.execute("rollback")
                    raise
            except sqlite3.Error as cause:
                raise AuditBroken(f"The audit log cannot be written: {cause}", path=str(self._path)) from cause

    def entries(self, last: int = 100) -> list[Entry]:
        """The newest ones, the oldest of them first."""
        with self._lock:
            rows = self._db.execute("select seq, data from entries order by seq desc limit ?", (last,)).fetchall()
        return [Entry(seq, json.loads(data)) for seq, data in reversed(rows)]

    def verify(self) -> int:
        """How many entries there are. Raises AuditBroken, which names the first one that is not as it was written.

        Entries cut off at the end are not noticed by this alone: keep the number and the last hash elsewhere.
        """
        expected, before = 1, _START
        with self._lock:
            for seq, data, found in self._db.execute("select seq, data, hash from entries order by seq"):
                if seq != expected or found != _hash(seq, before, data):
                    raise AuditBroken(f"The audit log was changed at entry {expected}", entry=expected)
                expected, before = seq + 1, found
        return expected - 1


def _hash(seq: int, before: str, data: str) -> str:
    return hashlib.sha256(f"{before}\n{seq}\n{data}".encode()).hexdigest()


class Audited:
    """ASGI: each request that may change something leaves an entry, whatever it was answered; refusals aside."""

    def __init__(self, app: ASGIApp, *, audit: AuditLog) -> None:
        self._app, self._audit = app, audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _READS:
            await self._app(scope, receive, send)
            return
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status not in REFUSED:
                    self._write(scope, status)
            await send(message)

        await self._app(scope, receive, sending)

    def _write(self, scope: Scope, status: int) -> None:
        caller = (scope.get("state") or {}).get("caller")
        told = {"caller": caller.name if caller else None, "method": scope["method"], "path": scope["path"][:500]}
        try:
            self._audit.write(**told, status=status)
        except AuditBroken as error:
            log.error("server.audit_failed", happened=error.report.message)
