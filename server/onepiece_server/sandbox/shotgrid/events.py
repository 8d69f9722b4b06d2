"""The event log: one EventLogEntry for each row made, retired or revived and for each field changed."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.dates import now_text
from onepiece_server.sandbox.shotgrid.model import EntityType, Field
from onepiece_server.sandbox.shotgrid.site import Caller

if TYPE_CHECKING:
    from onepiece_server.sandbox.shotgrid.incoming import Change

# No events about events.
_SILENT = frozenset({"EventLogEntry"})

_INSERT = (
    "INSERT INTO EventLogEntry (event_type, attribute_name, description, entity__type, entity__id, project__type, "
    "project__id, user__type, user__id, meta, session_uuid, created_at, updated_at, created_by__type, created_by__id, "
    "cached_display_name) "
    "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)


class Events:
    def __init__(self, connection: sqlite3.Connection, caller: Caller) -> None:
        self._connection = connection
        self._caller = caller

    def created(self, entity: EntityType, row_id: int, name: str | None, project_id: int | None) -> None:
        meta = {"type": "new_entity", "entity_type": entity.name, "entity_id": row_id}
        self._add("New", entity, row_id, project_id, f"created new {entity.label} {name or row_id}", meta)

    def changed(
        self,
        entity: EntityType,
        row_id: int,
        name: str | None,
        changes: list[Change],
        before: dict[str, Any],
        differences: dict[str, Any],
    ) -> None:
        project_id = self._project(entity, row_id)
        for change in changes:
            old = {key: before.get(key) for key in change.columns}
            difference = differences.get(change.field.name)
            if difference is not None:
                values = {key: [_link(pair) for pair in getattr(difference, key)] for key in ("added", "removed")}
                if not values["added"] and not values["removed"]:
                    continue
            elif change.columns and old == change.columns:
                continue
            else:
                values = {"old_value": _value(old), "new_value": _value(change.columns)}
            meta = {
                "type": "attribute_change",
                "attribute_name": change.field.name,
                "entity_type": entity.name,
                "entity_id": row_id,
                "field_data_type": change.field.data_type,
                **values,
            }
            words = f'changed "{change.field.label}" on {entity.label} {name or row_id}'
            self._add("Change", entity, row_id, project_id, words, meta, change.field.name)

    def uploaded(self, entity: EntityType, row_id: int, field: Field, filename: str) -> None:
        meta = {
            "type": "attribute_change",
            "attribute_name": field.name,
            "entity_type": entity.name,
            "entity_id": row_id,
            "field_data_type": field.data_type,
            "new_value": filename,
        }
        words = f'changed "{field.label}" on {entity.label} {row_id}'
        self._add("Change", entity, row_id, self._project(entity, row_id), words, meta, field.name)

    def retired(self, entity: EntityType, row_id: int) -> None:
        meta = {"type": "entity_retirement", "class_name": entity.name, "id": row_id, "retirement_date": now_text()}
        self._add("Retirement", entity, row_id, self._project(entity, row_id), f"retired {entity.label} {row_id}", meta)

    def revived(self, entity: EntityType, row_id: int) -> None:
        meta = {"type": "entity_revival", "class_name": entity.name, "id": row_id}
        self._add("Revival", entity, row_id, self._project(entity, row_id), f"revived {entity.label} {row_id}", meta)

    def _project(self, entity: EntityType, row_id: int) -> int | None:
        if entity.name == "Project":
            return row_id
        if "project" not in entity.fields:
            return None
        sql = f"SELECT project__id FROM {quoted(entity.name)} WHERE id=?"
        found: tuple[int | None] | None = self._connection.execute(sql, [row_id]).fetchone()
        return found[0] if found else None

    def _add(
        self,
        kind: str,
        entity: EntityType,
        row_id: int,
        project_id: int | None,
        description: str,
        meta: dict[str, Any],
        attribute: str | None = None,
    ) -> None:
        if entity.name in _SILENT:
            return
        caller, now, event_type = self._caller, now_text(), f"Shotgun_{entity.name}_{kind}"
        project = (None, None) if project_id is None else ("Project", project_id)
        who = (caller.user_type, caller.user_id)
        words = json.dumps(meta, separators=(",", ":"))
        self._connection.execute(
            _INSERT,
            (
                event_type,
                attribute,
                description,
                entity.name,
                row_id,
                *project,
                *who,
                words,
                caller.session_uuid,
                now,
                now,
                *who,
                event_type,
            ),
        )


def _link(pair: tuple[str, int]) -> dict[str, Any]:
    return {"type": pair[0], "id": pair[1]}


def _value(columns: dict[str, Any]) -> Any:
    """One field's columns as one value: a link has two."""
    if len(columns) == 2:
        kind, target = columns.values()
        return None if target is None else {"type": kind, "id": target}
    return next(iter(columns.values()), None)
