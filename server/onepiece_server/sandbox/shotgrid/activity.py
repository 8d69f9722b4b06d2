"""activity_stream: what happened to a row and to what hangs on it, newest first.

An update is an event of the log, under the event's id. Both bounds are exclusive and ``earliest_update_id`` is the
floor that was reached, 0 when there is nothing older: it is given back as ``max_id`` to page down. ``read`` is False:
the API has no call to mark an update as read. Updates and ids as seen on real sites; which fields' changes are told
is our reading.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from onepiece_server.sandbox.shotgrid import arguments
from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.method import Method
from onepiece_server.sandbox.shotgrid.model import Schema
from onepiece_server.sandbox.shotgrid.row_reader import RowReader, status_field
from onepiece_server.sandbox.shotgrid.site import Caller, Site
from onepiece_server.sandbox.shotgrid.streams import Window, is_told, stream_sql, told_types

_METHOD = "activity_stream"
_LIMIT, _MOST = 25, 500
_KINDS = {"New": "create", "Change": "update", "Retirement": "delete"}
_NO_END = 2**62

Pair = tuple[str, int]


@dataclass(frozen=True)
class Update:
    """One entry of a stream, and the row that it is about."""

    id: int
    kind: str
    about: Pair
    meta: dict[str, Any]
    user: tuple[str | None, int | None]
    created_at: str


def activity_stream(site: Site, caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    schema = site.schema
    pair = (schema.entity(args.get("type"), _METHOD).name, arguments.integer(_METHOD, args, "id"))
    wanted = arguments.field_lists(_METHOD, args, "entity_fields")
    low = arguments.optional_integer(_METHOD, args, "min_id") or 0
    high = arguments.optional_integer(_METHOD, args, "max_id")
    limit = arguments.optional_integer(_METHOD, args, "limit")
    limit = _LIMIT if limit is None else limit
    if not 0 < limit <= _MOST:
        raise Fault(f"API {_METHOD}() 'limit' must be from 1 to {_MOST}: {limit}")
    with site.database.read() as connection:
        arguments.check_exists(connection, _METHOD, pair)
        window = Window(low, _NO_END if high is None else high, limit)
        updates = _updates(connection, schema, pair, window)
        newest = connection.execute("SELECT COALESCE(MAX(id), 0) FROM EventLogEntry").fetchone()[0]
        reader = RowReader(site, caller, connection, _METHOD)
        shown = _shown(reader, schema, updates, wanted)
    reader.mark_seen()
    floor = low + 1 if low else 0
    return {
        "entity_type": pair[0],
        "entity_id": pair[1],
        "latest_update_id": newest if high is None else high - 1,
        "earliest_update_id": updates[-1].id if len(updates) == limit else floor,
        "updates": shown,
    }


def _updates(connection: sqlite3.Connection, schema: Schema, pair: Pair, window: Window) -> list[Update]:
    """As many as the window takes; events that are no updates are passed over."""
    types = set(told_types(schema)) | {pair[0]}
    found: list[Update] = []
    high = window.high
    while len(found) < window.limit:
        sql, params = stream_sql(schema, *pair, Window(window.low, high, _MOST))
        rows = connection.execute(sql, params).fetchall()
        found += [update for row in rows if (update := _update(connection, schema, types, row)) is not None]
        if len(rows) < _MOST:
            break
        high = rows[-1][0]
    return found[: window.limit]


def _update(connection: sqlite3.Connection, schema: Schema, types: set[str], row: tuple[Any, ...]) -> Update | None:
    event_id, event_type, attribute, entity_type, row_id, meta, user_type, user_id, created_at = row
    kind = _KINDS.get(event_type.rpartition("_")[2])
    values = json.loads(meta) if meta else {}
    about = (entity_type, row_id)
    if entity_type == "Reply" and kind == "create":
        sql = "SELECT entity__type, entity__id, content FROM Reply WHERE id=?"
        found = connection.execute(sql, [row_id]).fetchone()
        if found is None or found[1] is None:
            return None
        kind, about, values = "create_reply", (found[0], found[1]), values | {"content": found[2]}
    elif kind is None or entity_type not in types:
        return None
    elif kind == "update":
        if not is_told(schema, entity_type, attribute or ""):
            return None
        values.setdefault("platform_id", None)
    return Update(event_id, kind, about, values, (user_type, user_id), created_at)


def _shown(
    reader: RowReader, schema: Schema, updates: list[Update], wanted: dict[str, list[str]]
) -> list[dict[str, Any]]:
    rows = _primary(reader, schema, {update.about for update in updates}, wanted)
    people = _people(reader, schema, {update.user for update in updates})
    return [
        {
            "id": update.id,
            "update_type": update.kind,
            "meta": update.meta,
            "created_at": update.created_at,
            "read": False,
            "primary_entity": rows.get(update.about),
            "created_by": people.get(update.user),
        }
        for update in updates
    ]


def _primary(
    reader: RowReader, schema: Schema, pairs: set[Pair], wanted: dict[str, list[str]]
) -> dict[Pair, dict[str, Any]]:
    found = {}
    for entity_type, ids in _by_type(schema, pairs).items():
        entity = schema.entities[entity_type]
        status = status_field(entity)
        more = reader.readable(entity_type, wanted.get(entity_type, ()))
        names = [entity.display, *([status] if status else []), *more]
        for row_id, row in reader.rows(entity_type, ids, names).items():
            shown = {"type": entity_type, "id": row_id, "name": row[entity.display]}
            shown |= {"status": row[status] if status else None} | {name: row[name] for name in more}
            found[entity_type, row_id] = shown
    return found


def _people(
    reader: RowReader, schema: Schema, users: set[tuple[str | None, int | None]]
) -> dict[tuple[str | None, int | None], dict[str, Any]]:
    """Who did it: a script has neither status nor picture there."""
    found: dict[tuple[str | None, int | None], dict[str, Any]] = {}
    for entity_type, ids in _by_type(schema, users).items():
        entity = schema.entities[entity_type]
        more = [name for name in ("sg_status_list", "image") if entity_type != "ApiUser" and name in entity.fields]
        for row_id, row in reader.rows(entity_type, ids, [entity.display, *more]).items():
            shown = {"type": entity_type, "id": row_id, "name": row[entity.display]}
            found[entity_type, row_id] = shown | {"status": row.get("sg_status_list"), "image": row.get("image")}
    return found


def _by_type(schema: Schema, pairs: Iterable[tuple[str | None, int | None]]) -> dict[str, list[int]]:
    """Ids of the types that the site has now; older events may tell of others."""
    found: dict[str, list[int]] = defaultdict(list)
    for entity_type, row_id in pairs:
        if entity_type in schema.entities and row_id is not None:
            found[entity_type].append(row_id)
    return found


METHODS: dict[str, Method] = {_METHOD: activity_stream}
