"""Keeps the mirror fresh: one process at a time, by a lease; reads whole shows first, afterwards what changed.

What changed is told by the tracker's event log: one request for all shows, and one for each type that has changed.
As not every change makes an event, each show is read anew from time to time.
"""

# ruff: noqa: S608 - names and marks of our own are put into SQL, never values
from __future__ import annotations

import os
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterable, Sequence

from onepiece_core.config.models import DashboardSettings
from onepiece_core.dashboard.counting import recount
from onepiece_core.dashboard.limits import limits_of
from onepiece_core.dashboard.mirror import Mirror
from onepiece_core.dashboard.reading import Reader, Row, changed_in
from onepiece_core.dashboard.registry import update_projects
from onepiece_core.dashboard.rows import KINDS, Kind
from onepiece_core.dashboard.statuses import Statuses
from onepiece_core.errors import OnePieceError, TrackerError
from onepiece_core.log import get_logger
from onepiece_core.tracker.tracker import Entity, Tracker

_TICK_SECONDS = 0.5
_EVENTS = 500  # read at once
_MOST_EVENTS = 5_000  # more than that, and every show is read anew
_FULL_SECONDS = 86_400.0
_PROJECTS_SECONDS = 600.0

log = get_logger(__name__)


class Stopped(Exception):
    """The refresh was told to end, or another process has the lease."""


class Refresher:
    """One per process. ``refresh`` may also be called without its thread."""

    def __init__(self, mirror: Mirror, tracker: Tracker, settings: DashboardSettings, statuses: Statuses) -> None:
        self._mirror, self._settings, self._statuses = mirror, settings, statuses
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._reader = Reader(tracker, self._before_request)
        self._requests = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="dashboard-refresh", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Another process may go on at once. A request that is under way is not waited for."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self._mirror.leave_lease(self.name)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if self._is_due():
                    self.refresh()
            except OnePieceError as error:
                log.warning("dashboard.refresh_failed", code=error.code, message=error.report.message)
            except Exception as error:  # a thread that dies would leave a page that is never fresh again
                log.error("dashboard.refresh_broke", kind=type(error).__name__, exc_info=True)
            self._stop.wait(_TICK_SECONDS)

    def _is_due(self) -> bool:
        last = self._mirror.fact("link", {}).get("tried_by_uptime")
        ttl = limits_of(self._mirror, self._settings).ttl_seconds
        if not _is_within(last, ttl):
            return True
        return bool(self._mirror.fact("flushed", 0) != self._mirror.fact("flush_done", 0))

    def refresh(self) -> bool:
        """Bring everything up to date; False when somebody else does. What fails is told by the state of the link."""
        if not self._mirror.take_lease(self.name):
            return False
        began, began_by_uptime, self._requests = time.time(), time.monotonic(), 0
        flushed = self._mirror.fact("flushed", 0)
        error: TrackerError | None = None
        try:
            self._bring_up_to_date()
        except Stopped:
            return False
        except TrackerError as cause:
            error = cause
        self._note_link(began, time.monotonic() - began_by_uptime, flushed, error)
        return error is None

    def _bring_up_to_date(self) -> None:
        seen: int | None = self._mirror.fact("event")
        began = time.time()
        events = self._read_events(seen)
        changed = changed_in(events or ())
        is_fresh = _is_within(self._mirror.fact("projects_by_uptime"), _PROJECTS_SECONDS)
        if seen is None or events is None or "Project" in changed or not is_fresh:
            looked = time.monotonic()
            update_projects(self._mirror, self._reader.projects(), self._settings.projects)
            with self._mirror.write() as db:
                self._mirror.note(db, projects_by_uptime=looked)
        kept = self._kept_projects()
        # A show that nobody has read yet is read whole; so are all when the log has run away.
        whole = {row["id"] for row in kept if events is None or not _is_within(row["full_at"], _FULL_SECONDS)}
        for row in kept:
            if row["id"] in whole:
                self._read_project(row["key"], row["id"])
        self._take_in(changed, {row["id"]: row["key"] for row in kept})
        with self._mirror.write() as db:
            keys = [row["key"] for row in kept]
            db.execute(f"update projects set as_of = ? where key in ({','.join('?' * len(keys))})", (began, *keys))
            if events:
                self._mirror.note(db, event=max(event["id"] for event in events))

    def _read_events(self, seen: int | None) -> list[Entity] | None:
        """Those since the last time; None when there are too many. Without ``seen`` only where the log stands."""
        found: list[Entity] = []
        while len(found) < _MOST_EVENTS:
            some = self._reader.events_after(found[-1]["id"] if found else seen, _EVENTS)
            found += some
            if seen is None or len(some) < _EVENTS:
                return found
        with self._mirror.write() as db:
            newest = self._reader.events_after(None, 1)
            self._mirror.note(db, event=newest[0]["id"])
        return None

    def _kept_projects(self) -> list[sqlite3.Row]:
        most = limits_of(self._mirror, self._settings).max_projects
        return self._mirror.rows(
            "select * from projects where id is not null and not archived"
            " order by newest_version is null desc, newest_version desc, key limit ?",
            most,
        )

    # Whole shows

    def _read_project(self, key: int, number: int) -> None:
        """Read into a table of this connection alone first: readers and writers of the mirror are not held up."""
        began = time.monotonic()
        with self._scratch() as db:
            for kind in KINDS.values():
                _stage(db, kind, ((row_id, key, row) for row_id, _, row in self._reader.all_rows(kind, number)))
            with self._mirror.write() as db_now:
                for kind in KINDS.values():
                    db_now.execute(f"delete from main.{kind.table} where project = ?", (key,))
                    # A row that has moved here from another show is there under its id.
                    db_now.execute(f"insert or replace into main.{kind.table} select * from temp.new_{kind.table}")
                db_now.execute("update projects set full_at = ? where key = ?", (began, key))
                self._settle(db_now, [key])

    def _scratch(self) -> _Scratch:
        return _Scratch(self._mirror)

    # What changed

    def _take_in(self, changed: dict[str, set[int]], projects: dict[int, int]) -> None:
        for kind in ("Sequence", "Episode"):
            if changed.get(kind):
                changed.setdefault("Shot", set()).update(self._reader.shots_below(kind, sorted(changed[kind])))
        if changed.get("Shot"):
            self._add_linked(changed)
        found: list[tuple[Kind, set[int], list[Row]]] = []
        for kind_ in KINDS.values():
            if ids := changed.get(kind_.type):
                found.append((kind_, ids, list(self._reader.rows_of(kind_, ids))))
        if not found:
            return
        with self._mirror.write() as db:
            touched: set[int] = set()
            for kind_, ids, rows in found:
                touched |= _replace(db, kind_, ids, rows, projects)
            self._settle(db, sorted(touched))

    def _add_linked(self, changed: dict[str, set[int]]) -> None:
        """A link to a retired row leads nowhere: what hangs on a shot that came or went has changed with it."""
        shots = changed["Shot"]
        marks = ",".join("?" * len(shots))
        known = {row[0] for row in self._mirror.rows(f"select id from shots where id in ({marks})", *shots)}
        there = {row_id for row_id, _, _ in self._reader.rows_of(KINDS["Shot"], shots)}
        for kind in (KINDS["Version"], KINDS["Task"], KINDS["PublishedFile"]):
            gone, new = sorted(known - there), sorted(there - known)
            marks = ",".join("?" * len(gone))
            sql = f"select id from {kind.table} where entity_type = 'Shot' and entity_id in ({marks})"
            ids = [row[0] for row in self._mirror.rows(sql, *gone)]
            if new:
                ids += self._reader.linked_to(kind, new)
            if ids:
                changed.setdefault(kind.type, set()).update(ids)

    def _settle(self, db: sqlite3.Connection, keys: Sequence[int]) -> None:
        """Count again, keep within the limits, and tell."""
        most = limits_of(self._mirror, self._settings).max_records
        for key in keys:
            over = db.execute("select count(*) from versions where project = ?", (key,)).fetchone()[0] > most
            if over:
                db.execute(
                    "update versions set lean = 1, description = '', path_to_frames = ''"
                    " where project = ?1 and not lean and id not in (select id from versions where project = ?1"
                    " order by created_at desc, id desc limit ?2)",
                    (key, most),
                )
            recount(db, key, self._statuses)
            db.execute("update projects set generation = generation + 1, partial = ? where key = ?", (over, key))
            code = db.execute("select code from projects where key = ?", (key,)).fetchone()[0]
            self._mirror.tell(db, "refreshed", code)

    # Its own state

    def _before_request(self) -> None:
        self._requests += 1
        if self._stop.is_set() or not self._mirror.take_lease(self.name):
            raise Stopped

    def _note_link(self, began: float, seconds: float, flushed: int, error: TrackerError | None) -> None:
        was = self._mirror.fact("link", {})
        now = {
            "state": "down" if error else "ok",
            "tried_at": time.time(),
            "tried_by_uptime": time.monotonic(),
            "as_of": was.get("as_of") if error else began,
            "error": error.report.model_dump(mode="json") if error else None,
            "seconds": round(seconds, 3),
        }
        with self._mirror.write() as db:
            requests = self._mirror.fact("requests", 0) + self._requests
            self._mirror.note(db, link=now, requests=requests, flush_done=flushed)
            if was.get("state") != now["state"]:
                self._mirror.tell(db, "link")


def _is_within(last: float | None, seconds: float) -> bool:
    """Whether it is so young, by the machine's uptime: a wall clock may be another's, and may jump."""
    return last is not None and 0 <= time.monotonic() - last < seconds


class _Scratch:
    """Tables ``temp.new_*`` of this thread's connection, for the time of one read."""

    def __init__(self, mirror: Mirror) -> None:
        self._db = mirror.connection()

    def __enter__(self) -> sqlite3.Connection:
        for kind in KINDS.values():
            self._db.execute(f"drop table if exists temp.new_{kind.table}")
            self._db.execute(f"create temp table new_{kind.table} as select * from main.{kind.table} where 0")
        return self._db

    def __exit__(self, *_: object) -> None:
        for kind in KINDS.values():
            self._db.execute(f"drop table if exists temp.new_{kind.table}")


def _stage(db: sqlite3.Connection, kind: Kind, rows: Iterable[Row]) -> None:
    marks = ",".join("?" * (kind.columns + 2))
    sql = f"insert into temp.new_{kind.table} values ({marks})"
    db.executemany(sql, ((row_id, key, *row) for row_id, key, row in rows))


def _replace(
    db: sqlite3.Connection, kind: Kind, ids: set[int], rows: Sequence[Row], projects: dict[int, int]
) -> set[int]:
    """Put in what is there and take out what is gone; the keys of the shows that this touches."""
    touched: set[int] = set()
    for number in ids:
        for row in db.execute(f"delete from {kind.table} where id = ? returning project", (number,)).fetchall():
            touched.add(row["project"])
    marks = ",".join("?" * (kind.columns + 2))
    for row_id, project, values in rows:
        key = projects.get(project) if project is not None else None
        if key is not None:
            db.execute(f"insert into {kind.table} values ({marks})", (row_id, key, *values))
            touched.add(key)
    return touched
