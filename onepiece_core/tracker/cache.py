"""Answers of the tracker, kept on this machine: panels open at once, and also when the site is away.

The site's event log says what is out of date. One SQLite file on a local disk, shared by all workers of a user.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onepiece_core.errors import TrackerUnavailable
from onepiece_core.tracker.retry import Clock, SystemClock
from onepiece_core.tracker.tracker import Order, Tracker

# An answer older than this is asked for again, whatever the event log says: not every change makes an event.
MAX_AGE_SECONDS = 900.0
_KEPT_SECONDS = 30 * 86_400.0
_EVENTS = 500  # read at once; more than that and everything counts as outdated

_SCHEMA = """
create table if not exists answers (
    site text not null, key text not null, value text not null, fetched_at real not null,
    outdated integer not null default 0, primary key (site, key)
) without rowid;
create table if not exists about (
    site text not null, type text not null, key text not null, primary key (site, type, key)
) without rowid;
create table if not exists seen (site text primary key, event integer not null) without rowid;
"""


@dataclass(frozen=True)
class Cached:
    """An answer; ``age_seconds`` is None when it has just come from the site."""

    value: Any
    age_seconds: float | None


class TrackerCache:
    """One site as one identity sees it. Safe for several threads and processes.

    Args:
        folder: the state folder.
        identity: whose answers these are: people see different projects.
    """

    def __init__(self, folder: Path, tracker: Tracker, identity: str, clock: Clock | None = None) -> None:
        self._tracker = tracker
        self._clock = clock or SystemClock()
        self._site = f"{identity}@{tracker.url}"
        self._lock = threading.RLock()
        path = folder / "tracker-cache.db"
        self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = off")  # a cache: lost is asked for again
        self._db.executescript(_SCHEMA)
        self._db.execute("delete from answers where fetched_at < ?", [self._clock.now() - _KEPT_SECONDS])

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def get(self, key: str, types: Iterable[str], ask: Callable[[], Any]) -> Cached:
        """The answer to ``ask``, kept under ``key``; events about ``types`` make it outdated.

        Raises what ``ask`` raises; when the site is away, only if there is no answer of old.
        """
        row = self._row(key)
        now = self._clock.now()
        if row is not None and not row[2] and now - row[1] < MAX_AGE_SECONDS:
            return Cached(json.loads(row[0]), now - row[1])
        try:
            return Cached(self.renew(key, types, ask), None)
        except TrackerUnavailable:
            if row is None:
                raise
            return Cached(json.loads(row[0]), now - row[1])

    def renew(self, key: str, types: Iterable[str], ask: Callable[[], Any]) -> Any:
        """Ask the site, and keep the answer."""
        asked_at, before = self._clock.now(), self._seen()
        value = ask()
        with self._write() as db:
            # What happened while the site was asked may be missing in its answer.
            outdated = int(self._seen() != before)
            row = [self._site, key, json.dumps(value), asked_at, outdated]
            db.execute("insert or replace into answers values (?,?,?,?,?)", row)
            db.executemany("insert or ignore into about values (?,?,?)", [(self._site, kind, key) for kind in types])
        return value

    def follow(self) -> list[str]:
        """Read the site's event log from where it was left; the keys that are outdated now."""
        seen = self._seen()
        newest_first: Order = {"field_name": "id", "direction": "desc"}
        filters = [] if seen is None else [["id", "greater_than", seen]]
        limit = 1 if seen is None else _EVENTS
        events = self._tracker.find("EventLogEntry", filters, ("event_type",), order=[newest_first], limit=limit)
        if not events:
            return []
        is_too_much = seen is None or len(events) == _EVENTS
        types = None if is_too_much else sorted({_type_of(event["event_type"]) for event in events})
        return self._outdate(types, events[0]["id"])

    def _outdate(self, types: list[str] | None, event: int) -> list[str]:
        """Mark what is about ``types``, None for all."""
        with self._write() as db:
            db.execute("insert or replace into seen values (?,?)", [self._site, event])
            if types is None:
                rows = db.execute("update answers set outdated = 1 where site = ? returning key", [self._site])
            else:
                rows = db.execute(
                    "update answers set outdated = 1 where site = :site and key in (select key from about "
                    "where site = :site and type in (select value from json_each(:types))) returning key",
                    {"site": self._site, "types": json.dumps(types)},
                )
            return [key for (key,) in rows.fetchall()]

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield self._db
                self._db.execute("commit")
            except BaseException:
                self._db.execute("rollback")
                raise

    def _seen(self) -> int | None:
        row = self._db.execute("select event from seen where site = ?", [self._site]).fetchone()
        return row[0] if row else None

    def _row(self, key: str) -> tuple[str, float, int] | None:
        with self._lock:
            found: tuple[str, float, int] | None = self._db.execute(
                "select value, fetched_at, outdated from answers where site = ? and key = ?", [self._site, key]
            ).fetchone()
        return found


def _type_of(event_type: str) -> str:
    """``Shotgun_Version_Change`` tells of a Version."""
    return event_type.partition("_")[2].partition("_")[0]
