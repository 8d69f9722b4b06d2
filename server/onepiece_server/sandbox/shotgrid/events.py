"""The event log: one EventLogEntry for each row made, retired or revived and for each field changed.

A new row leaves ``Shotgun_<Type>_New`` and, for each field that got a value, ``Shotgun_<Type>_Change`` with
``in_create`` in its meta. Ids follow each other without gaps, in the order of the commits: there is one writer at a
time, and what is undone gives its ids back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
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
    "INSERT INTO EventLogEntry (event_type, attribute_name, description, entity__type, entity__id, project__type, "
    "project__id, user__type, user__id, meta, session_uuid, created_at, updated_at, created_by__type, created_by__id, "
    "cached_display_name) "
    "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_to_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


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

    def flush(self) -> None:
        if self._waiting:
            self._connection.executemany(_INSERT, self._waiting)
            self._waiting.clear()

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
    ) -> None:
        """One field of a row: ``values`` are ``old_value`` and ``new_value``, or ``added`` and ``removed``."""
        meta = {
            "type": "attribute_change",
            "attribute_name": field.name,
            "entity_type": entity.name,
            "entity_id": row_id,
            "field_data_type": field.data_type,
            **values,
        }
        if in_create:
            meta["in_create"] = True
        words = f'changed "{field.label}" on {entity.label} {name or row_id}'
        self._add("Change", entity, row_id, project_id, words, meta, field.name)

    def uploaded(self, entity: EntityType, row_id: int, field: Field, filename: str) -> None:
        project_id = self._project(entity, row_id)
        self.changed(entity, row_id, None, project_id, field, {"old_value": None, "new_value": filename})

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

    def _project(self, entity: EntityType, row_id: int) -> int | None:
        if entity.name == "Project":
            return row_id
        if "project" not in entity.fields:
            return None
        sql = f'SELECT project__id FROM "{entity.name}" WHERE id=?'  # noqa: S608 - a name of our own schema
        found: tuple[int | None] | None = self._connection.execute(sql, [row_id]).fetchone()
        return found[0] if found else None

    def _add(
        self,
        kind: str,
        entity: EntityType,
        row_id: int,
        project_id: int | None,
        description: str,
        meta: Meta,
        attribute: str | None = None,
    ) -> None:
        if entity.name not in _SILENT:
            link = (entity.name, row_id)
            self._put(f"Shotgun_{entity.name}_{kind}", attribute, description, link, project_id, meta)

    def _put(
        self, event_type: str, attribute: str | None, description: str, link: Pair, project_id: int | None, meta: Meta
    ) -> None:
        if self._silent:
            return
        project = None if project_id is None else "Project"
        now, who = self._now, self._who
        # fmt: off
        self._waiting.append((
            event_type, attribute, description, *link, project, project_id, *who, _to_json(meta), self._session,
            now, now, *who, event_type,
        ))
        # fmt: on
        if not self._held:
            self.flush()


def column_values(field: Field, old: Any, new: Any) -> Meta:
    """What a plain column's change looks like in a meta."""
    if field.data_type == "password":
        return {"old_value": _STARS, "new_value": _STARS}
    decode = _decoder(field.data_type)
    return {"old_value": _decoded(old, decode), "new_value": _decoded(new, decode)}


def link_values(old: Pair | None, new: Pair | None, named: Callable[[Pair], str | None]) -> Meta:
    """... and a single link's change."""
    return {"old_value": _link(old, named), "new_value": _link(new, named)}


def many_values(difference: Difference, named: Callable[[Pair], str | None]) -> Meta:
    """... and that of a multi-entity field: what came and what went."""
    return {
        "added": [_link(pair, named) for pair in difference.added],
        "removed": [_link(pair, named) for pair in difference.removed],
    }


def _link(pair: Pair | None, named: Callable[[Pair], str | None]) -> Meta | None:
    return None if pair is None else {"id": pair[1], "name": named(pair), "type": pair[0], "valid": "valid"}


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
