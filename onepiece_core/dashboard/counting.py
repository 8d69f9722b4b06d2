"""Counts of a show by episode, sequence and status: made when its rows change, and summed when they are read."""

# ruff: noqa: S608 - names and marks of our own are put into SQL, never values
from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime

from onepiece_core.dashboard.model import Counts, Progress
from onepiece_core.dashboard.statuses import DONE, Bucket, Statuses

_SHOT_OF = "left join shots s on r.entity_type = 'Shot' and s.id = r.entity_id and s.project = r.project"
_OF_SHOT = "versions v where v.entity_type = 'Shot' and v.entity_id = shots.id and v.project = shots.project"
_COUNTED = {
    "shots": "select 'shots', r.episode, r.sequence, r.status, count(*) from shots r where r.project = ?",
    "tasks": f"select 'tasks', coalesce(s.episode, ''), coalesce(s.sequence, ''), r.status, count(*) from tasks r "
    f"{_SHOT_OF} where r.project = ?",
    "versions": f"select 'versions', coalesce(s.episode, ''), coalesce(s.sequence, ''), r.status, count(*) "
    f"from versions r {_SHOT_OF} where r.project = ?",
}


def recount(db: sqlite3.Connection, project: int, statuses: Statuses) -> None:
    """Inside the transaction that changed the rows of the project with this key."""
    db.execute("delete from counts where project = ?", (project,))
    for sql in _COUNTED.values():
        for kind, *rest in db.execute(f"{sql} group by 2, 3, 4", (project,)).fetchall():
            db.execute("insert into counts values (?, ?, ?, ?, ?, ?)", (project, kind, *rest))
    db.execute(
        f"update shots set versions = (select count(*) from {_OF_SHOT}),"
        f" thumbnail = (select max(v.id) from {_OF_SHOT} and v.has_thumbnail and not v.lean) where project = ?",
        (project,),
    )
    db.execute(
        "update projects set newest_version = (select max(created_at) from versions where project = key),"
        " thumbnail = (select max(id) from versions where project = key and has_thumbnail and not lean)"
        " where key = ?",
        (project,),
    )
    _burn_down(db, project, statuses)


def _burn_down(db: sqlite3.Connection, project: int, statuses: Statuses) -> None:
    """A shot is done since its newest approved Version was made; without one, since it was changed last."""
    approved = {row[0]: row[1] for row in _approved(db, project, statuses)}
    made: list[str] = []
    done: list[str] = []
    for row in db.execute("select id, status, created_at, updated_at from shots where project = ?", (project,)):
        bucket = statuses.bucket(row[1])
        if bucket == "omitted" or row[2] is None:
            continue
        made.append(_day(row[2]))
        if bucket in DONE:
            done.append(_day(max(approved.get(row[0]) or row[3] or row[2], row[2])))
    db.execute("delete from burn where project = ?", (project,))
    days = sorted({*made, *done})
    db.executemany(
        "insert into burn values (?, ?, ?, ?)",
        zip([project] * len(days), days, _running(done, days), _running(made, days), strict=True),
    )


def _approved(db: sqlite3.Connection, project: int, statuses: Statuses) -> Iterable[tuple[int, float]]:
    words = [row[0] for row in db.execute("select distinct status from versions where project = ?", (project,))]
    good = [word for word in words if statuses.bucket(word) in DONE]
    marks = ",".join("?" * len(good))
    return db.execute(
        f"select entity_id, max(created_at) from versions where project = ? and entity_type = 'Shot'"
        f" and status in ({marks}) group by entity_id",
        (project, *good),
    )


def _running(days: list[str], all_days: list[str]) -> list[int]:
    """How many of ``days`` lie on each of ``all_days`` or before."""
    per_day: dict[str, int] = {}
    for day in days:
        per_day[day] = per_day.get(day, 0) + 1
    total, found = 0, []
    for day in all_days:
        total += per_day.get(day, 0)
        found.append(total)
    return found


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def counts_of(rows: Iterable[tuple[str, int]], statuses: Statuses) -> Counts:
    """From status and number; equal statuses are added up."""
    words: dict[str, int] = {}
    buckets: dict[Bucket, int] = {}
    for status, number in rows:
        words[status] = words.get(status, 0) + number
        bucket = statuses.bucket(status)
        buckets[bucket] = buckets.get(bucket, 0) + number
    return Counts(total=sum(words.values()), buckets=buckets, statuses=words)


def progress_of(rows: Iterable[sqlite3.Row], statuses: Statuses) -> Progress:
    """From rows with kind, status and number."""
    by_kind: dict[str, list[tuple[str, int]]] = {}
    for row in rows:
        by_kind.setdefault(row["kind"], []).append((row["status"], row["number"]))
    return Progress(**{kind: counts_of(each, statuses) for kind, each in by_kind.items()})
