"""The record in one SQLite file (WAL, synchronous FULL) on a local disk."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

from onepiece_core.errors import RenderStoreBroken, RenderStoreFailed
from onepiece_core.filesystems import refuse_network_filesystem
from onepiece_core.render.sql_store import SCHEMA, SqlStore
from onepiece_core.wal import turn_to_wal

_VERSION = 1
_BUSY_SECONDS = 20.0
# A checkpoint copies each page once however often it was written: 16 MB of them cost fewer copies than 4 MB.
_CHECKPOINT_PAGES = 4000
# A full disk may still take a few words, and no job.
_ROOM = 1024 * 1024
_SCHEMA = SCHEMA.format(key="integer primary key autoincrement", real="real")


def sqlite_store(path: Path, clock: Callable[[], float] = time.time) -> SqlStore:
    """Nothing is opened yet."""
    return SqlStore(SqliteDatabase(path, clock))


def check_record(path: Path) -> None:
    """Read the whole file and change nothing. Raises RenderStoreBroken; one that is not there yet is fine.

    What only cannot be read now is no reason to refuse it: whoever uses it is told then.
    """
    if not path.is_file():
        return
    found = "ok"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)) as db:
            ((found,),) = db.execute("pragma quick_check(1)")
    except sqlite3.DatabaseError as error:
        if _is_damage(error):
            found = str(error)
    if found != "ok":
        raise RenderStoreBroken(f"The record of render jobs {path} is damaged: {found}", path=str(path))


def _is_damage(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class SqliteDatabase:
    """One connection that writes and one that reads, for the threads of this process; others have their own."""

    kind: Literal["sqlite", "postgresql"] = "sqlite"

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Nothing is opened yet."""
        self._path, self.now = path, clock
        self._writer, self._reader = _Connection(path), _Connection(path)

    def rows(self, sql: str, *values: object) -> list[Any]:
        with self._reader as db, self._translated():
            return db.rows(sql, *values)

    @contextmanager
    def change(self) -> Iterator[_Connection]:
        with self._writer as db, self._translated():
            db.run("begin immediate")
            try:
                yield db
                db.run("commit")
            except BaseException:
                db.roll_back()
                raise

    def has_room(self) -> bool:
        try:
            return shutil.disk_usage(self._path.parent).free >= _ROOM
        except OSError:
            return False

    def close(self) -> None:
        self._writer.close()
        self._reader.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            kind = RenderStoreBroken if _is_damage(error) else RenderStoreFailed
            raise kind(f"The record of render jobs cannot be used: {error}", path=str(self._path)) from error


class _Connection:
    """Opened when it is first used; one thread at a time within ``with``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None

    def __enter__(self) -> _Connection:
        self._lock.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def rows(self, sql: str, *values: object) -> list[Any]:
        return self._opened().execute(sql, values).fetchall()

    def run(self, sql: str, *values: object) -> int:
        return self._opened().execute(sql, values).rowcount

    def roll_back(self) -> None:
        if self._db is not None and self._db.in_transaction:
            self._db.execute("rollback")

    def close(self) -> None:
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            refuse_network_filesystem(self._path.parent)
            db = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                _prepare(db, self._path)
            except BaseException:
                db.close()
                raise
            self._db = db
        return self._db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    turn_to_wal(db, _BUSY_SECONDS)
    db.execute("pragma synchronous = full")
    db.execute(f"pragma wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    found = db.execute("pragma user_version").fetchone()[0]
    if found > _VERSION:
        raise RenderStoreFailed(
            f"The record of render jobs {path} was written by a newer OnePiece", path=str(path), version=found
        )
    if found < _VERSION:
        db.executescript(f"begin immediate;{_SCHEMA}pragma user_version = {_VERSION};commit;")
