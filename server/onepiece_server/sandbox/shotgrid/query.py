"""Filters and paths compiled to SQL.

A path is a field, or ``field.Type.field`` to any depth. Steps over single links are joins; steps over
multi-entity fields are EXISTS, so that one matching row is enough.
"""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from onepiece_server.sandbox.shotgrid.asked import Condition, Expression, flat
from onepiece_server.sandbox.shotgrid.computed_fields import column_sql, person_of
from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.dates import site_zone
from onepiece_server.sandbox.shotgrid.faults import Fault, field_missing, shown
from onepiece_server.sandbox.shotgrid.link_operators import RELATIONS, entity_condition, many_condition
from onepiece_server.sandbox.shotgrid.links import link_source
from onepiece_server.sandbox.shotgrid.model import ENTITY, Field, Schema
from onepiece_server.sandbox.shotgrid.operators import Sql, scalar_condition
from onepiece_server.sandbox.shotgrid.site import Caller, Site

MAX_DEPTH = 265  # of nested filters, as on a real site
MAX_PARTS = 61  # of a path
_MAX_JOINS = 60  # SQLite joins 64 tables at most
_MAX_PARAMS = 100_000
# Heavier expressions are moved in front of the statement: SQLite's parser has a stack of 100 places.
_MAX_WEIGHT = 50


@dataclass
class Statement:
    """What all parts of one statement share: free aliases, and the subqueries in front of it (``WITH``)."""

    numbers: Iterator[int] = field(default_factory=itertools.count)
    subqueries: list[Expression] = field(default_factory=list)

    def alias(self, letter: str) -> str:
        return f"{letter}{next(self.numbers)}"

    @property
    def start(self) -> str:
        return f"WITH {', '.join(sql.text for sql in self.subqueries)} " if self.subqueries else ""

    @property
    def params(self) -> list[Any]:
        return [value for sql in self.subqueries for value in sql.params]


class Scope:
    """The FROM clause of one SELECT: a row of one type and what is joined to it."""

    def __init__(
        self,
        schema: Schema,
        entity_type: str,
        *,
        method: str = "read",
        zone: tzinfo = UTC,
        statement: Statement | None = None,
        person: int | None = None,
    ) -> None:
        self.schema = schema
        self.person = person
        self.method = method
        self.entity_type = entity_type
        self.zone = zone
        self.statement = statement or Statement()
        self.alias = self.statement.alias("t")
        self._joins: dict[tuple[str, str, str], str] = {}
        self._sql: list[str] = []

    @property
    def table(self) -> str:
        return f"{quoted(self.entity_type)} AS {self.alias} {self.joins}"

    @property
    def joins(self) -> str:
        return " ".join(self._sql)

    def inside(self, entity_type: str) -> Scope:
        """Another SELECT of the same statement."""
        return Scope(
            self.schema,
            entity_type,
            method=self.method,
            zone=self.zone,
            statement=self.statement,
            person=self.person,
        )

    def column(self, alias: str, field: Field) -> str:
        """A plain column, as the person who reads sees it."""
        return column_sql(alias, field, self.person)

    def fault(self, why: str) -> Fault:
        return Fault(f"API {self.method}() {why}")

    def join(self, alias: str, link: Field, entity_type: str) -> str:
        """The alias of the row that ``link`` leads to; NULLs where it is none, of another type or retired."""
        key = (alias, link.name, entity_type)
        if key not in self._joins:
            if len(self._joins) >= _MAX_JOINS:
                raise self.fault("too many linked fields in one call")
            new = self._joins[key] = self.statement.alias("t")
            self._sql.append(
                f'LEFT JOIN {quoted(entity_type)} AS {new} ON {new}.id = {alias}."{link.name}__id" '
                f'AND {alias}."{link.name}__type" = \'{entity_type}\' AND {new}."__retired" = 0'
            )
        return self._joins[key]

    def step(self, path: object) -> tuple[str, Field, list[str]]:
        """Follow the single links of ``path``: the alias, the field it ends at, and what is left after a multi one.

        Raises:
            Fault: there is no such field.
        """
        parts = self._split(path)
        alias, entity_type = self.alias, self.entity_type
        while True:
            found = self.schema.entities[entity_type].fields.get(parts[0])
            if found is None:
                raise field_missing(self.method, entity_type, parts[0][:100])
            if len(parts) == 1 or found.is_many:
                return alias, found, parts[1:]
            alias, entity_type = self.join(alias, found, self.linked_type(found, parts[1])), parts[1]
            parts = parts[2:]

    def is_readable(self, path: str) -> bool:
        """True when ``path`` leads over single links, of the types they may have, to a field that there is."""
        parts, entity = path.split("."), self.schema.entities[self.entity_type]
        if len(parts) > MAX_PARTS:
            return False
        while len(parts) > 2:
            link = entity.fields.get(parts[0])
            if link is None or link.storage != ENTITY or not link.accepts(parts[1]):
                return False
            if parts[1] not in self.schema.entities:
                return False
            entity, parts = self.schema.entities[parts[1]], parts[2:]
        return len(parts) == 1 and parts[0] in entity.fields

    def linked_type(self, link: Field, entity_type: str) -> str:
        """A type in the middle of a path: any that the site has, as on a real one."""
        if link.storage != ENTITY and not link.is_many:
            raise self.fault(f"{link.path} of data type '{link.data_type}' is not a link:")
        if entity_type not in self.schema.entities:
            raise self.fault(f"{entity_type[:100]} is not a valid entity type:")
        return entity_type

    def _split(self, path: object) -> list[str]:
        """``a.Type.b`` as its parts: always an odd number of them."""
        if not isinstance(path, str) or not path:
            raise self.fault(f"invalid/missing string 'path': {shown(path)}")
        parts = path.split(".")
        if len(parts) % 2 == 0 or len(parts) > MAX_PARTS:
            raise self.fault(f"invalid field path '{path[:200]}':")
        return parts


def scope_of(site: Site, caller: Caller, entity_type: str, method: str) -> Scope:
    """The scope of a call: relative dates are meant in the site's time zone, some fields are the caller's own."""
    zone = site_zone(site.options.time_zone)
    return Scope(site.schema, entity_type, method=method, zone=zone, person=person_of(caller))


def filter_sql(scope: Scope, filters: Any) -> Sql:
    """A tree of ``{"logical_operator", "conditions"}`` and ``{"path", "relation", "values"}`` as one expression.

    It may refer to what ``scope.statement`` has in front.
    """
    found = _tree(scope, filters, 0)
    if len(found.params) + len(scope.statement.params) > _MAX_PARAMS:
        raise scope.fault("too many conditions in one call")
    return found.text, found.params


def not_archived(scope: Scope, args: dict[str, Any]) -> str:
    """The condition that ``include_archived_projects: false`` adds."""
    project = scope.schema.entities[scope.entity_type].fields.get("project")
    if args.get("include_archived_projects") is not False or project is None or project.storage != ENTITY:
        return "1"
    return f'COALESCE({scope.join(scope.alias, project, "Project")}."archived", 0) = 0'


def _tree(scope: Scope, filters: Any, depth: int) -> Expression:
    if filters is None or filters in ([], {}):
        return Expression("1", [], 1)
    if depth > MAX_DEPTH:
        raise scope.fault("filters are nested too deeply")
    if not isinstance(filters, dict):
        raise scope.fault(f"expected [Hash] for 'filters' but got: {shown(filters)}")
    if "conditions" not in filters and "logical_operator" not in filters:
        return _condition(scope, filters)
    operator, conditions = filters.get("logical_operator"), filters.get("conditions")
    if operator not in ("and", "or"):
        raise scope.fault(f"Invalid logical operator: {shown(operator)}")
    if not isinstance(conditions, list):
        raise scope.fault(f"Missing conditions parameter: {shown(conditions)}")
    if not conditions:
        return Expression("1", [], 1)
    return _joined([_light(scope, _tree(scope, one, depth + 1)) for one in conditions], operator.upper())


def _light(scope: Scope, sql: Expression) -> Expression:
    """``sql``, or when it is deep the same as a subquery in front of the statement."""
    if sql.weight <= _MAX_WEIGHT:
        return sql
    name = scope.statement.alias("g")
    subquery = f"{name} AS (SELECT {scope.alias}.id AS id FROM {scope.table} WHERE {sql.text})"
    scope.statement.subqueries.append(Expression(subquery, sql.params))
    return Expression(f"{scope.alias}.id IN (SELECT id FROM {name})", [])


def _joined(parts: list[Expression], operator: str) -> Expression:
    """``a AND b AND c`` as a balanced tree: SQLite limits how deep an expression may be."""
    while len(parts) > 1:
        groups = [parts[i : i + 50] for i in range(0, len(parts), 50)]
        parts = [
            Expression(
                "(" + f" {operator} ".join(sql.text for sql in group) + ")",
                [value for sql in group for value in sql.params],
                max(sql.weight for sql in group) + 4,
            )
            for group in groups
        ]
    return parts[0]


def _condition(scope: Scope, condition: dict[str, Any]) -> Expression:
    path, relation, values = (condition.get(key) for key in ("path", "relation", "values"))
    if not isinstance(relation, str):
        raise scope.fault(f"invalid/missing string 'relation': {shown(condition)}")
    if not isinstance(values, list):
        raise scope.fault(f"invalid/missing array 'values': {shown(condition)}")
    alias, found, rest = scope.step(path)
    asked = Condition(scope.method, str(path), found, relation, flat(values), scope.zone)
    return _at(scope, asked, alias, rest)


def _at(scope: Scope, condition: Condition, alias: str, rest: list[str]) -> Expression:
    found = condition.field
    if rest:
        return _through_many(scope, condition, alias, rest)
    if found.is_many and found.data_type in RELATIONS:
        return many_condition(scope.schema, scope.statement.alias("l"), alias, condition)
    if found.storage == ENTITY:
        return entity_condition(scope.schema, alias, condition)
    return scalar_condition(scope.column(alias, found), condition)


def _through_many(scope: Scope, condition: Condition, alias: str, rest: list[str]) -> Expression:
    entity_type = scope.linked_type(condition.field, rest[0])
    link = scope.statement.alias("l")
    source = link_source(scope.schema, condition.field).at(link)
    inner = scope.inside(entity_type)
    inner_alias, found, further = inner.step(".".join(rest[1:]))
    asked = Condition(condition.method, condition.path, found, condition.relation, condition.values, condition.zone)
    sql = _light(inner, _at(inner, asked, inner_alias, further))
    return Expression(
        f"EXISTS (SELECT 1 FROM {source.table} AS {link} JOIN {quoted(entity_type)} AS {inner.alias} "
        f'ON {inner.alias}.id = {source.other_id} AND {inner.alias}."__retired" = 0 {inner.joins} '
        f"WHERE {source.where} AND {source.owner_id} = {alias}.id AND {source.other_type} = '{entity_type}' "
        f"AND ({sql.text}))",
        sql.params,
        sql.weight + 12,
    )
