"""How many requests a caller may send in a minute, over all processes of a server.

What a caller may still send lies in one SQLite file. A process takes it from there in lots, a hundredth of the minute's
number at a time: a write for each request would cost more than many a request. So a caller may get a lot for each
process more than its number, and never a whole number for each. A file that cannot be written leaves each process
counting for itself: a full disk is no reason to refuse everybody, or to let anybody send without end.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Protocol

from onepiece_core.errors import RateLimited
from onepiece_core.log import get_logger
from onepiece_core.wal import turn_to_wal

log = get_logger(__name__)

_CALLERS_KEPT = 10_000
_LOTS = 100
# A request does not wait longer for its number than this, and not again at once where it was in vain.
_BUSY_SECONDS = 0.25
_AGAIN_SECONDS = 5.0
_SCHEMA = "create table if not exists buckets (caller text primary key, requests real, at real) without rowid"


class Buckets(Protocol):
    """What is left of each caller's minute: ``per_minute`` at most, as much as that again each minute."""

    def draw(self, caller: str, most: float, per_minute: int) -> float:
        """Take up to ``most``; less than 1 is not taken, and tells how near the next one is."""

    def close(self) -> None: ...


class Rate:
    """Any thread may call it."""

    def __init__(self, per_minute: int, buckets: Buckets) -> None:
        self._per_minute, self._buckets = per_minute, buckets
        self._lot = max(1, per_minute // _LOTS)
        self._lock = Lock()
        self._held: dict[str, float] = {}

    def narrower(self, per_minute: int) -> Rate:
        """Another count, of what fewer are allowed of."""
        return Rate(min(per_minute, self._per_minute), self._buckets)

    def close(self) -> None:
        self._buckets.close()

    def take(self, caller: str) -> None:
        """Raises RateLimited."""
        with self._lock:
            held = self._held.pop(caller, 0.0)
            drawn = 0.0
            if held < 1:
                drawn = self._buckets.draw(caller, self._lot, self._per_minute)
                held += drawn if drawn >= 1 else 0
            if held >= 1:
                self._held[caller] = held - 1
                if len(self._held) > _CALLERS_KEPT:
                    del self._held[next(iter(self._held))]
                return
        seconds = int((1 - drawn) * 60 / self._per_minute) + 1
        raise RateLimited("Too many requests", retry_after_seconds=seconds)


class MemoryBuckets:
    """Of one process alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._left: dict[str, tuple[float, float]] = {}  # caller: (requests left, when that was)

    def draw(self, caller: str, most: float, per_minute: int) -> float:
        now = self._clock()
        with self._lock:
            left, at = self._left.pop(caller, (float(per_minute), now))
            left = _refilled(left, now - at, per_minute)
            drawn = min(left, most)
            self._left[caller] = (left - drawn if drawn >= 1 else left, now)
            if len(self._left) > _CALLERS_KEPT:
                del self._left[next(iter(self._left))]
        return drawn

    def close(self) -> None:
        pass


class SharedBuckets:
    """Of every process over one file, and as good as it goes where the file cannot be used."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is opened yet. The clock is the machine's, the same in every process."""
        self._path, self._clock, self._lock = path, clock, Lock()
        self._own = MemoryBuckets(clock)
        self._db: sqlite3.Connection | None = None
        self._swept = clock()
        self._failed_at: float | None = None

    def draw(self, caller: str, most: float, per_minute: int) -> float:
        with self._lock:
            if self._failed_at is None or self._clock() - self._failed_at >= _AGAIN_SECONDS:
                try:
                    drawn = self._draw(self._opened(), caller, most, per_minute)
                    self._failed_at = None
                    return drawn
                except (sqlite3.Error, OSError) as error:
                    if self._failed_at is None:
                        log.warning("server.rates_not_shared", kind=type(error).__name__, happened=str(error))
                    self._failed_at = self._clock()
                    self._drop()
        return self._own.draw(caller, most, per_minute)

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _draw(self, db: sqlite3.Connection, caller: str, most: float, per_minute: int) -> float:
        now = self._clock()
        db.execute("begin immediate")
        row = db.execute("select requests, at from buckets where caller = ?", (caller,)).fetchone()
        left, at = row or (float(per_minute), now)
        left = _refilled(left, now - at, per_minute)
        drawn = min(left, most)
        if drawn >= 1:
            db.execute("insert or replace into buckets values (?, ?, ?)", (caller, left - drawn, now))
        if now - self._swept > 60:  # who is silent for a minute has all of it again
            db.execute("delete from buckets where at < ? or at > ?", (now - 60, now + 1))
            self._swept = now
        db.execute("commit")
        return drawn

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            db = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            self._db = db
            turn_to_wal(db, _BUSY_SECONDS)
            db.execute("pragma synchronous = normal")  # counts: nobody misses the last ones
            db.execute(_SCHEMA)
        return self._db

    def _drop(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


def _refilled(left: float, seconds: float, per_minute: int) -> float:
    if seconds < 0:  # the machine was started anew: its clock began again
        return float(per_minute)
    return min(float(per_minute), left + seconds * per_minute / 60)
