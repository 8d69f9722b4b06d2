"""The event log, newest first."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, replace
from typing import Any

from onepiece_server.sandbox.shotgrid.links import display_names
from onepiece_server.sandbox.shotgrid.look.values import Shown, plain, shown_link, shown_moment
from onepiece_server.sandbox.shotgrid.site import Site

PAGE_EVENTS = 100
KINDS = ("New", "Change", "Retirement", "Revival")
# Events of one row are looked for among so many of the latest.
RECENT = 20_000
_COLUMNS = (
    "id, event_type, attribute_name, description, entity__type, entity__id, user__type, user__id, meta, created_at"
)
_MOST_VALUE = 120


@dataclass(frozen=True)
class Event:
    """One event.

    Attributes:
        before: its description up to the name of its row (``entity``), or all of it; ``after`` is the rest.
    """

    id: int
    moment: Shown
    event_type: str
    before: str
    entity: Shown | None
    after: str
    user: Shown | None
    change: str


def list_events(site: Site, entity_type: str, kind: str, before: int | None) -> list[Event]:
    """At most :data:`PAGE_EVENTS`, older than ``before``; of one type or kind when they are told."""
    last = before if before is not None else 2**62
    types = [entity_type] if entity_type else (list(site.schema.entities) if kind else [])
    wanted = [f"Shotgun_{one}_{k}" for one in types for k in ([kind] if kind else KINDS)]
    with site.database.read() as connection:
        rows: list[Any] = []
        if not wanted:
            sql = f"SELECT {_COLUMNS} FROM EventLogEntry WHERE id<? ORDER BY id DESC LIMIT ?"  # noqa: S608
            rows = connection.execute(sql, [last, PAGE_EVENTS]).fetchall()
        for event_type in wanted:  # each of them is a piece of one index, in the order that we want
            sql = f"SELECT {_COLUMNS} FROM EventLogEntry WHERE event_type=? AND id<? ORDER BY id DESC LIMIT ?"  # noqa: S608
            rows += connection.execute(sql, [event_type, last, PAGE_EVENTS]).fetchall()
        rows.sort(key=lambda row: -row[0])
        return _events(connection, site, rows[:PAGE_EVENTS])


def events_of(site: Site, entity_type: str, row_id: int, most: int = 20) -> list[Event]:
    """The latest events of one row, as far as they are among the site's latest."""
    sql = (
        f"SELECT {_COLUMNS} FROM EventLogEntry WHERE id > (SELECT MAX(id) FROM EventLogEntry) - ? "  # noqa: S608
        "AND entity__id=? AND entity__type=? ORDER BY id DESC LIMIT ?"
    )
    with site.database.read() as connection:
        rows = connection.execute(sql, [RECENT, row_id, entity_type, most]).fetchall()
        return _events(connection, site, rows)


def _events(connection: sqlite3.Connection, site: Site, rows: list[Any]) -> list[Event]:
    wanted = {pair for row in rows for pair in ((row[4], row[5]), (row[6], row[7])) if pair[0] and pair[1]}
    names = display_names(connection, site.schema, wanted)

    def link(kind: str | None, number: int | None) -> Shown | None:
        if not kind or not number:
            return None
        return shown_link({"type": kind, "id": number, "name": names.get((kind, number))})

    events = []
    for row in rows:
        before, entity, after = _around(plain(row[3] or ""), link(row[4], row[5]), str(row[5]))
        user, change = link(row[6], row[7]), _change(row[8])
        events.append(Event(row[0], shown_moment(row[9] or ""), row[1] or "", before, entity, after, user, change))
    return events


def _around(description: str, entity: Shown | None, number: str) -> tuple[str, Shown | None, str]:
    """The description with the link where the name (or the id) of its row stands."""
    if entity is None:
        return description, None, ""
    for text in (entity.text, number):
        before, found, after = description.rpartition(text)
        if found:
            return before, replace(entity, text=text), after
    return description + " ", entity, ""


def _change(meta: str | None) -> str:
    """Old and new value in a few words."""
    try:
        told = json.loads(meta or "{}")
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    if "added" in told or "removed" in told:
        parts = [("+", told.get("added")), ("\u2212", told.get("removed"))]
        return "  ".join(f"{sign} {_words(value)}" for sign, value in parts if value)
    if "new_value" in told and told.get("type") == "attribute_change":
        return f"{_words(told.get('old_value'))} \u2192 {_words(told['new_value'])}"
    return ""


def _words(value: Any) -> str:
    if isinstance(value, list):
        text = ", ".join(_words(one) for one in value)
    elif isinstance(value, dict):
        text = str(value.get("name") or f"{value.get('type')} {value.get('id')}")
    else:
        text = "\u2013" if value is None else str(value)
    text = plain(text)
    return text if len(text) <= _MOST_VALUE else text[:_MOST_VALUE] + "\u2026"
