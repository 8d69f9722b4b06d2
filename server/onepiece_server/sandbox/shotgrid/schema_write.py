"""schema_field_create, schema_field_update and schema_field_delete: a site that people configure.

A change is committed with its columns first; the schema of now is replaced after that, before anybody else may write.
"""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

from onepiece_server.sandbox.shotgrid import schema_store
from onepiece_server.sandbox.shotgrid.database import add_field
from onepiece_server.sandbox.shotgrid.faults import Fault, field_missing, type_fault
from onepiece_server.sandbox.shotgrid.incoming import Change
from onepiece_server.sandbox.shotgrid.method import Method
from onepiece_server.sandbox.shotgrid.model import LINK_TYPES, LINKS, EntityType, Field, Raw, build_field
from onepiece_server.sandbox.shotgrid.schema_file import MAX_FIELDS, column_names, is_field_name
from onepiece_server.sandbox.shotgrid.schema_properties import CHOICES, CREATABLE, merged, parsed
from onepiece_server.sandbox.shotgrid.site import Caller, Site
from onepiece_server.sandbox.shotgrid.write import Writer

_CREATE, _UPDATE, _DELETE = "schema_field_create", "schema_field_update", "schema_field_delete"


def schema_field_create(site: Site, caller: Caller, args: dict[str, Any]) -> str:
    """A new custom field; its name."""
    with site.database.exclusive():
        entity = site.schema.entity(args.get("type"), _CREATE)
        data_type = args.get("data_type")
        if data_type not in CREATABLE:
            raise Fault(
                f"API {_CREATE}() invalid data_type '{data_type!s:.60}'. Valid data types: [{', '.join(CREATABLE)}]"
            )
        told = parsed(_CREATE, args.get("properties"), data_type)
        if "name" not in told or (data_type in LINK_TYPES and "valid_types" not in told):
            missing = "name" if "name" not in told else "valid_types"
            raise Fault(f"API {_CREATE}() missing required 'properties': '{missing}'")
        field: Raw = {"data_type": data_type, "custom": True}
        if data_type == "checkbox":
            field["default_value"] = False
        with site.database.write() as connection:
            name = _free_name(connection, entity, data_type, told["name"])
            if data_type == "status_list" and "valid_values" not in told:
                told["valid_values"] = [code for (code,) in connection.execute("SELECT code FROM Status ORDER BY id")]
            field = merged(_CREATE, site.schema, (entity.name, name), field, told)
            add_field(connection, build_field(entity.name, name, field, {}))
            schema_store.store_field(connection, entity.name, name, schema_store.CUSTOM, field)
            _note(site, caller, connection, "New", entity, name, {"data_type": data_type})
        _refresh(site)
        return name


def schema_field_update(site: Site, caller: Caller, args: dict[str, Any]) -> bool:
    with site.database.exclusive():
        entity, field = _found(site, _UPDATE, args)
        told = parsed(_UPDATE, args.get("properties"), field.data_type)
        if "valid_types" in told and field.data_type != "entity" and field.storage != LINKS:
            raise Fault(f"API {_UPDATE}() {field.path} follows another field: its 'valid_types' can not be changed:")
        with site.database.write() as connection:
            if "visible" in told:
                project_id = _project(connection, args.get("project"))
                visible = merged(_UPDATE, site.schema, _where(field), {}, {"visible": told.pop("visible")})["visible"]
                schema_store.store_visibility(connection, entity.name, field.name, project_id, visible=visible)
                _note(site, caller, connection, "Change", entity, field.name, {"visible": visible})
            if told:
                _store_change(site, connection, field, told)
                _note(site, caller, connection, "Change", entity, field.name, told)
        _refresh(site)
        return True


def schema_field_delete(site: Site, caller: Caller, args: dict[str, Any]) -> bool:
    """Retire a custom field: nobody sees it any more; its data and its name are kept."""
    with site.database.exclusive():
        entity, field = _found(site, _DELETE, args)
        if not field.custom:
            raise Fault(f"API {_DELETE}() {field.path} is not a custom field: it can not be deleted:")
        with site.database.write() as connection:
            stored = schema_store.field_state(connection, entity.name, field.name)
            definition = stored[1] if stored else {}
            schema_store.store_field(connection, entity.name, field.name, schema_store.RETIRED, definition)
            _note(site, caller, connection, "Retirement", entity, field.name, {})
        _refresh(site)
        return True


def _found(site: Site, method: str, args: dict[str, Any]) -> tuple[EntityType, Field]:
    entity = site.schema.entity(args.get("type"), method)
    name = args.get("field_name")
    if not isinstance(name, str) or name not in entity.fields:
        raise field_missing(method, entity.name, f"{name!s:.100}")
    return entity, entity.fields[name]


def _where(field: Field) -> tuple[str, str]:
    return field.entity_type, field.name


def _free_name(connection: sqlite3.Connection, entity: EntityType, data_type: str, label: Any) -> str:
    """The field's name: ``sg_`` and the label in small letters, with a number where that is taken.

    Raises:
        Fault: a deleted field holds the name, as on a real site, where only emptying the trash frees it.
    """
    if not isinstance(label, str):
        raise type_fault(_CREATE, "'name'", ["String"], label)
    first = "sg_" + re.sub(r"[^a-z0-9_]", "_", label.strip().lower())
    if not label.strip() or not is_field_name(f"{first}_999"):
        raise Fault(f"API {_CREATE}() 'name' of a field must have 1 to 56 characters: {label!r:.80}")
    if len(entity.fields) >= MAX_FIELDS:
        raise Fault(f"API {_CREATE}() {entity.name} has as many fields as it can have:")
    taken = {column for one in entity.fields.values() for column in column_names(one.name, one.data_type)}
    taken |= {one.lower() for one in entity.fields}
    for number in range(1000):
        name = f"{first}_{number}" if number else first
        stored = schema_store.field_state(connection, entity.name, name)
        retired = stored is not None and stored[0] == schema_store.RETIRED
        if retired and not number:
            raise Fault(
                f"API {_CREATE}() failed, there is a retired field with the same field_name: {name}. "
                "Delete the retired field forever from the Trash Page in Shotgun and try again."
            )
        if not retired and not taken & {name, *column_names(name, data_type)}:
            return name
    raise Fault(f"API {_CREATE}() too many fields are named {first}:")


def _project(connection: sqlite3.Connection, told: Any) -> int:
    if told is None:
        raise Fault(f"API {_UPDATE}() property 'visible' needs a 'project': it is set for one project at a time:")
    if not isinstance(told, dict) or told.get("type") != "Project" or not isinstance(told.get("id"), int):
        raise type_fault(_UPDATE, "'project' (an entity with 'type' and 'id')", ["Hash"], told)
    project_id = int(told["id"])
    sql = 'SELECT 1 FROM Project WHERE id=? AND "__retired"=0'
    if connection.execute(sql, [max(min(project_id, 2**62), -1)]).fetchone() is None:
        raise Fault(f"API {_UPDATE}() Entity of type [Project] with id={project_id} does not exist.")
    return project_id


def _store_change(site: Site, connection: sqlite3.Connection, field: Field, told: dict[str, Any]) -> None:
    """Custom fields are kept whole, of the others only what differs."""
    state, definition = schema_store.field_state(connection, *_where(field)) or (schema_store.CHANGED, {})
    now = _as_form(field)
    after = merged(_UPDATE, site.schema, _where(field), now, told)
    definition = {**definition, **{key: value for key, value in after.items() if value != now.get(key)}}
    schema_store.store_field(connection, *_where(field), state, definition)


def _as_form(field: Field) -> Raw:
    """What ``merged`` looks at, of a field as it is."""
    found: Raw = {"data_type": field.data_type, "name": field.label, "default_value": field.default}
    if field.data_type in CHOICES:
        found |= {"valid_values": list(field.valid_values), "display_values": field.display_values}
    return found


def _refresh(site: Site) -> None:
    """Put the schema of now in its place; the caller holds the lock and has committed."""
    with site.database.read() as connection:
        site.live_schema.replace(schema_store.schema_now(connection, site.live_schema.base))


def _note(
    site: Site,
    caller: Caller,
    connection: sqlite3.Connection,
    kind: str,
    entity: EntityType,
    name: str,
    told: dict[str, Any],
) -> None:
    """An event: a site calls what shows a field a display column."""
    log = site.schema.entities["EventLogEntry"]
    words = {"New": "created", "Change": "changed", "Retirement": "retired"}
    meta = {"type": "attribute_change", "entity_type": "DisplayColumn", "field": f"{entity.name}.{name}", **told}
    who = {"user__type": caller.user_type, "user__id": caller.user_id}
    changes = [
        Change(log.fields["event_type"], columns={"event_type": f"Shotgun_DisplayColumn_{kind}"}),
        Change(log.fields["attribute_name"], columns={"attribute_name": name}),
        Change(log.fields["description"], columns={"description": f"{words[kind]} field {entity.name}.{name}"}),
        Change(log.fields["meta"], columns={"meta": json.dumps(meta)}),
        Change(log.fields["user"], columns=who),
        Change(log.fields["session_uuid"], columns={"session_uuid": caller.session_uuid}),
    ]
    Writer(site, caller, connection).insert(log, changes)


METHODS: dict[str, Method] = {_CREATE: schema_field_create, _UPDATE: schema_field_update, _DELETE: schema_field_delete}
