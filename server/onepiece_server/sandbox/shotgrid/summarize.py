"""The summarize method: counts, sums and extremes over what a filter matches, in groups or not."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

from typing import Any

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.model import ENTITY
from onepiece_server.sandbox.shotgrid.query import Scope, filter_sql
from onepiece_server.sandbox.shotgrid.site import Caller, Site

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


def summarize(site: Site, _caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    """``{"summaries": {field: value}, "groups": [...]}``; groups by exact values, one level or more."""
    entity = site.schema.entity(args.get("type"), "summarize")
    scope = Scope(site.schema, entity.name, method="summarize")
    fields = _summaries(scope, args.get("summaries"))
    keys = _grouping(scope, args.get("grouping"))
    where, params = filter_sql(scope, args.get("filters"))
    where += f' AND {scope.alias}."__retired" = 0'
    if args.get("include_archived_projects") is False and "project" in entity.fields:
        archived = scope.join(scope.alias, entity.fields["project"], "Project")
        where += f' AND COALESCE({archived}."archived", 0) = 0'
    table = f"{quoted(entity.name)} AS {scope.alias} {scope.joins}"
    columns = ", ".join(sql for _, sql in fields)

    def query(grouped: list[str]) -> list[tuple[Any, ...]]:
        picked = ", ".join([*grouped, columns])
        tail = f" GROUP BY {', '.join(grouped)} ORDER BY {', '.join(grouped)}" if grouped else ""
        sql = f"SELECT {picked} FROM {table} WHERE {where}{tail}"
        return connection.execute(sql, params).fetchall()

    with site.database.read() as connection:
        total = query([])[0]
        groups = _nested(query, keys, [name for name, _ in fields])
    return {"summaries": dict(zip((name for name, _ in fields), total, strict=True)), "groups": groups}


def _nested(query: Any, keys: list[tuple[str, str]], names: list[str]) -> list[dict[str, Any]]:
    """The groups of each level, put inside those of the level above."""
    levels = [query([sql for sql, _ in keys[: depth + 1]]) for depth in range(len(keys))]
    roots: list[dict[str, Any]] = []
    known: dict[tuple[Any, ...], dict[str, Any]] = {}
    for depth, rows in enumerate(levels):
        for row in rows:
            path, values = row[: depth + 1], row[depth + 1 :]
            text = "" if path[-1] is None else str(path[-1])
            group = {"group_name": text, "group_value": path[-1], "summaries": dict(zip(names, values, strict=True))}
            known[path] = group
            (known[path[:-1]].setdefault("groups", []) if depth else roots).append(group)
    for rows, (_, direction) in zip([roots], keys[:1], strict=False):
        if direction == "desc":
            rows.reverse()
    return roots


def _summaries(scope: Scope, wanted: Any) -> list[tuple[str, str]]:
    if not isinstance(wanted, list) or not wanted or not all(isinstance(one, dict) for one in wanted):
        raise Fault("API summarize() expected [Array] of [Hash] for 'summaries':")
    found = []
    for one in wanted:
        name, kind = one.get("field"), one.get("type")
        if not isinstance(kind, str) or kind not in _SUMMARIES:
            raise Fault(f"API summarize() invalid summary type: {kind!r:.60}")
        found.append((str(name), _SUMMARIES[kind].format(_column(scope, name))))
    return found


def _grouping(scope: Scope, wanted: Any) -> list[tuple[str, str]]:
    if wanted is None:
        return []
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise Fault("API summarize() expected [Array] of [Hash] for 'grouping':")
    for one in wanted:
        if one.get("type", "exact") != "exact":
            raise Fault(f"API summarize() invalid grouping type: {one.get('type')!r:.60}")
    return [(_column(scope, one.get("field")), str(one.get("direction", "asc"))) for one in wanted]


def _column(scope: Scope, path: Any) -> str:
    alias, field, rest = scope.step(path)
    if rest or field.is_many:
        raise Fault(f"API summarize() {path} can not be summarized:")
    if field.storage == ENTITY:
        return f'{alias}."{field.name}__id"'
    return f"{alias}.{quoted(field.name)}"
