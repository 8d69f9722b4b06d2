"""Browser sessions: who has signed in with a key once need not send it again for some hours.

A session is a random value in a cookie; the file that all processes of the server share keeps its hash, so it survives
a restart, can be ended at any moment, and tells nothing to who reads the file. It names the key and which secret of it
was given: a key that is revoked, renewed or over ends its sessions with it.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from starlette.requests import HTTPConnection
from starlette.responses import Response

from onepiece_core.errors import CredentialsUnusable
from onepiece_core.wal import turn_to_wal
from onepiece_server.auth.keys import Caller, KeyRing

COOKIE = "trafalgar_session"
_SCHEMA = """
create table if not exists sessions (
    id text primary key, name text not null, mark text not null, ends_at real not null
) without rowid;
create index if not exists sessions_end on sessions (ends_at);
"""
_BUSY_SECONDS = 20.0


class Sessions:
    """Any thread may call it, in several processes over one file."""

    def __init__(
        self, path: Path | None, keys: KeyRing, *, hours: float, clock: Callable[[], float] = time.time
    ) -> None:
        """Open or create the file; None keeps them in memory. Raises CredentialsUnusable."""
        self._keys, self._seconds, self._clock = keys, hours * 3600, clock
        self._lock = threading.Lock()
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(
                path or ":memory:", timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            turn_to_wal(self._db)
            self._db.execute("pragma synchronous = normal")
            self._db.executescript(f"begin immediate;{_SCHEMA}commit;")
        except (sqlite3.Error, OSError) as cause:
            raise _unusable(cause) from cause

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def open_session(self, caller: Caller) -> str:
        """The value of its cookie. Raises CredentialsUnusable when it cannot be kept."""
        value, now = secrets.token_urlsafe(32), self._clock()
        row = (_id(value), caller.name, caller.mark, now + self._seconds)
        self._run("delete from sessions where ends_at <= ?", now)
        self._run("insert into sessions values (?, ?, ?, ?)", *row)
        return value

    def caller_of(self, connection: HTTPConnection) -> Caller | None:
        """Whose session the request's cookie is of, with the roles that the key has now."""
        value = connection.cookies.get(COOKIE)
        if not value:
            return None
        rows = self._run("select name, mark, ends_at from sessions where id = ?", _id(value))
        if not rows or rows[0][2] <= self._clock():
            return None
        return self._keys.recall(rows[0][0], rows[0][1])

    def close_session(self, connection: HTTPConnection) -> None:
        """Sign out: the value opens nothing any more, wherever it was copied to."""
        value = connection.cookies.get(COOKIE)
        if value:
            self._run("delete from sessions where id = ?", _id(value))

    def set_cookie(self, response: Response, value: str, connection: HTTPConnection) -> None:
        # Lax: a link to a page, sent by somebody, opens it signed in. What changes anything asks where it comes from.
        response.set_cookie(
            COOKIE,
            value,
            max_age=int(self._seconds),
            path=_cookie_path(connection),
            secure=connection.scope.get("scheme") in ("https", "wss"),
            httponly=True,
            samesite="lax",
        )

    def clear_cookie(self, response: Response, connection: HTTPConnection) -> None:
        response.delete_cookie(
            COOKIE,
            path=_cookie_path(connection),
            secure=connection.scope.get("scheme") in ("https", "wss"),
            httponly=True,
            samesite="lax",
        )

    def _run(self, sql: str, *values: object) -> list[tuple[str, str, float]]:
        with self._lock:
            try:
                return self._db.execute(sql, values).fetchall()
            except sqlite3.Error as cause:
                raise _unusable(cause) from cause


def _unusable(cause: Exception) -> CredentialsUnusable:
    return CredentialsUnusable(
        f"Browser sessions cannot be kept: {cause}", hint="Check the disk of the state folder, or send a key."
    )


def _id(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()


def _cookie_path(connection: HTTPConnection) -> str:
    return connection.scope.get("root_path") or "/"
