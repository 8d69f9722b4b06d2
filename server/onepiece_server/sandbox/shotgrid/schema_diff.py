"""What differs between two schemas, always in the same order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, Field

from onepiece_server.sandbox.shotgrid.model import EntityType, Schema
from onepiece_server.sandbox.shotgrid.model import Field as SchemaField

Kind = Literal["added", "removed", "changed"]

# Attributes of a field, by the names that a schema file has for them.
_PROPERTIES = {
    "data_type": "data_type", "name": "label", "description": "description", "editable": "editable",
    "mandatory": "mandatory", "unique": "unique", "visible": "visible", "valid_types": "valid_types",
    "valid_values": "valid_values", "display_values": "display_values", "hidden_values": "hidden_values",
    "default_value": "default", "summary_default": "summary_default", "custom": "custom", "inverse": "inverse",
    "through": "through",
}  # fmt: skip
_UNORDERED = ("valid_types", "hidden_values")


class Change(BaseModel, frozen=True):
    """One difference. ``field`` is None for a whole type; ``property`` and its two values are those of a change.

    Attributes:
        kind: "added" is in B alone, "removed" in A alone.
        data_type: of a field that was added or removed.
    """

    kind: Kind
    type: str
    field: str | None = None
    property: str | None = None
    data_type: str | None = None
    a: Any = None
    b: Any = None


class SchemaDiff(BaseModel, frozen=True, serialize_by_alias=True):
    """The one object that ``sandbox schema diff --json`` prints."""

    schema_: Literal["onepiece.schema-diff.1"] = Field("onepiece.schema-diff.1", alias="schema")
    a: str
    b: str
    same: bool
    changes: tuple[Change, ...]


def compare(a_name: str, a: Schema, b_name: str, b: Schema) -> SchemaDiff:
    changes = tuple(_changes(a, b))
    return SchemaDiff(a=a_name, b=b_name, same=not changes, changes=changes)


def _changes(a: Schema, b: Schema) -> Iterator[Change]:
    for name in sorted(a.entities.keys() | b.entities.keys()):
        before, after = a.entities.get(name), b.entities.get(name)
        if before is None or after is None:
            yield Change(kind="added" if before is None else "removed", type=name)
        else:
            yield from _type_changes(name, before, after)


def _type_changes(name: str, before: EntityType, after: EntityType) -> Iterator[Change]:
    for key, old, new in (
        ("name", before.label, after.label),
        ("display", before.display, after.display),
        ("visible", before.visible, after.visible),
    ):
        if old != new:
            yield Change(kind="changed", type=name, property=key, a=old, b=new)
    for key in sorted(before.fields.keys() | after.fields.keys()):
        a, b = before.fields.get(key), after.fields.get(key)
        if a is not None and b is not None:
            yield from _field_changes(a, b)
            continue
        one = a or b
        assert one is not None
        yield Change(kind="added" if a is None else "removed", type=name, field=key, data_type=one.data_type)


def _field_changes(a: SchemaField, b: SchemaField) -> Iterator[Change]:
    for key, attribute in _PROPERTIES.items():
        old, new = (_plain(getattr(one, attribute), key) for one in (a, b))
        if old != new:
            yield Change(kind="changed", type=a.entity_type, field=a.name, property=key, a=old, b=new)


def _plain(value: Any, key: str) -> Any:
    if isinstance(value, tuple):
        return sorted(value) if key in _UNORDERED else list(value)
    return value
