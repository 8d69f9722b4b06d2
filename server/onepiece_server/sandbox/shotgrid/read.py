"""The read method: rows that match a filter, as entities of the wire."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from onepiece_server.sandbox.shotgrid.computed_fields import person_of
from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.link_operators import display_sql
from onepiece_server.sandbox.shotgrid.model import ENTITY, Field
from onepiece_server.sandbox.shotgrid.query import Scope, filter_sql
from onepiece_server.sandbox.shotgrid.shape import Shape
from onepiece_server.sandbox.shotgrid.site import PAGE_SIZE, Caller, Site

_NEVER_EMPTY = ("id", "created_at")


def read(site: Site, caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    """Entities and paging info for the arguments of a ``read`` call."""
    entity = site.schema.entity(args.get("type"), "read")
    scope = Scope(site.schema, entity.name, person=person_of(caller))
    shape = Shape(site, caller, scope, _names(args.get("return_fields")))
    where, params = filter_sql(scope, args.get("filters"))
    where = f"{where} AND {_retired(args, scope.alias)}"
    if args.get("include_archived_projects") is False and "project" in entity.fields:
        archived = scope.join(scope.alias, entity.fields["project"], "Project")
        where += f' AND COALESCE({archived}."archived", 0) = 0'
    if args.get("additional_filter_presets"):
        raise Fault("API read() 'additional_filter_presets' are not supported by this sandbox site.")
    order = _order(scope, args.get("sorts"))
    per_page, page = _paging(args.get("paging"))
    table = f"{quoted(entity.name)} AS {scope.alias} {scope.joins}"
    sql = f"SELECT {shape.columns} FROM {table} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"
    with site.database.read() as connection:
        rows = connection.execute(sql, [*params, per_page + 1, (page - 1) * per_page]).fetchall()
        entities = shape.entities(connection, rows[:per_page])
        info: dict[str, Any] = {"current_page": page, "entities_per_page": per_page}
        if args.get("return_paging_info_without_counts"):
            info["has_next_page"] = len(rows) > per_page
        else:
            info |= _counts(connection, table, where, params, per_page)
    shape.mark_seen()
    return {"entities": entities, "paging_info": info}


def read_rows(
    site: Site, caller: Caller, connection: sqlite3.Connection, entity_type: str, ids: Sequence[int], names: list[str]
) -> list[dict[str, Any]]:
    """Rows by id, retired or not, inside a transaction that is under way."""
    scope = Scope(site.schema, entity_type, method="create", person=person_of(caller))
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
        raise Fault(f"API read() expected [Array] of field names for 'return_fields' but got: {value!r:.100}")
    return list(dict.fromkeys(value))


def _retired(args: dict[str, Any], alias: str) -> str:
    wanted = args.get("return_only", "active")
    if wanted not in ("active", "retired"):
        raise Fault(f"API read() invalid 'return_only': {wanted!r:.100}")
    return f'{alias}."__retired" = {int(wanted == "retired")}'


def _paging(value: Any) -> tuple[int, int]:
    if value is None:
        return PAGE_SIZE, 1
    if not isinstance(value, dict):
        raise Fault(f"API read() expected [Hash] for 'paging' but got: {value!r:.100}")
    per_page, page = value.get("entities_per_page", PAGE_SIZE), value.get("current_page", 1)
    for name, number in (("entities_per_page", per_page), ("current_page", page)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1 or number > 2**31:
            raise Fault(f"API read() invalid 'paging' {name}: {number!r:.60}")
    return min(per_page, PAGE_SIZE), page


def _order(scope: Scope, sorts: Any) -> str:
    """ORDER BY; empty values come last in ascending order and first in descending order."""
    if sorts is None:
        sorts = []
    if not isinstance(sorts, list) or not all(isinstance(sort, dict) for sort in sorts):
        raise Fault(f"API read() expected [Array] for 'sorts' but got: {sorts!r:.100}")
    parts = []
    for sort in sorts:
        direction = sort.get("direction", "asc")
        if direction not in ("asc", "desc"):
            raise Fault(f"API read() invalid sort direction: {direction!r:.60}")
        parts.append(_sort_key(scope, sort.get("field_name"), direction))
    return ", ".join([*parts, f"{scope.alias}.id"])


def _sort_key(scope: Scope, path: Any, direction: str) -> str:
    alias, field, rest = scope.step(path)
    if rest or field.is_many or field.data_type in ("url", "serializable", "password"):
        raise Fault(f"API read() can not sort by '{path}':")
    if alias == scope.alias and field.name in _NEVER_EMPTY:
        return f"{alias}.{quoted(field.name)} {direction}"  # an index gives this order, but none with NULLS FIRST
    nulls = "LAST" if direction == "asc" else "FIRST"
    if field.storage == ENTITY:
        key = display_sql(scope.schema, field, *_link_columns(alias, field)) + " COLLATE NOCASE"
    else:
        key = scope.column(alias, field)
    return f"{key} {direction} NULLS {nulls}"


def _link_columns(alias: str, field: Field) -> tuple[str, str]:
    return f'{alias}."{field.name}__type"', f'{alias}."{field.name}__id"'


def _counts(connection: sqlite3.Connection, table: str, where: str, params: list[Any], per_page: int) -> dict[str, int]:
    count = connection.execute(f"SELECT COUNT(*) FROM {table} WHERE {where}", params).fetchone()[0]
    return {"entity_count": count, "page_count": -(-count // per_page)}
