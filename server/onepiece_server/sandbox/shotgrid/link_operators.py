"""Filter operators of entity, multi-entity and addressing fields."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

from typing import Any

from onepiece_server.sandbox.shotgrid.asked import Condition, Expression, unsupported
from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.faults import shown
from onepiece_server.sandbox.shotgrid.links import link_source
from onepiece_server.sandbox.shotgrid.model import ANY_TYPE, Field, Schema
from onepiece_server.sandbox.shotgrid.operators import TEXT, one_of, opposite

_MANY = ("is", "is_not", "type_is", "type_is_not", "name_contains", "name_not_contains", "in", "not_in")
RELATIONS: dict[str, tuple[str, ...]] = {
    "entity": (*_MANY[:6], "name_is", "in", "not_in"),
    "multi_entity": _MANY,
    "addressing": (*_MANY, "contains", "not_contains", "name_starts_with", "name_ends_with"),
}
# An operator on the linked row's name, as an operator on text.
_NAMES = {
    "name_contains": "contains",
    "name_not_contains": "contains",
    "name_is": "is",
    "name_starts_with": "starts_with",
    "name_ends_with": "ends_with",
}
_NEGATIVE = frozenset({"is_not", "type_is_not", "name_not_contains", "not_in", "not_contains"})
_ONE = frozenset({"is", "is_not", "contains", "not_contains"})
_LARGEST = 2**62


def entity_condition(schema: Schema, alias: str, condition: Condition) -> Expression:
    field = condition.field
    _check(condition)
    type_sql, id_sql = f'{alias}."{field.name}__type"', f'{alias}."{field.name}__id"'
    found = _matches(schema, condition, type_sql, id_sql, condition.values)
    return opposite(found) if condition.relation in _NEGATIVE else found


def many_condition(schema: Schema, link: str, alias: str, condition: Condition) -> Expression:
    """Any linked row matches; the negative operators ask that none does. ``is None`` asks for no row at all.

    Args:
        link: a free alias for the table of links.
    """
    _check(condition)
    source = link_source(schema, condition.field).at(link)
    start = f"SELECT 1 FROM {source.table} AS {link} WHERE {source.where} AND {source.owner_id} = {alias}.id"
    present = [value for value in condition.values if value is not None]
    parts: list[str] = []
    found = Expression("0", [])
    if present or condition.relation not in ("is", "is_not", "in", "not_in", "contains", "not_contains"):
        found = _matches(schema, condition, source.other_type, source.other_id, present)
        parts.append(f"EXISTS ({start} AND {found.text})")
    if len(present) < len(condition.values):
        parts.append(f"NOT EXISTS ({start})")
    joined = Expression("(" + (" OR ".join(parts) or "0") + ")", found.params, found.weight + 10)
    return opposite(joined) if condition.relation in _NEGATIVE else joined


def _check(condition: Condition) -> None:
    known = RELATIONS[condition.field.data_type]
    if condition.relation not in known:
        raise unsupported(condition, known)
    if condition.relation in _ONE:
        condition.one()


def _matches(schema: Schema, condition: Condition, type_sql: str, id_sql: str, values: list[Any]) -> Expression:
    """The positive form of the relation over one link."""
    if condition.relation in ("type_is", "type_is_not"):
        value = condition.one()
        if value is None:
            return Expression(f"{type_sql} IS NULL", [])
        if not isinstance(value, str):
            raise condition.wrong_type(["String", "NilClass"], value)
        return Expression(f"{type_sql} = ?", [value])
    name_relation = _NAMES.get(condition.relation)
    if name_relation is None:
        return _one_of(schema, condition, type_sql, id_sql, values)
    if condition.one() is None:
        raise condition.wrong_type(["String"], None)
    found = TEXT[name_relation](display_sql(schema, condition.field, type_sql, id_sql), condition)
    return found._replace(weight=30)


def _one_of(schema: Schema, condition: Condition, type_sql: str, id_sql: str, values: list[Any]) -> Expression:
    by_type: dict[str, list[int]] = {}
    for value in values:
        if value is not None:
            entity_type, entity_id = _link(schema, condition, value)
            by_type.setdefault(entity_type, []).append(entity_id)
    parts: list[str] = []
    params: list[Any] = []
    for entity_type, ids in by_type.items():
        found = one_of(id_sql, ids)
        parts.append(f"({found.text} AND {type_sql} = ?)")
        params += [*found.params, entity_type]
    if None in values:
        parts.append(f"{id_sql} IS NULL")
    return Expression("(" + (" OR ".join(parts) or "0") + ")", params)


def _link(schema: Schema, condition: Condition, value: Any) -> tuple[str, int]:
    """The row that a value of a filter names."""
    if not isinstance(value, dict):
        if condition.field.is_many:
            raise condition.fault(f"invalid/missing entity hash: {shown(value)}")
        raise condition.wrong_type(["Hash", "NilClass"], value)
    entity_type, entity_id = value.get("type"), value.get("id")
    if not isinstance(entity_type, str) or entity_type not in schema.entities:
        raise condition.fault(
            f"invalid/missing entity hash string 'type': {shown(value)}\n"
            f"Valid entity types: {shown(sorted(schema.entities), 4000)}"
        )
    if isinstance(entity_id, bool) or not isinstance(entity_id, int):
        raise condition.fault(f"invalid/missing entity hash integer 'id': {shown(value)}")
    return entity_type, max(min(entity_id, _LARGEST), -1)


def display_sql(schema: Schema, field: Field, type_sql: str, id_sql: str) -> str:
    """The display name of a linked row, for sorting and the ``name_`` operators."""
    types = schema.entities if field.valid_types == (ANY_TYPE,) else field.valid_types
    cases = " ".join(
        f"WHEN '{name}' THEN (SELECT n.{quoted(schema.entities[name].display)} FROM {quoted(name)} AS n "
        f'WHERE n.id = {id_sql} AND n."__retired" = 0)'
        for name in types
        if name in schema.entities
    )
    return f"(CASE {type_sql} {cases or 'WHEN NULL THEN NULL'} END)"
