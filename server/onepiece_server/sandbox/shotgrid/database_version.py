"""Which databases can be opened: those of this version and of older ones, whole, and made by us."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onepiece_core.errors import SandboxDataUnusable

# Raised when what is kept changes its meaning. Tables and columns that are merely new need no new version:
# they are added whenever a database is opened.
VERSION = 1
_APPLICATION = int.from_bytes(b"1PSG", "big")
# Reading every page takes about 1.6 s a gigabyte.
_CHECK_BYTES = 256 * 1024 * 1024


def claim(connection: sqlite3.Connection, path: Path) -> None:
    """Mark a new or older database as one of this version, inside the transaction that is under way.

    Raises:
        SandboxDataUnusable: it is damaged, of a newer version, or somebody else's.
    """
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    application, version = _pragma(connection, "application_id"), _pragma(connection, "user_version")
    if tables and application != _APPLICATION and not (application == version == 0 and "__links" in tables):
        raise SandboxDataUnusable(f"{path} is no database of a sandbox's site", file=str(path))
    if version > VERSION:
        raise SandboxDataUnusable(
            f"{path} was written by a newer OnePiece: its version is {version}, this one knows {VERSION}",
            hint="Use the newer OnePiece; `onepiece sandbox reset` starts over with fresh content.",
            file=str(path),
            version=version,
        )
    if path.stat().st_size <= _CHECK_BYTES:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise SandboxDataUnusable(f"{path} is damaged: {found}", file=str(path))
    connection.execute(f"PRAGMA application_id={_APPLICATION}")
    connection.execute(f"PRAGMA user_version={VERSION}")


@contextmanager
def told_when_unusable(path: Path) -> Iterator[None]:
    """What SQLite cannot open is told as an error of ours."""
    try:
        yield
    except sqlite3.DatabaseError as cause:
        damaged = cause.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        what = "is damaged" if damaged else "cannot be used"
        raise SandboxDataUnusable(f"{path} {what}: {cause}", file=str(path)) from cause


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
