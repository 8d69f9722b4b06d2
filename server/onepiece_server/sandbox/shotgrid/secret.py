"""Passwords and script keys, kept as salted digests."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import time

_DAY_SECONDS = 86_400.0


def _digest(salt: bytes, secret: str) -> bytes:
    # One round: each call proves itself anew, and what is guarded here lives on one machine.
    return hashlib.sha256(salt + secret.encode("utf-8", "surrogatepass")).digest()


def set_secret(connection: sqlite3.Connection, user_type: str, user_id: int, secret: str | None) -> None:
    """None or an empty one: nobody gets in with a password any more."""
    if not secret:
        connection.execute('DELETE FROM "__secrets" WHERE user_type=? AND user_id=?', [user_type, user_id])
        return
    salt = secrets.token_bytes(16)
    connection.execute(
        'INSERT OR REPLACE INTO "__secrets" VALUES (?,?,?,?)', [user_type, user_id, salt, _digest(salt, secret)]
    )


def is_secret(connection: sqlite3.Connection, user_type: str, user_id: int, secret: str) -> bool:
    found = connection.execute(
        'SELECT salt, digest FROM "__secrets" WHERE user_type=? AND user_id=?', [user_type, user_id]
    ).fetchone()
    return found is not None and hmac.compare_digest(found[1], _digest(found[0], secret))


def new_session(connection: sqlite3.Connection, user_type: str, user_id: int, now: float) -> str:
    """A session token, good for a day; only its digest is kept."""
    connection.execute('DELETE FROM "__sessions" WHERE created_at < ?', [now - _DAY_SECONDS])
    token = secrets.token_hex(16)
    connection.execute('INSERT INTO "__sessions" VALUES (?,?,?,?)', [_digest(b"", token), user_type, user_id, now])
    return token


def has_session_since(connection: sqlite3.Connection, moment: float) -> bool:
    found = connection.execute('SELECT 1 FROM "__sessions" WHERE created_at > ? LIMIT 1', [moment]).fetchone()
    return found is not None


def session_user(connection: sqlite3.Connection, token: str) -> tuple[str, int] | None:
    """Whose session it is; None when there is none, or it has expired."""
    row: tuple[str, int] | None = connection.execute(
        'SELECT user_type, user_id FROM "__sessions" WHERE digest=? AND created_at > ?',
        [_digest(b"", token), time.time() - _DAY_SECONDS],
    ).fetchone()
    return row
