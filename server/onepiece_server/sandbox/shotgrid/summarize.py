"""The summarize method: counts, sums and extremes over what a filter matches, in groups by exact values or in one."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from onepiece_server.sandbox.shotgrid.computed_fields import person_of
from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.links import display_names
from onepiece_server.sandbox.shotgrid.model import ENTITY, Field
from onepiece_server.sandbox.shotgrid.query import Scope, filter_sql
from onepiece_server.sandbox.shotgrid.site import Caller, Site
from onepiece_server.sandbox.shotgrid.values import from_column

# How a summary type is asked of SQLite; ``{}`` is the field's column.
_SUMMARIES = {
    "record_count": "COUNT(*)",
    "count": "COUNT({})",
    "sum": "COALESCE(SUM({}), 0)",
    "maximum": "MAX({})",
    "minimum": "MIN({})",
    "average": "AVG({})",
    "earliest": "MIN({})",
    "latest": "MAX({})",
    "checked": "COALESCE(SUM({} = 1), 0)",
    "unchecked": "COALESCE(SUM({} IS NOT 1), 0)",
}


@dataclass(frozen=True)
class _Key:
    """One level of grouping: one column, or a link's two."""

    field: Field
    columns: tuple[str, ...]
    direction: str

    @property
    def order(self) -> str:
        return ", ".join(f"{column} {self.direction}" for column in self.columns)


def summarize(site: Site, caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    """``{"summaries": {field: value}, "groups": [...]}``, the groups of a second level inside those of the first."""
    entity = site.schema.entity(args.get("type"), "summarize")
    scope = Scope(site.schema, entity.name, method="summarize", person=person_of(caller))
    fields = _summaries(scope, args.get("summaries"))
    keys = _grouping(scope, args.get("grouping"))
    where, params = filter_sql(scope, args.get("filters"))
    where += f' AND {scope.alias}."__retired" = 0'
    if args.get("include_archived_projects") is False and "project" in entity.fields:
        archived = scope.join(scope.alias, entity.fields["project"], "Project")
        where += f' AND COALESCE({archived}."archived", 0) = 0'
    source = f"FROM {quoted(entity.name)} AS {scope.alias} {scope.joins} WHERE {where}"
    names = [name for name, _ in fields]
    picked = ", ".join(sql for _, sql in fields)
    with site.database.read() as connection:
        total = connection.execute(f"SELECT {picked} {source}", params).fetchone()
        groups = _Groups(site, connection, names)
        for depth in range(1, len(keys) + 1):
            columns = ", ".join(column for key in keys[:depth] for column in key.columns)
            order = ", ".join(key.order for key in keys[:depth])
            sql = f"SELECT {columns}, {picked} {source} GROUP BY {columns} ORDER BY {order}"
            groups.add_level(keys[:depth], connection.execute(sql, params).fetchall())
    return {"summaries": dict(zip(names, total, strict=True)), "groups": groups.roots}


class _Groups:
    """Groups by their path of key values."""

    def __init__(self, site: Site, connection: sqlite3.Connection, names: list[str]) -> None:
        self._site = site
        self._connection = connection
        self._names = names
        self._known: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.roots: list[dict[str, Any]] = []

    def add_level(self, keys: list[_Key], rows: list[tuple[Any, ...]]) -> None:
        width = sum(len(key.columns) for key in keys)
        last = keys[-1]
        start = width - len(last.columns)
        links: dict[tuple[str, int], str | None] = {}
        if last.field.storage == ENTITY:
            pairs = {row[start:width] for row in rows if row[width - 1] is not None}
            links = display_names(self._connection, self._site.schema, pairs)
        for row in rows:
            name, value = _shown(last.field, row[start:width], links)
            summaries = dict(zip(self._names, row[width:], strict=True))
            group = {"group_name": name, "group_value": value, "summaries": summaries}
            self._known[row[:width]] = group
            parent = self._known[row[:start]].setdefault("groups", []) if start else self.roots
            parent.append(group)


def _shown(field: Field, values: tuple[Any, ...], links: dict[tuple[str, int], str | None]) -> tuple[str, Any]:
    """A group's name and value."""
    if field.storage == ENTITY:
        pair = (values[0], values[1])
        if pair not in links:
            return "", None
        return links[pair] or "", {"type": pair[0], "id": pair[1], "name": links[pair], "valid": "valid"}
    decode = from_column(field.data_type)
    value = values[0] if decode is None or values[0] is None else decode(values[0])
    return "" if value is None else field.display_values.get(str(value), str(value)), value


def _summaries(scope: Scope, wanted: Any) -> list[tuple[str, str]]:
    if not isinstance(wanted, list) or not wanted or not all(isinstance(one, dict) for one in wanted):
        raise Fault("API summarize() expected [Array] of [Hash] for 'summaries':")
    found = []
    for one in wanted:
        name, kind = one.get("field"), one.get("type")
        if not isinstance(kind, str) or kind not in _SUMMARIES:
            raise Fault(f"API summarize() invalid summary type: {kind!r:.60}")
        found.append((str(name), _SUMMARIES[kind].format(_columns(scope, name)[1][-1])))
    return found


def _grouping(scope: Scope, wanted: Any) -> list[_Key]:
    if wanted is None:
        return []
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise Fault("API summarize() expected [Array] of [Hash] for 'grouping':")
    keys = []
    for one in wanted:
        kind, direction = one.get("type", "exact"), one.get("direction", "asc")
        if kind != "exact":
            raise Fault(f"API summarize() invalid grouping type: {kind!r:.60}")
        if direction not in ("asc", "desc"):
            raise Fault(f"API summarize() invalid direction: {direction!r:.60}")
        keys.append(_Key(*_columns(scope, one.get("field")), direction))
    return keys


def _columns(scope: Scope, path: Any) -> tuple[Field, tuple[str, ...]]:
    alias, field, rest = scope.step(path)
    if rest or field.is_many:
        raise Fault(f"API summarize() {path} can not be summarized:")
    if field.storage == ENTITY:
        return field, (f'{alias}."{field.name}__type"', f'{alias}."{field.name}__id"')
    return field, (scope.column(alias, field),)
