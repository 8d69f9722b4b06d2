"""Which shows there are: told by settings, environment, an older service's file and the tracker, and kept."""

# ruff: noqa: S608 - names and marks of our own are put into SQL, never values
from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from onepiece_core.dashboard.mirror import Mirror
from onepiece_core.dashboard.rows import text
from onepiece_core.errors import ConfigError
from onepiece_core.tracker.tracker import Entity

Source = Literal["settings", "environment", "tracker", "import"]
_MOST_BYTES = 8 * 1024 * 1024


def know(mirror: Mirror, names: Iterable[str], source: Source) -> None:
    """Keep shows by their codes or names; one that is known already only gets another source."""
    with mirror.write() as db:
        for name in names:
            found = db.execute("select key, known_by from projects where code = ? or name = ?", (name, name)).fetchone()
            if found is None:
                known = json.dumps([source])
                db.execute("insert into projects (code, name, known_by) values (?, ?, ?)", (name, name, known))
            else:
                _add_source(db, found["key"], found["known_by"], source)


def import_registry(mirror: Mirror, path: Path) -> None:
    """Take over a ``dashboard-projects.json`` once, whatever its form. Raises ConfigError for one that has none."""
    try:
        stat = path.stat()
        mark = [str(path), stat.st_mtime, stat.st_size]
        if mirror.fact("imported") == mark:
            return
        if stat.st_size > _MOST_BYTES:
            raise ValueError("it is too large")
        names = list(_names(json.loads(path.read_bytes())))
    except FileNotFoundError:
        return
    except (OSError, ValueError, RecursionError) as cause:
        raise ConfigError(f"{path} is no list of projects: {cause}", key="dashboard.registry") from cause
    know(mirror, names, "import")
    with mirror.write() as db:
        mirror.note(db, imported=mark)


def update_projects(mirror: Mirror, entities: Iterable[Entity], wanted: Iterable[str]) -> None:
    """What the tracker has now; ``wanted``: codes and names, empty for all. What it has no more is archived."""
    names = frozenset(wanted)
    with mirror.write() as db:
        seen = []
        for entity in entities:
            code, name = _code(entity), text(entity.get("name"), 500) or str(entity["id"])
            if names and not names & {code, name, str(entity["id"])}:
                continue
            seen.append(entity["id"])
            is_archived = bool(entity.get("archived")) or str(entity.get("sg_status") or "").lower() == "archived"
            _update(db, entity["id"], code, name, text(entity.get("sg_status"), 200), is_archived=is_archived)
        marks = ",".join("?" * len(seen))
        db.execute(f"update projects set archived = 1 where id is not null and id not in ({marks})", seen)


def _update(db: sqlite3.Connection, number: int, code: str, name: str, status: str, *, is_archived: bool) -> None:
    found = db.execute("select key, known_by, code from projects where id = ?", (number,)).fetchone()
    if found is None:
        sql = "select key, known_by, code from projects where id is null and (code in (?, ?) or name = ?)"
        found = db.execute(sql, (code, name, name)).fetchone()
    taken = db.execute("select key from projects where code = ?", (code,)).fetchone()
    if taken is not None and (found is None or taken["key"] != found["key"]):
        code = str(number)  # two shows of one code: the later one goes by its number
    if found is None:
        known = json.dumps(["tracker"])
        sql = "insert into projects (id, code, name, status, archived, known_by) values (?, ?, ?, ?, ?, ?)"
        db.execute(sql, (number, code, name, status, is_archived, known))
        return
    sql = "update projects set id = ?, code = ?, name = ?, status = ?, archived = ? where key = ?"
    db.execute(sql, (number, code, name, status, is_archived, found["key"]))
    _add_source(db, found["key"], found["known_by"], "tracker")


def _add_source(db: sqlite3.Connection, key: int, known_by: str, source: Source) -> None:
    sources = json.loads(known_by)
    if source not in sources:
        db.execute("update projects set known_by = ? where key = ?", (json.dumps([*sources, source]), key))


def _code(entity: Entity) -> str:
    """In addresses: the short code, else the tank name, else the id. Never a slash."""
    for name in ("code", "tank_name"):
        told = text(entity.get(name), 100).strip()
        if told and "/" not in told and told not in (".", ".."):
            return told
    return str(entity["id"])


def _names(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        told = told.get("projects", list(told))
    if not isinstance(told, list):
        raise ValueError("it is neither a list nor has it one of projects")
    for each in told:
        name = (
            next((each[key] for key in ("code", "name", "id") if each.get(key)), None)
            if isinstance(each, dict)
            else each
        )
        if isinstance(name, (str, int)) and str(name).strip():
            yield str(name).strip()[:200].replace("/", "-")
