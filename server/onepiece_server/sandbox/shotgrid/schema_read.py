"""The schema methods: the site's types and fields in the shape of the wire."""

from __future__ import annotations

import sqlite3
from typing import Any

from onepiece_server.sandbox.shotgrid.faults import Fault, field_missing, type_fault
from onepiece_server.sandbox.shotgrid.model import ANY_TYPE, LINK_TYPES, Field, Schema
from onepiece_server.sandbox.shotgrid.schema_properties import CHOICES, display_values, property_names
from onepiece_server.sandbox.shotgrid.site import Caller, Site

# Properties that never change, although the field's other ones may.
_ALWAYS_SHOWN = ("id", "project")


def schema_entity_read(site: Site, _caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    _project(site, "schema_entity_read", args)
    return {
        name: {"name": _fixed(entity.label), "visible": _fixed(entity.visible)}
        for name, entity in site.schema.entities.items()
    }


def schema_read(site: Site, _caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    shown = _Shown(site, _project(site, "schema_read", args))
    return {
        name: {field.name: shown.field(field) for field in entity.fields.values()}
        for name, entity in shown.schema.entities.items()
    }


def schema_field_read(site: Site, _caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    shown = _Shown(site, _project(site, "schema_field_read", args))
    entity = shown.schema.entity(args.get("type"), "schema_field_read")
    name = args.get("field_name")
    if name is None:
        return {field.name: shown.field(field) for field in entity.fields.values()}
    if not isinstance(name, str) or name not in entity.fields:
        raise field_missing("schema_field_read", entity.name, f"{name!s:.100}")
    return {name: shown.field(entity.fields[name])}


def _project(site: Site, method: str, args: dict[str, Any]) -> int | None:
    """The project whose view is asked for."""
    told = args.get("project")
    if told is None:
        return None
    project_id = told.get("id") if isinstance(told, dict) else None
    if not isinstance(project_id, int) or isinstance(project_id, bool) or told.get("type") != "Project":
        raise type_fault(method, "'project' (an entity with 'type' and 'id')", ["Hash", "NilClass"], told)
    with site.database.read() as connection:
        sql = "SELECT 1 FROM Project WHERE id=?"
        if connection.execute(sql, [max(min(project_id, 2**62), -1)]).fetchone() is None:
            raise Fault(f"API {method}() Entity of type [Project] with id={project_id} does not exist.")
    return project_id


class _Shown:
    """Fields as one project sees them, or the whole site."""

    def __init__(self, site: Site, project_id: int | None) -> None:
        self.schema: Schema = site.schema
        self._project_id = project_id
        with site.database.read() as connection:
            self._statuses = _status_names(connection)

    def field(self, field: Field) -> dict[str, Any]:
        """One field: each property as ``{"value", "editable"}``."""
        hidden = self._project_id in self.schema.hidden.get(field.path, ())
        may_hide = not field.mandatory and field.name not in _ALWAYS_SHOWN
        return {
            "name": _editable(field.label),
            "description": _editable(field.description),
            "custom_metadata": _editable(field.custom_metadata),
            "entity_type": _fixed(field.entity_type),
            "data_type": _fixed(field.data_type),
            "editable": _fixed(field.editable),
            "mandatory": _fixed(field.mandatory),
            "unique": _fixed(field.unique),
            "visible": {"value": field.visible and not hidden, "editable": may_hide},
            "ui_value_displayable": _fixed(field.ui_value_displayable),
            "properties": self._properties(field),
        }

    def _properties(self, field: Field) -> dict[str, Any]:
        changeable = property_names(field.data_type)
        found = {
            "default_value": {"value": field.default, "editable": "default_value" in changeable},
            "summary_default": _editable(field.summary_default),
        }
        if field.data_type in CHOICES:
            found["valid_values"] = _editable(list(field.valid_values))
        if field.data_type == "status_list":
            named = {**self._statuses, **field.display_values}
            found["display_values"] = _fixed(display_values(field.valid_values, named))
            found["hidden_values"] = _fixed(list(field.hidden_values))
        if field.data_type in LINK_TYPES:
            types = sorted(self.schema.entities) if field.valid_types == (ANY_TYPE,) else list(field.valid_types)
            found["valid_types"] = _editable(types)
        return {**found, **field.more}


def _status_names(connection: sqlite3.Connection) -> dict[str, str]:
    sql = 'SELECT code, name FROM Status WHERE "__retired"=0 AND code IS NOT NULL AND name IS NOT NULL'
    return dict(connection.execute(sql).fetchall())


def _fixed(value: Any) -> dict[str, Any]:
    return {"value": value, "editable": False}


def _editable(value: Any) -> dict[str, Any]:
    return {"value": value, "editable": True}
