"""Which events are told in the activity stream of a row.

A row's stream has its own events and those of what hangs on it: Versions, Tasks and files that link to it, Notes
about it and the Replies to those. A Project's has those of all its rows, a person's what he made. That much has been
seen of real sites; that later changes of what hangs on a row are told too is our reading.
"""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.links import link_source
from onepiece_server.sandbox.shotgrid.model import COLUMN, ENTITY, LINKS, Field, Schema
from onepiece_server.sandbox.shotgrid.operators import Sql

# Fields by which a row hangs on another one.
_SINGLE = ("entity", "sg_task", "task")
_NOTE_LINKS = ("note_links", "tasks")
# They belong to a project and are no work of anybody.
_UNTOLD = frozenset({"Attachment", "EventLogEntry", "FilesystemLocation", "Page", "ActionMenuItem", "Reply"})
_PEOPLE = ("HumanUser", "ClientUser", "ApiUser")
# Changes of these data types are told; links that are kept elsewhere are told there.
_SILENT_TYPES = frozenset({"image", "password", "serializable", "summary", "calculated"})


@dataclass(frozen=True)
class Window:
    """Ids between ``low`` and ``high`` (both excluded), the newest ``limit`` of them."""

    low: int
    high: int
    limit: int


def told_types(schema: Schema) -> list[str]:
    """Types whose rows appear in streams."""
    return [
        name
        for name, entity in schema.entities.items()
        if name not in _UNTOLD
        and (name == "Project" or ("project" in entity.fields and entity.fields["project"].mandatory))
    ]


def is_told(schema: Schema, entity_type: str, attribute: str) -> bool:
    """Whether a change of the field is an update."""
    entity = schema.entities.get(entity_type)
    field = entity.fields.get(attribute) if entity else None
    if field is None or not field.editable:
        return False
    return field.storage in (COLUMN, ENTITY, LINKS) and field.data_type not in _SILENT_TYPES


def stream_sql(schema: Schema, entity_type: str, row_id: int, window: Window) -> Sql:
    """``id, event_type, entity__type, entity__id, meta, user, created_at`` of the events, newest first."""
    sources = _sources(schema, entity_type, row_id)
    columns = "e.id, e.event_type, e.attribute_name, e.entity__type, e.entity__id, e.meta, "
    columns += "e.user__type, e.user__id, e.created_at"
    bounds = 'e.id > ? AND e.id < ? AND e."__retired"=0 AND (e.attribute_name IS NULL OR ' + _not_in_create() + ")"
    parts: list[str] = []
    params: list[Any] = []
    for where, bound in sources:
        parts.append(
            f"SELECT * FROM (SELECT {columns} FROM EventLogEntry AS e WHERE {where} AND {bounds} "
            "ORDER BY e.id DESC LIMIT ?)"
        )
        params += [*bound, window.low, window.high, window.limit]
    return f"SELECT * FROM ({' UNION '.join(parts)}) ORDER BY 1 DESC LIMIT ?", [*params, window.limit]


def _not_in_create() -> str:
    return "instr(e.meta, '\"in_create\":true') = 0"


def _sources(schema: Schema, entity_type: str, row_id: int) -> list[Sql]:
    if entity_type in _PEOPLE:
        return [("e.user__type=? AND e.user__id=? AND e.attribute_name IS NULL", [entity_type, row_id])]
    found: list[Sql] = [("e.entity__type=? AND e.entity__id=?", [entity_type, row_id])]
    if entity_type == "Project":
        found.append(("e.project__id=?", [row_id]))
    else:
        found += [_hanging(field, entity_type, row_id) for field in _links_to(schema, entity_type)]
    notes = _notes_sql(schema, entity_type, row_id)
    if notes is not None:
        if entity_type not in ("Project", "Note"):
            found.append((f"e.entity__type='Note' AND e.entity__id IN ({notes[0]})", notes[1]))
        replies = f"SELECT r.id FROM Reply AS r WHERE r.entity__type='Note' AND r.entity__id IN ({notes[0]})"
        found.append((f"e.entity__type='Reply' AND e.entity__id IN ({replies})", notes[1]))
    return found


def _links_to(schema: Schema, entity_type: str) -> list[Field]:
    fields = [schema.entities[name].fields.get(link) for name in told_types(schema) for link in _SINGLE]
    return [field for field in fields if field is not None and field.storage == ENTITY and field.accepts(entity_type)]


def _hanging(field: Field, entity_type: str, row_id: int) -> Sql:
    rows = f"SELECT h.id FROM {quoted(field.entity_type)} AS h WHERE h.{field.name}__id=? AND h.{field.name}__type=?"
    return f"e.entity__type='{field.entity_type}' AND e.entity__id IN ({rows})", [row_id, entity_type]


def _notes_sql(schema: Schema, entity_type: str, row_id: int) -> Sql | None:
    """Ids of the notes about the row."""
    note = schema.entities["Note"]
    if entity_type == "Note":
        return "SELECT n.id FROM Note AS n WHERE n.id=?", [row_id]
    if entity_type == "Project":
        return "SELECT n.id FROM Note AS n WHERE n.project__id=?", [row_id]
    parts: list[str] = []
    params: list[Any] = []
    for name in _NOTE_LINKS:
        field = note.fields.get(name)
        if field is not None and field.is_many and field.accepts(entity_type):
            source = link_source(schema, field).at("l")
            parts.append(
                f"SELECT {source.owner_id} FROM {source.table} AS l WHERE {source.where} "
                f"AND {source.other_id}=? AND {source.other_type}=?"
            )
            params += [row_id, entity_type]
    return (" UNION ".join(parts), params) if parts else None
