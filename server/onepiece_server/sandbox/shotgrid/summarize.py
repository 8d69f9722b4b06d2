"""The summarize method: what can be told about many rows at once, altogether and in groups inside groups."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any

from onepiece_server.sandbox.shotgrid.groupings import Key, grouping_keys
from onepiece_server.sandbox.shotgrid.links import display_names
from onepiece_server.sandbox.shotgrid.model import Schema
from onepiece_server.sandbox.shotgrid.query import filter_sql, not_archived, scope_of
from onepiece_server.sandbox.shotgrid.site import Caller, Site
from onepiece_server.sandbox.shotgrid.summaries import summaries_sql

_Columns = tuple[Any, ...]
_Links = dict[tuple[str, int], str | None]


def summarize(site: Site, caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    """``{"summaries": {field: value}, "groups": [...]}``, the groups of a second level inside those of the first."""
    entity = site.schema.entity(args.get("type"), "summarize")
    scope = scope_of(site, caller, entity.name, "summarize")
    summaries = summaries_sql(scope, args.get("summaries"))
    keys = grouping_keys(scope, args.get("grouping"))
    where, params = filter_sql(scope, args.get("filters"))
    where += f' AND {scope.alias}."__retired" = 0 AND {not_archived(scope, args)}'
    picked = ", ".join(sql.text for sql in summaries.values())
    params = [*(value for sql in summaries.values() for value in sql.params), *params]
    params, start = [*scope.statement.params, *params], scope.statement.start
    source = f"FROM {scope.table} WHERE {where}"
    with site.database.read() as connection:
        _know_days(connection, scope.zone)
        total = connection.execute(f"{start}SELECT {picked} {source}", params).fetchone()
        groups = _Groups(site.schema, connection, list(summaries))
        for depth in range(1, len(keys) + 1):
            columns = [column for key in keys[:depth] for column in key.columns]
            numbers = ", ".join(str(number) for number in range(len(summaries) + 1, len(summaries) + len(columns) + 1))
            sql = f"{start}SELECT {picked}, {', '.join(columns)} {source} GROUP BY {numbers}"
            groups.add_level(keys[:depth], connection.execute(sql, params).fetchall())
    return {"summaries": dict(zip(summaries, total, strict=True)), "groups": groups.roots}


def _know_days(connection: sqlite3.Connection, zone: tzinfo) -> None:
    """Give SQL the days of a zone that SQLite knows nothing of."""
    if zone is UTC:
        return

    def local_day(moment: str | None) -> str | None:
        return moment and datetime.fromisoformat(moment).astimezone(zone).date().isoformat()

    connection.create_function("local_day", 1, local_day, deterministic=True)


class _Groups:
    """Groups by their path of key values."""

    def __init__(self, schema: Schema, connection: sqlite3.Connection, names: list[str]) -> None:
        self._schema = schema
        self._connection = connection
        self._names = names
        self._known: dict[_Columns, dict[str, Any]] = {}
        self.roots: list[dict[str, Any]] = []

    def add_level(self, keys: list[Key], rows: list[_Columns]) -> None:
        """Rows are the summaries, then the columns of all keys."""
        last, width = keys[-1], len(self._names)
        begin = width + sum(len(key.columns) for key in keys[:-1])
        links: _Links = {}
        if last.is_link:
            links = display_names(self._connection, self._schema, {row[begin:] for row in rows if row[-1] is not None})
        rows.sort(key=_order(last, links, begin), reverse=last.descending)
        # Groups without a value come last in either direction.
        rows.sort(key=lambda row: _is_empty(last, row[begin:], links))
        for row in rows:
            name, value = _shown(last, row[begin:], links)
            group = {"group_name": name, "group_value": value}
            group["summaries"] = dict(zip(self._names, row[:width], strict=True))
            parent = self._known[row[width:begin]].setdefault("groups", []) if begin > width else self.roots
            parent.append(group)
            self._known[row[width:]] = group


def _order(key: Key, links: _Links, begin: int) -> Callable[[_Columns], _Columns]:
    def rank(row: _Columns) -> _Columns:
        columns = row[begin:]
        if _is_empty(key, columns, links):
            return ()
        if key.is_link:
            return (links[columns[0], columns[1]] or "").lower(), *columns
        return key.rank(columns)

    return rank


def _is_empty(key: Key, columns: _Columns, links: _Links) -> bool:
    return (columns[0], columns[1]) not in links if key.is_link else columns[0] is None


def _shown(key: Key, columns: _Columns, links: _Links) -> tuple[str, Any]:
    """A group's name and value."""
    if _is_empty(key, columns, links):
        return "", None
    if key.is_link:
        name = links[columns[0], columns[1]]
        return name or "", {"type": columns[0], "id": columns[1], "name": name, "valid": "valid"}
    value = columns[0]
    if key.field.data_type == "checkbox":
        value = bool(value)
    return key.name(columns[0]), value
