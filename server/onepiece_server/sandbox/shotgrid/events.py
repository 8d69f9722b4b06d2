"""The event log: one EventLogEntry for each row made, retired or revived and for each field changed.

The other side of a link that changes has an event too: its meta tells of the field that was written
(``actual_attribute_changed``) and names that event (``original_event_log_entry_id``).

A new row leaves ``Shotgun_<Type>_New`` and, for each field that got a value, ``Shotgun_<Type>_Change`` with
``in_create`` in its meta. Ids follow each other without gaps, in the order of the commits: there is one writer at a
time, and what is undone gives its ids back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onepiece_server.sandbox.shotgrid.dates import now_text
from onepiece_server.sandbox.shotgrid.model import EntityType, Field
from onepiece_server.sandbox.shotgrid.site import Caller
from onepiece_server.sandbox.shotgrid.values import from_column

if TYPE_CHECKING:
    from onepiece_server.sandbox.shotgrid.relations import Difference

Pair = tuple[str, int]
# The old or new value of a field, as its meta shows it.
Meta = dict[str, Any]

# No events about events.
_SILENT = frozenset({"EventLogEntry"})
_STARS = "*******"

_INSERT = (
    "INSERT INTO EventLogEntry (id, event_type, attribute_name, description, entity__type, entity__id, project__type, "
    "project__id, user__type, user__id, meta, session_uuid, created_at, updated_at, created_by__type, created_by__id, "
    "cached_display_name) "
    "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_to_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_CONSTANTS = {None: "null", True: "true", False: "false"}


@dataclass(frozen=True)
class OtherSide:
    """The row at the other end of a link that was written, and its field that shows the link."""

    entity: EntityType
    row_id: int
    name: str | None
    project_id: int | None
    field: Field


class Events:
    """Writes events; ``held`` ones wait for ``flush``, so that many are written at once.

    A script whose "Generate Events" is off leaves none.
    """

    def __init__(self, connection: sqlite3.Connection, caller: Caller, *, held: bool = False) -> None:
        self._connection = connection
        self._silent = caller.is_silent
        self._held = held
        self._now = now_text()
        self._who = (caller.user_type, caller.user_id)
        self._session = caller.session_uuid
        self._waiting: list[tuple[Any, ...]] = []
        self._last_id = 0
        self._heads: dict[str, str] = {}  # a field's part of its metas, as JSON that is not closed yet

    def flush(self, at_least: int = 1) -> None:
        """Write those that wait, if there are so many."""
        if len(self._waiting) >= at_least:
            self._connection.executemany(_INSERT, self._waiting)
            self._waiting.clear()

    def _next_id(self) -> int:
        if not self._waiting:  # others may have written some since
            sql = "SELECT seq FROM sqlite_sequence WHERE name='EventLogEntry'"
            self._last_id = (self._connection.execute(sql).fetchone() or (0,))[0]
        self._last_id += 1
        return self._last_id

    def at(self, moment: str, who: Pair) -> None:
        """What is told next happened then and was done by ``who``."""
        self._now, self._who = moment, who

    def created(self, entity: EntityType, row_id: int, name: str | None, project_id: int | None) -> None:
        meta = {"type": "new_entity", "entity_type": entity.name, "entity_id": row_id}
        self._add("New", entity, row_id, project_id, f"created new {entity.label} {name or row_id}", meta)

    def changed(
        self,
        entity: EntityType,
        row_id: int,
        name: str | None,
        project_id: int | None,
        field: Field,
        values: Meta,
        *,
        in_create: bool = False,
    ) -> int:
        """One field of a row: ``values`` are ``old_value`` and ``new_value``, or ``added`` and ``removed``.

        Answers the event's id.
        """
        head = self._heads.get(field.path)
        if head is None:
            told = {
                "type": "attribute_change",
                "attribute_name": field.name,
                "entity_type": entity.name,
                "field_data_type": field.data_type,
            }
            head = self._heads[field.path] = _to_json(told)[:-1]
        meta = head + _members({"entity_id": row_id, **values, **({"in_create": True} if in_create else {})}) + "}"
        words = f'changed "{field.label}" on {entity.label} {name or row_id}'
        return self._add("Change", entity, row_id, project_id, words, meta, field.name)

    def mirrored(self, side: OtherSide, written: Field, owner: Meta, key: str, original: int, in_create: bool) -> None:
        """The other side of a link: ``owner``, whose field was ``written``, came or went there (``key``)."""
        meta = {
            "type": "attribute_change",
            "attribute_name": side.field.name,
            "actual_attribute_changed": written.path,
            # Of the row that was written, as a real site tells it.
            "entity_type": owner["type"],
            "entity_id": owner["id"],
            "field_data_type": written.data_type,
            "added": [],
            "removed": [],
            "original_event_log_entry_id": original,
        }
        meta[key] = [owner]
        if in_create:
            meta["in_create"] = True
        words = f'changed "{side.field.label}" on {side.entity.label} {side.name or side.row_id}'
        self._add("Change", side.entity, side.row_id, side.project_id, words, meta, side.field.name)

    def retired(self, entity: EntityType, row_id: int, name: str | None, project_id: int | None) -> None:
        moment = _spoken(self._now)
        meta = {"type": "entity_retirement", **_named(entity, row_id, name), "retirement_date": moment}
        self._add("Retirement", entity, row_id, project_id, f"retired {entity.label} {name or row_id}", meta)

    def revived(self, entity: EntityType, row_id: int, name: str | None, project_id: int | None) -> None:
        meta = {"type": "entity_revival", **_named(entity, row_id, name)}
        self._add("Revival", entity, row_id, project_id, f"revived {entity.label} {name or row_id}", meta)

    def logged_in(self, entity: EntityType, row_id: int, name: str | None) -> None:
        """A person's session began."""
        meta = {"type": "user_login", "entity_type": entity.name, "entity_id": row_id}
        self._put("Shotgun_User_Login", None, f"{name or row_id} logged in", (entity.name, row_id), None, meta)

    def _add(
        self,
        kind: str,
        entity: EntityType,
        row_id: int,
        project_id: int | None,
        description: str,
        meta: Meta | str,
        attribute: str | None = None,
    ) -> int:
        if entity.name in _SILENT:
            return 0
        link = (entity.name, row_id)
        return self._put(f"Shotgun_{entity.name}_{kind}", attribute, description, link, project_id, meta)

    def _put(
        self,
        event_type: str,
        attribute: str | None,
        description: str,
        link: Pair,
        project_id: int | None,
        meta: Meta | str,
    ) -> int:
        if self._silent:
            return 0
        event_id = self._next_id()
        project = None if project_id is None else "Project"
        now, who = self._now, self._who
        # fmt: off
        self._waiting.append((
            event_id, event_type, attribute, description, *link, project, project_id, *who,
            meta if isinstance(meta, str) else _to_json(meta), self._session, now, now, *who, event_type,
        ))
        # fmt: on
        if not self._held:
            self.flush()
        return event_id


def column_values(field: Field, old: Any, new: Any) -> Meta:
    """What a plain column's change looks like in a meta."""
    if field.data_type == "password":
        return {"old_value": _STARS, "new_value": _STARS}
    decode = _decoder(field.data_type)
    return {"old_value": _decoded(old, decode), "new_value": _decoded(new, decode)}


def link_values(old: Pair | None, new: Pair | None, named: Callable[[Pair], str | None]) -> Meta:
    """... and a single link's change."""
    return {"old_value": old and link(old, named), "new_value": new and link(new, named)}


def many_values(difference: Difference, named: Callable[[Pair], str | None]) -> Meta:
    """... and that of a multi-entity field: what came and what went."""
    return {
        "added": [link(pair, named) for pair in difference.added],
        "removed": [link(pair, named) for pair in difference.removed],
    }


def link(pair: Pair, named: Callable[[Pair], str | None]) -> Meta:
    """A row in a meta."""
    return {"id": pair[1], "name": named(pair), "type": pair[0], "valid": "valid"}


def _members(values: Meta) -> str:
    """Further members of an object in JSON. An encoder of its own for each value is what takes time: most need none."""
    parts = []
    for key, value in values.items():
        if value is None or isinstance(value, bool):
            text = _CONSTANTS[value]
        elif isinstance(value, int):
            text = str(value)
        else:
            text = _to_json(value)
        parts.append(f',"{key}":{text}')
    return "".join(parts)


def _named(entity: EntityType, row_id: int, name: str | None) -> Meta:
    return {
        "class_name": entity.name,
        "display_name": name,
        "entity_id": row_id,
        "entity_type": entity.name,
        "id": row_id,
    }


def _decoder(data_type: str) -> Callable[[Any], Any] | None:
    own: dict[str, Callable[[Any], Any]] = {"date_time": _spoken, "url": _file}
    return own.get(data_type) or from_column(data_type)


def _decoded(value: Any, decode: Callable[[Any], Any] | None) -> Any:
    return value if decode is None or value is None else decode(value)


def _file(column: str) -> Meta:
    kept = json.loads(column)
    return {"id": kept["id"], "name": kept["name"], "type": "Attachment", "valid": "valid"}


def _spoken(moment: str) -> str:
    """A moment in a meta: in the site's words there, not in the form that the client makes a date of."""
    return moment.replace("T", " ").replace("Z", " UTC")
