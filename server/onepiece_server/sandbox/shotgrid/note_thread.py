"""note_thread_contents: a note with its replies and attachments, in the order of time.

The client's documentation shows an example in that order and calls it a descending one; the order of the example is
kept. Files of the replies are told too, which public sources do not confirm.
"""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import sqlite3
from typing import Any

from onepiece_server.sandbox.shotgrid import arguments
from onepiece_server.sandbox.shotgrid.links import chunks, linked
from onepiece_server.sandbox.shotgrid.method import Method
from onepiece_server.sandbox.shotgrid.model import Schema
from onepiece_server.sandbox.shotgrid.row_reader import RowReader
from onepiece_server.sandbox.shotgrid.site import Caller, Site

_METHOD = "note_thread_contents"
# Type -> what is told of it without being asked for.
_FIELDS = {
    "Note": ("content", "created_at", "created_by"),
    "Reply": ("content", "created_at", "user"),
    "Attachment": ("created_at", "created_by"),
}

Row = dict[str, Any]


def note_thread_contents(site: Site, caller: Caller, args: dict[str, Any]) -> list[Row]:
    note = ("Note", arguments.integer(_METHOD, args, "note_id"))
    wanted = arguments.field_lists(_METHOD, args, "entity_fields")
    with site.database.read() as connection:
        arguments.check_exists(connection, _METHOD, note)
        reader = RowReader(site, caller, connection, _METHOD)
        ids = {"Note": [note[1]]} | _replies_and_files(connection, site.schema, note[1])
        found = {name: _rows(reader, name, row_ids, wanted) for name, row_ids in ids.items() if row_ids}
        _add_pictures(reader, site.schema, list(found.get("Reply", {}).values()))
        order = _made(connection, found)
    reader.mark_seen()
    ordered = sorted(order.items(), key=lambda item: item[1])
    return [found[name][row_id] for (name, row_id), _ in ordered]


def _replies_and_files(connection: sqlite3.Connection, schema: Schema, note_id: int) -> dict[str, list[int]]:
    sql = 'SELECT id FROM Reply WHERE entity__type=? AND entity__id=? AND "__retired"=0'
    found = {"Reply": [row[0] for row in connection.execute(sql, ["Note", note_id])]}
    files: set[int] = set()
    for name, owners in (("Note", [note_id]), ("Reply", found["Reply"])):
        field = schema.entities[name].fields.get("attachments")
        if field is not None and field.is_many:
            pairs = [pair for many in linked(connection, schema, field, owners).values() for pair in many]
            files |= {row_id for entity_type, row_id in pairs if entity_type == "Attachment"}
    for marks, chunk in chunks(sorted(files)):
        sql = f'SELECT id FROM Attachment WHERE id IN ({marks}) AND "__retired"=0'
        found.setdefault("Attachment", []).extend(row[0] for row in connection.execute(sql, chunk))
    return found


def _rows(reader: RowReader, entity_type: str, ids: list[int], wanted: dict[str, list[str]]) -> dict[int, Row]:
    more = reader.readable(entity_type, wanted.get(entity_type, ()))
    return reader.rows(entity_type, ids, [*_FIELDS[entity_type], *more])


def _add_pictures(reader: RowReader, schema: Schema, replies: list[Row]) -> None:
    """The author of a reply is told with his picture."""
    replies = [reply for reply in replies if reply.get("user")]
    authors = {(reply["user"]["type"], reply["user"]["id"]) for reply in replies}
    pictures: dict[tuple[str, int], str | None] = {}
    for entity_type in {pair[0] for pair in authors}:
        if "image" in schema.entities[entity_type].fields:
            ids = [row_id for name, row_id in authors if name == entity_type]
            rows = reader.rows(entity_type, ids, ["image"])
            pictures |= {(entity_type, row_id): row["image"] for row_id, row in rows.items()}
    for reply in replies:
        reply["user"] = reply["user"] | {"image": pictures.get((reply["user"]["type"], reply["user"]["id"]))}


def _made(connection: sqlite3.Connection, found: dict[str, dict[int, Row]]) -> dict[tuple[str, int], tuple[Any, ...]]:
    """What each row is sorted by: its moment, and within one second the order of the events."""
    keys: dict[tuple[str, int], tuple[Any, ...]] = {}
    for rank, (name, rows) in enumerate(found.items()):
        events: dict[int, int] = {}
        for marks, chunk in chunks(list(rows)):
            sql = (
                "SELECT entity__id, MIN(id) FROM EventLogEntry "
                f"WHERE entity__type=? AND event_type=? AND entity__id IN ({marks}) GROUP BY entity__id"
            )
            events |= dict(connection.execute(sql, [name, f"Shotgun_{name}_New", *chunk]).fetchall())
        for row_id, row in rows.items():
            keys[name, row_id] = (rank > 0, row["created_at"] or "", events.get(row_id, 0), rank, row_id)
    return keys


METHODS: dict[str, Method] = {_METHOD: note_thread_contents}
