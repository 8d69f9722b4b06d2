"""Remembers which state of a file is which object, so that the next sync need not ask.

It only saves work: losing it, or not being able to use it, costs a HEAD request or a read for a file.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS same (
    place TEXT NOT NULL, relative TEXT NOT NULL,
    device INTEGER, inode INTEGER, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER,
    etag TEXT NOT NULL, file_xxh128 TEXT NOT NULL, object_xxh128 TEXT NOT NULL,
    PRIMARY KEY (place, relative)
) WITHOUT ROWID
"""
_LOOK = """
SELECT device, inode, size, mtime_ns, ctime_ns, etag, file_xxh128, object_xxh128 FROM same
WHERE place = ? AND relative = ?
"""
_NOTE = "INSERT OR REPLACE INTO same VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_A_BATCH = 500


@dataclass(frozen=True, slots=True)
class Known:
    """The file's state (device, inode, size, mtime, ctime) that was taken for the object with this etag.

    The hashes are those of the bytes that were read, each "" where nobody has read them.
    """

    state: tuple[int, int, int, int, int]
    etag: str
    file_xxh128: str
    object_xxh128: str


def state_of(status: os.stat_result) -> tuple[int, int, int, int, int]:
    """What changes whenever a file is written to: nobody can set a ctime back."""
    # SQLite's integers are signed; inodes of some filesystems use all 64 bits.
    return (
        _signed(status.st_dev),
        _signed(status.st_ino),
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


class HashCache:
    """One place's part of the cache. Used by one thread; several processes may share the file.

    Args:
        place: what the relative paths are relative to, on both sides.
    """

    def __init__(self, file: Path, place: str) -> None:
        self._file = file
        self._place = place
        self._connection: sqlite3.Connection | None = None
        self._is_off = False
        self._noted: list[tuple[object, ...]] = []

    def find(self, relative: str) -> Known | None:
        row = None
        with self._tolerant():
            if connection := self._connected():
                row = connection.execute(_LOOK, (self._place, relative)).fetchone()
        return None if row is None else Known(tuple(row[:5]), *row[5:])

    def note(self, relative: str, known: Known) -> None:
        self._noted.append((self._place, relative, *known.state, known.etag, known.file_xxh128, known.object_xxh128))
        if len(self._noted) >= _A_BATCH:
            self.flush()

    def flush(self) -> None:
        noted, self._noted = self._noted, []
        if not noted:
            return
        with self._tolerant():
            if connection := self._connected():
                with connection:
                    connection.executemany(_NOTE, noted)

    def close(self) -> None:
        self.flush()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> sqlite3.Connection | None:
        if self._connection is None and not self._is_off:
            self._connection = self._open()
        return self._connection

    @contextmanager
    def _tolerant(self) -> Iterator[None]:
        """From the first time that the file cannot be used, there is no cache."""
        try:
            yield
        except (sqlite3.Error, OSError):
            self._is_off = True
            with suppress(sqlite3.Error):
                if self._connection is not None:
                    self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._file, timeout=5)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number
