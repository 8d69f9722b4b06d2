"""The read method: rows that match a filter, as entities of the wire."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.faults import Fault, shown
from onepiece_server.sandbox.shotgrid.nav_entries import split_presets
from onepiece_server.sandbox.shotgrid.presets import preset_sql
from onepiece_server.sandbox.shotgrid.query import Scope, filter_sql, not_archived, scope_of
from onepiece_server.sandbox.shotgrid.remembered import Known
from onepiece_server.sandbox.shotgrid.shape import Shape
from onepiece_server.sandbox.shotgrid.site import PAGE_SIZE, Caller, Site
from onepiece_server.sandbox.shotgrid.sorting import order_sql


def read(site: Site, caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    """Entities and paging info for the arguments of a ``read`` call."""
    entity = site.schema.entity(args.get("type"), "read")
    scope = scope_of(site, caller, entity.name, "read")
    names = _names(args.get("return_fields"))
    shape = Shape(site, caller, scope, names, image_urls=args.get("api_return_image_urls") is not False)
    where, params = filter_sql(scope, args.get("filters"))
    where = f"{where} AND {_retired(args, scope.alias)} AND {not_archived(scope, args)}"
    entries, presets = split_presets(site, entity, args.get("additional_filter_presets"))
    if entries is not None:
        more, bound = filter_sql(scope, entries)
        where, params = f"{where} AND {more}", [*params, *bound]
    where, params = preset_sql(scope, presets, where, params)
    order = order_sql(scope, args.get("sorts"))
    per_page, page = _paging(args.get("paging"))
    sql = _Statement(scope, shape.columns, where, order, [*scope.statement.params, *params])
    version = site.database.version
    with site.database.read() as connection:
        known = Known(site.remembered, version)
        rows = sql.page(connection, known, per_page, page)
        entities = shape.entities(connection, rows[:per_page])
        info: dict[str, Any] = {"current_page": page, "entities_per_page": per_page}
        if args.get("return_paging_info_without_counts"):
            info["has_next_page"] = len(rows) > per_page
        else:
            count = len(rows) if page == 1 and len(rows) <= per_page else sql.count(connection, known)
            info |= {"entity_count": count, "page_count": -(-count // per_page)}
    shape.mark_seen()
    return {"entities": entities, "paging_info": info}


@dataclass(frozen=True)
class _Statement:
    """The question behind a read, asked for one page or for the number of rows."""

    scope: Scope
    columns: str
    where: str
    order: str
    params: list[Any]

    def _sql(self, columns: str, rest: str = "") -> str:
        return f"{self.scope.statement.start}SELECT {columns} FROM {self.scope.table} WHERE {self.where}{rest}"

    def page(self, connection: sqlite3.Connection, known: Known, per_page: int, page: int) -> list[tuple[Any, ...]]:
        """The rows of one page, and one more where there is another page."""
        alias, params = self.scope.alias, list(self.params)
        by_id = self.order == f"{alias}.id"
        key = (self._sql("id"), tuple(params), per_page)
        # Where rows come by id a page begins after the one before; else SQLite has to count its way there.
        last = known.find((*key, page - 1)) if by_id and page > 1 else None
        after, offset = ("", (page - 1) * per_page) if last is None else (f" AND {alias}.id > ?", 0)
        if last is not None:
            params.append(last)
        rest = f"{after} ORDER BY {self.order} LIMIT ? OFFSET ?"
        rows = connection.execute(self._sql(self.columns, rest), [*params, per_page + 1, offset]).fetchall()
        if by_id and len(rows) > per_page:
            known.put((*key, page), rows[per_page - 1][0])
        return rows

    def count(self, connection: sqlite3.Connection, known: Known) -> int:
        sql = self._sql("COUNT(*)")
        key = (sql, tuple(self.params))
        count: int | None = known.find(key)
        if count is None:
            count = int(connection.execute(sql, self.params).fetchone()[0])
            known.put(key, count)
        return count


def read_rows(
    site: Site, caller: Caller, connection: sqlite3.Connection, entity_type: str, ids: Sequence[int], names: list[str]
) -> list[dict[str, Any]]:
    """Rows by id, retired or not, inside a transaction that is under way."""
    scope = scope_of(site, caller, entity_type, "create")
    shape = Shape(site, caller, scope, names)
    marks = ",".join("?" * len(ids))
    rows = connection.execute(
        f"SELECT {shape.columns} FROM {quoted(entity_type)} AS {scope.alias} {scope.joins} "
        f"WHERE {scope.alias}.id IN ({marks}) ORDER BY {scope.alias}.id",
        list(ids),
    ).fetchall()
    return shape.entities(connection, rows)


def _names(value: Any) -> list[str]:
    if value is None:
        return ["id"]
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise Fault(f"API read() expected [Array] of field names for 'return_fields' but got: {shown(value)}")
    return list(dict.fromkeys(value))


def _retired(args: dict[str, Any], alias: str) -> str:
    wanted = args.get("return_only", "active")
    if wanted not in ("active", "retired"):
        raise Fault(f"API read() invalid 'return_only': {shown(wanted)}")
    return f'{alias}."__retired" = {int(wanted == "retired")}'


def _paging(value: Any) -> tuple[int, int]:
    if value is None:
        return PAGE_SIZE, 1
    if not isinstance(value, dict):
        raise Fault(f"API read() expected [Hash] for 'paging' but got: {shown(value)}")
    per_page, page = value.get("entities_per_page", PAGE_SIZE), value.get("current_page", 1)
    for name, number in (("entities_per_page", per_page), ("current_page", page)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1 or number > 2**31:
            raise Fault(f"API read() invalid 'paging' {name}: {shown(number)}")
    return min(per_page, PAGE_SIZE), page
