"""What a caller wants to write, checked against the schema before anything is written."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from onepiece_server.sandbox.shotgrid import attachments
from onepiece_server.sandbox.shotgrid.faults import Fault, crud_fault, field_missing, type_fault
from onepiece_server.sandbox.shotgrid.model import ENTITY, EntityType, Field
from onepiece_server.sandbox.shotgrid.values import READ_ONLY_TYPES, to_column

_MODES = ("set", "add", "remove")
# Read-only afterwards, but a script may say them when it creates a row (imports do).
_STAMPS = frozenset({"created_at", "created_by", "updated_at", "updated_by"})


@dataclass(slots=True)  # frozen would take twice as long to make, and a batch makes thousands
class Change:
    """One field's new value: ``columns`` to write at once, and what has to wait for the row's id."""

    field: Field
    columns: dict[str, Any] = dataclasses.field(default_factory=dict)
    links: list[tuple[str, int]] | None = None
    mode: str = "set"
    secret: str | None = None
    attachment: dict[str, Any] | None = None


@dataclass(frozen=True)
class Incoming:
    connection: sqlite3.Connection
    check_exists: Callable[[str, int, Field, str], None]
    by_script: bool


def incoming(how: Incoming, method: str, entity: EntityType, fields: Any) -> list[Change]:
    """The changes that ``fields`` of a create or update ask for; of a field that is named twice the last counts.

    Raises:
        Fault: a field is unknown or read-only, or its value does not fit.
    """
    if fields is None:
        fields = []
    if not isinstance(fields, list) or not all(isinstance(one, dict) for one in fields):
        raise Fault(f"API {method}() expected [Array] of [Hash] for 'fields' but got: {fields!r:.100}")
    changes: dict[str, Change] = {}
    for one in fields:
        name = one.get("field_name")
        known = entity.fields.get(name) if isinstance(name, str) else None
        if known is None:
            raise field_missing(method, entity.name, f"{name!s:.100}")
        if "value" not in one:
            raise Fault(f"API {method}() {known.path}: missing 'value'")
        if not _is_editable(how, method, known):
            raise crud_fault(method, "8", known.path, "The field is not editable.")
        changes[known.name] = _change(how, method, known, one)
    return list(changes.values())


def _is_editable(how: Incoming, method: str, known: Field) -> bool:
    if known.editable and known.data_type not in READ_ONLY_TYPES:
        return True
    return method == "create" and how.by_script and known.name in _STAMPS


def _change(how: Incoming, method: str, known: Field, one: dict[str, Any]) -> Change:
    value = one["value"]
    if known.is_many:
        mode = one.get("multi_entity_update_mode", "set")
        if mode not in _MODES:
            raise Fault(f"API {method}() {known.path} invalid 'multi_entity_update_mode': {mode!r:.60}")
        return Change(known, links=_links(how, method, known, value), mode=mode)
    if known.storage == ENTITY:
        pair = None if value is None else _pair(how, method, known, value)
        kind, target = pair or (None, None)
        return Change(known, columns={f"{known.name}__type": kind, f"{known.name}__id": target})
    if known.data_type == "url":
        parsed = attachments.parsed(known, value, attachments.storages(how.connection), method)
        return Change(known, columns={known.name: None}) if parsed is None else Change(known, attachment=parsed)
    if known.data_type == "image":
        if value is not None:
            raise type_fault(method, known.path, ["NilClass"], value)
        return Change(known, columns={known.name: None})
    column = to_column(known, value, method)
    if known.data_type == "password":
        return Change(known, columns={known.name: "set" if column else None}, secret=value or None)
    return Change(known, columns={known.name: column})


def _links(how: Incoming, method: str, known: Field, value: Any) -> list[tuple[str, int]]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise type_fault(method, known.path, ["Array", "NilClass"], value)
    return list(dict.fromkeys(_pair(how, method, known, one) for one in value))


def _pair(how: Incoming, method: str, known: Field, value: Any) -> tuple[str, int]:
    if not isinstance(value, dict):
        raise type_fault(method, known.path, ["Hash", "NilClass"], value)
    kind, target = value.get("type"), value.get("id")
    if kind is None and len(known.valid_types) == 1:
        kind = known.valid_types[0]
    if not isinstance(kind, str) or isinstance(target, bool) or not isinstance(target, int):
        raise type_fault(method, f"{known.path} (an entity with 'type' and 'id')", ["Hash"], value)
    if not known.accepts(kind):
        why = f"Invalid entity type '{kind[:60]}': expected one of [{', '.join(known.valid_types)}]."
        raise crud_fault(method, "7", known.path, why)
    how.check_exists(kind, target, known, method)
    return kind, target
