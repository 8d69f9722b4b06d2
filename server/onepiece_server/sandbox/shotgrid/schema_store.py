"""Where a site keeps its schema: what it started from (stock, or a file), and what its people changed since.

The start is in ``schema.json`` beside the database when it is not the stock one; the changes are rows of
``__fields``. The schema of now is both together.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from pathlib import Path

from onepiece_server.sandbox.shotgrid.model import ANY_TYPE, LINK_TYPES, Raw, Schema, build_schema, stock_raw
from onepiece_server.sandbox.shotgrid.schema_file import read_schema_file, schema_text

# How a field differs from what the site started from.
CUSTOM = "custom"  # ``definition`` is the whole field
CHANGED = "changed"  # ``definition`` has the properties that changed
RETIRED = "retired"  # deleted; its data and its name are kept

# What the site's own code reads and writes: a schema file without it is completed.
NEEDED: dict[str, tuple[str, ...]] = {
    "Project": ("name", "archived", "is_template", "users", "last_accessed_by_current_user"),
    "HumanUser": ("name", "firstname", "lastname", "login", "email", "password_proxy", "sg_status_list"),
    "ApiUser": ("firstname", "sg_status_list", "salted_password", "generate_event_log_entries"),
    "EventLogEntry": (
        "event_type", "attribute_name", "description", "entity", "project", "user", "meta", "session_uuid",
    ),
    "Attachment": (
        "this_file", "display_name", "filename", "original_fname", "file_size", "file_extension", "image",
        "attachment_links", "processing_status", "local_storage", "project", "description", "tags",
    ),
    "LocalStorage": ("code", "linux_path", "mac_path", "windows_path"),
    "Status": ("code", "name"),
    "Tag": ("name",),
    "Task": ("content", "project", "entity", "template_task"),
    "Note": ("content", "project"),
    "Reply": ("content", "entity", "user"),
    "Page": ("name", "entity_type", "project", "shared"),
    "PageSetting": ("name", "page", "user", "settings_json"),
}  # fmt: skip
_BASE = ("id", "cached_display_name", "created_at", "created_by", "updated_at", "updated_by")


def base_schema(folder: Path, told: Path | None) -> Raw:
    """What the site in ``folder`` starts from. A file that is told is kept for the starts to come.

    Raises:
        SandboxSchemaInvalid: the file is no schema.
    """
    kept = folder / "schema.json"
    if told is not None:
        raw = read_schema_file(told)
        partial = kept.with_suffix(".part")
        partial.write_text(schema_text(raw), encoding="utf-8")
        partial.replace(kept)
    elif kept.exists():
        raw = read_schema_file(kept)
    else:
        return stock_raw()
    return _completed(raw)


def schema_now(connection: sqlite3.Connection, base: Raw) -> Schema:
    """``base`` with the changes that the database knows."""
    raw = dict(base)
    for entity_type, name, state, definition in connection.execute(
        'SELECT entity_type, name, state, definition FROM "__fields"'
    ):
        if entity_type not in base:
            continue  # the site was opened with another schema since
        if raw[entity_type] is base[entity_type]:
            raw[entity_type] = {**base[entity_type], "fields": dict(base[entity_type]["fields"])}
        fields = raw[entity_type]["fields"]
        if state == RETIRED:
            fields.pop(name, None)
        elif state == CUSTOM:
            fields[name] = json.loads(definition)
        elif name in fields:
            fields[name] = {**fields[name], **json.loads(definition)}
    return build_schema(_without_loose_ends(raw), _hidden(connection))


def field_state(connection: sqlite3.Connection, entity_type: str, name: str) -> tuple[str, Raw] | None:
    """What ``__fields`` says of a field; None where it has never been changed."""
    sql = 'SELECT state, definition FROM "__fields" WHERE entity_type=? AND name=? COLLATE NOCASE'
    found = connection.execute(sql, [entity_type, name]).fetchone()
    return (found[0], json.loads(found[1])) if found else None


def store_field(connection: sqlite3.Connection, entity_type: str, name: str, state: str, definition: Raw) -> None:
    sql = 'INSERT OR REPLACE INTO "__fields" (entity_type, name, state, definition) VALUES (?,?,?,?)'
    connection.execute(sql, [entity_type, name, state, json.dumps(definition)])


def store_visibility(
    connection: sqlite3.Connection, entity_type: str, name: str, project_id: int, *, visible: bool
) -> None:
    row = [entity_type, name, project_id]
    if visible:
        connection.execute('DELETE FROM "__hidden_fields" WHERE entity_type=? AND name=? AND project_id=?', row)
    else:
        connection.execute('INSERT OR IGNORE INTO "__hidden_fields" VALUES (?,?,?)', row)


def _hidden(connection: sqlite3.Connection) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for entity_type, name, project_id in connection.execute('SELECT * FROM "__hidden_fields"'):
        found[f"{entity_type}.{name}"].add(project_id)
    return {path: frozenset(projects) for path, projects in found.items()}


def _without_loose_ends(raw: Raw) -> Raw:
    """``raw`` where every link leads somewhere: a field may be gone, a type may be another schema's."""
    found = {}
    for name, entity in raw.items():
        fields = {key: kept for key, one in entity["fields"].items() if (kept := _kept(one, raw)) is not None}
        found[name] = {**entity, "fields": fields}
    return found


def _kept(field: Raw, raw: Raw) -> Raw | None:
    if field["data_type"] not in LINK_TYPES:
        return field
    types = field["valid_types"]
    known = [one for one in types if one in raw or one == ANY_TYPE]
    for other in filter(None, (field.get("inverse"), field.get("through"))):
        entity_type, *names = other.split(".")
        if entity_type not in raw or any(name not in raw[entity_type]["fields"] for name in names):
            return None
    if not known:
        return None
    return field if len(known) == len(types) else {**field, "valid_types": known}


def _completed(raw: Raw) -> Raw:
    """``raw`` with what the site's own code needs."""
    stock = stock_raw()
    found = dict(raw)
    for name, needed in NEEDED.items():
        entity = found.get(name) or {**stock[name], "fields": {}}
        missing = {key: stock[name]["fields"][key] for key in (*_BASE, *needed) if key not in entity["fields"]}
        plain = {
            key: {part: value for part, value in field.items() if part not in ("inverse", "through")}
            for key, field in missing.items()
        }
        found[name] = {**entity, "fields": {**entity["fields"], **plain}}
    return _without_loose_ends(found)
