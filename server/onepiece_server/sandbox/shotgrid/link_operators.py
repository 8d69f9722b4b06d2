"""Filter operators of entity and multi-entity fields."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.faults import type_fault
from onepiece_server.sandbox.shotgrid.links import link_source
from onepiece_server.sandbox.shotgrid.model import Field, Schema
from onepiece_server.sandbox.shotgrid.operators import Sql, one, scalar_condition, unknown_relation

ENTITY_RELATIONS = (
    "is",
    "is_not",
    "type_is",
    "type_is_not",
    "name_contains",
    "name_not_contains",
    "name_is",
    "in",
    "not_in",
)
MANY_RELATIONS = (*ENTITY_RELATIONS, "contains", "not_contains", "name_starts_with", "name_ends_with")
# An operator on the linked row's name, as an operator on text.
_NAME_RELATIONS = {
    "name_contains": "contains",
    "name_not_contains": "contains",
    "name_is": "is",
    "name_starts_with": "starts_with",
    "name_ends_with": "ends_with",
}
_NEGATIVE = frozenset({"is_not", "type_is_not", "name_not_contains", "not_in", "not_contains"})


def entity_condition(schema: Schema, alias: str, field: Field, relation: str, values: list[Any]) -> Sql:
    if relation not in ENTITY_RELATIONS:
        raise unknown_relation(field, relation, ENTITY_RELATIONS)
    type_sql, id_sql = f'{alias}."{field.name}__type"', f'{alias}."{field.name}__id"'
    sql, params = _matches(schema, field, type_sql, id_sql, relation, values)
    return (f"NOT COALESCE({sql}, 0)", params) if relation in _NEGATIVE else (sql, params)


def many_condition(
    schema: Schema, names: Iterator[int], alias: str, field: Field, relation: str, values: list[Any]
) -> Sql:
    """Any linked row matches; the negative operators ask that none does. ``is None`` asks for no row at all."""
    if relation not in MANY_RELATIONS:
        raise unknown_relation(field, relation, MANY_RELATIONS)
    link = f"l{next(names)}"
    source = link_source(schema, field).at(link)
    exists = f"EXISTS (SELECT 1 FROM {source.table} AS {link} WHERE {source.where} AND {source.owner_id} = {alias}.id"
    present = [value for value in values if value is not None]
    parts: list[str] = []
    params: list[Any] = []
    if present or relation not in ("is", "is_not", "in", "not_in"):
        sql, params = _matches(schema, field, source.other_type, source.other_id, relation, present)
        parts.append(f"{exists} AND {sql})")
    if len(present) < len(values):
        parts.append(f"NOT {exists})")
    joined = " OR ".join(parts) or "0"
    return (f"NOT ({joined})", params) if relation in _NEGATIVE else (f"({joined})", params)


def _matches(schema: Schema, field: Field, type_sql: str, id_sql: str, relation: str, values: list[Any]) -> Sql:
    """The positive form of ``relation`` over one link."""
    if relation in ("type_is", "type_is_not"):
        value = one(field, values)
        if value is None:
            return f"{type_sql} IS NULL", []
        if not isinstance(value, str):
            raise type_fault("read", field.path, ["String", "NilClass"], value)
        return f"{type_sql} = ?", [value]
    if relation in _NAME_RELATIONS:
        as_text = replace(field, data_type="text")
        return scalar_condition(
            display_sql(schema, field, type_sql, id_sql), as_text, _NAME_RELATIONS[relation], values
        )
    return _one_of(field, type_sql, id_sql, values)


def _one_of(field: Field, type_sql: str, id_sql: str, values: list[Any]) -> Sql:
    by_type: dict[str, list[int]] = {}
    for value in values:
        if value is not None:
            entity_type, entity_id = _link(field, value)
            by_type.setdefault(entity_type, []).append(entity_id)
    parts: list[str] = []
    params: list[Any] = []
    for entity_type, ids in by_type.items():
        numbers = ",".join(str(number) for number in ids)  # checked to be integers
        parts.append(f"({id_sql} IN ({numbers}) AND {type_sql} = ?)")
        params.append(entity_type)
    if None in values:
        parts.append(f"{id_sql} IS NULL")
    return "(" + (" OR ".join(parts) or "0") + ")", params


def _link(field: Field, value: Any) -> tuple[str, int]:
    if not isinstance(value, dict):
        raise type_fault("read", field.path, ["Hash", "NilClass"], value)
    entity_type, entity_id = value.get("type"), value.get("id")
    if entity_type is None and len(field.valid_types) == 1:
        entity_type = field.valid_types[0]
    if not isinstance(entity_type, str) or isinstance(entity_id, bool) or not isinstance(entity_id, int):
        raise type_fault("read", f"{field.path} (an entity with 'type' and 'id')", ["Hash"], value)
    return entity_type, max(min(entity_id, 2**62), -1)


def display_sql(schema: Schema, field: Field, type_sql: str, id_sql: str) -> str:
    """The display name of a linked row, for sorting and the ``name_`` operators."""
    types = tuple(schema.entities) if field.valid_types == ("*",) else field.valid_types
    cases = " ".join(
        f"WHEN '{name}' THEN (SELECT n.{quoted(schema.entities[name].display)} FROM {quoted(name)} AS n "
        f'WHERE n.id = {id_sql} AND n."__retired" = 0)'
        for name in types
    )
    return f"(CASE {type_sql} {cases} END)"
