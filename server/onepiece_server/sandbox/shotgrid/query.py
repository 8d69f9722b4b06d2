"""Filters and paths compiled to SQL.

A path is a field, or ``field.Type.field`` to any depth. Steps over single links are joins; steps over
multi-entity fields are EXISTS, so that one matching row is enough.
"""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from onepiece_server.sandbox.shotgrid.computed_fields import column_sql
from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.faults import Fault, field_missing
from onepiece_server.sandbox.shotgrid.link_operators import entity_condition, many_condition
from onepiece_server.sandbox.shotgrid.links import link_source
from onepiece_server.sandbox.shotgrid.model import ENTITY, Field, Schema
from onepiece_server.sandbox.shotgrid.operators import Sql, scalar_condition

MAX_DEPTH = 60  # of nested filters, and of steps in a path


class Scope:
    """The FROM clause of one SELECT: a row of one type and what is joined to it."""

    def __init__(
        self,
        schema: Schema,
        entity_type: str,
        names: Iterator[int] | None = None,
        method: str = "read",
        person: int | None = None,
    ) -> None:
        self.schema = schema
        self.person = person
        self.method = method
        self.entity_type = entity_type
        self.names = names or itertools.count()
        self.alias = f"t{next(self.names)}"
        self._joins: dict[tuple[str, str, str], str] = {}
        self._sql: list[str] = []

    @property
    def joins(self) -> str:
        return " ".join(self._sql)

    def join(self, alias: str, field: Field, entity_type: str) -> str:
        """The alias of the row that ``field`` links to; NULLs where it links to none, another type or a retired row."""
        key = (alias, field.name, entity_type)
        if key not in self._joins:
            new = self._joins[key] = f"t{next(self.names)}"
            self._sql.append(
                f'LEFT JOIN {quoted(entity_type)} AS {new} ON {new}.id = {alias}."{field.name}__id" '
                f'AND {alias}."{field.name}__type" = \'{entity_type}\' AND {new}."__retired" = 0'
            )
        return self._joins[key]

    def column(self, alias: str, field: Field) -> str:
        """A plain column, as the person who reads sees it."""
        return column_sql(self.schema, alias, field, self.person)

    def step(self, path: str) -> tuple[str, Field, list[str]]:
        """Follow the single links of ``path``: the alias, the field it ends at, and what is left after a multi one."""
        parts = split_path(path, self.method)
        alias, entity_type = self.alias, self.entity_type
        while True:
            field = self.schema.entities[entity_type].fields.get(parts[0])
            if field is None:
                raise field_missing(self.method, entity_type, parts[0][:100])
            if len(parts) == 1 or field.is_many:
                return alias, field, parts[1:]
            alias, entity_type = self.join(alias, field, checked_type(self, field, parts[1])), parts[1]
            parts = parts[2:]


def split_path(path: object, method: str) -> list[str]:
    """``a.Type.b`` as its parts: always an odd number of them."""
    if not isinstance(path, str) or not path:
        raise Fault(f"API {method}() invalid/missing string 'path': {path!r:.100}")
    parts = path.split(".")
    if len(parts) % 2 == 0 or len(parts) > MAX_DEPTH:
        raise Fault(f"API {method}() invalid field path '{path[:200]}':")
    return parts


def checked_type(scope: Scope, field: Field, entity_type: str) -> str:
    if field.storage != ENTITY and not field.is_many:
        raise Fault(f"API {scope.method}() {field.path} of data type '{field.data_type}' is not a link:")
    if entity_type not in scope.schema.entities or not field.accepts(entity_type):
        raise Fault(f"API {scope.method}() {field.path} does not link to '{entity_type[:100]}':")
    return entity_type


def filter_sql(scope: Scope, filters: Any, depth: int = 0) -> Sql:
    """A tree of ``{"logical_operator", "conditions"}`` and ``{"path", "relation", "values"}`` as one expression."""
    if filters is None or filters in ([], {}):
        return "1", []
    if depth > MAX_DEPTH:
        raise Fault(f"API {scope.method}() filters are nested too deeply")
    if not isinstance(filters, dict):
        raise Fault(f"API {scope.method}() expected [Hash] for 'filters' but got: {filters!r:.100}")
    if "conditions" not in filters:
        return _condition(scope, filters)
    operator, conditions = filters.get("logical_operator"), filters["conditions"]
    if operator not in ("and", "or") or not isinstance(conditions, list):
        raise Fault(f"API {scope.method}() invalid 'logical_operator' or 'conditions': {operator!r:.100}")
    if not conditions:
        return "1", []
    parts = [filter_sql(scope, condition, depth + 1) for condition in conditions]
    return _joined(parts, operator.upper())


def _joined(parts: list[Sql], operator: str) -> Sql:
    """``a AND b AND c`` as a balanced tree: SQLite limits how deep an expression may be."""
    while len(parts) > 1:
        pairs = [parts[i : i + 50] for i in range(0, len(parts), 50)]
        parts = [
            ("(" + f" {operator} ".join(sql for sql, _ in group) + ")", [p for _, params in group for p in params])
            for group in pairs
        ]
    return parts[0]


def _condition(scope: Scope, condition: dict[str, Any]) -> Sql:
    relation, values = condition.get("relation"), condition.get("values")
    if not isinstance(relation, str):
        raise Fault(f"API {scope.method}() invalid/missing string 'relation': {condition!r:.200}")
    if not isinstance(values, list):
        raise Fault(f"API {scope.method}() invalid/missing array 'values': {condition!r:.200}")
    return path_condition(scope, condition.get("path"), relation, values)


def path_condition(scope: Scope, path: Any, relation: str, values: list[Any]) -> Sql:
    alias, field, rest = scope.step(path)
    if rest:
        return _through_many(scope, alias, field, rest, relation, values)
    if field.is_many:
        return many_condition(scope.schema, scope.names, alias, field, relation, values)
    if field.storage == ENTITY:
        return entity_condition(scope.schema, alias, field, relation, values)
    return scalar_condition(scope.column(alias, field), field, relation, values)


def _through_many(scope: Scope, alias: str, field: Field, rest: list[str], relation: str, values: list[Any]) -> Sql:
    entity_type = checked_type(scope, field, rest[0])
    link = f"l{next(scope.names)}"
    source = link_source(scope.schema, field).at(link)
    inner = Scope(scope.schema, entity_type, scope.names, scope.method, scope.person)
    sql, params = path_condition(inner, ".".join(rest[1:]), relation, values)
    return (
        f"EXISTS (SELECT 1 FROM {source.table} AS {link} JOIN {quoted(entity_type)} AS {inner.alias} "
        f'ON {inner.alias}.id = {source.other_id} AND {inner.alias}."__retired" = 0 {inner.joins} '
        f"WHERE {source.where} AND {source.owner_id} = {alias}.id AND {source.other_type} = '{entity_type}' "
        f"AND ({sql}))",
        params,
    )
