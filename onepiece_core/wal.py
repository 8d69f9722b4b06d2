"""SQLite files that several processes open: the way into their write-ahead log."""

from __future__ import annotations

import sqlite3
import time


def turn_to_wal(db: sqlite3.Connection, seconds: float = 20.0) -> None:
    """SQLite's own timeout does not wait here for another that opens a new file at this very moment."""
    until = time.monotonic() + seconds
    while True:
        try:
            db.execute("pragma journal_mode = wal")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
