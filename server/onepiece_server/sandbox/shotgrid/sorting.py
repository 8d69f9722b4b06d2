"""ORDER BY of a read.

Rows without a value come last in either direction, and rows that are alike by id, as on a real site. What cannot be
sorted by is passed over there, also a field that does not exist.
"""

from __future__ import annotations

from typing import Any

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.faults import shown
from onepiece_server.sandbox.shotgrid.link_operators import display_sql
from onepiece_server.sandbox.shotgrid.model import ENTITY
from onepiece_server.sandbox.shotgrid.query import Scope

_NEVER_EMPTY = ("id", "created_at")
_UNSORTABLE = frozenset({"url", "serializable", "password", "summary", "tag_list", "jsonb", "pivot_column"})


def order_sql(scope: Scope, sorts: Any) -> str:
    if sorts is None:
        sorts = []
    if not isinstance(sorts, list) or not all(isinstance(sort, dict) for sort in sorts):
        raise scope.fault(f"expected [Array] of [Hash] for 'sorts' but got: {shown(sorts)}")
    parts = []
    for sort in sorts:
        path, direction = sort.get("field_name"), sort.get("direction", "asc")
        if direction not in ("asc", "desc"):
            raise scope.fault(f"invalid sort direction: {shown(direction)}")
        if not isinstance(path, str) or not path:
            raise scope.fault(f"invalid/missing string 'field_name': {shown(sort)}")
        if scope.is_readable(path):
            parts += _key(scope, path, direction)
    return ", ".join([*parts, f"{scope.alias}.id"])


def _key(scope: Scope, path: str, direction: str) -> list[str]:
    alias, field, _ = scope.step(path)
    if field.is_many or field.data_type in _UNSORTABLE:
        return []
    if alias == scope.alias and field.name in _NEVER_EMPTY:
        # An index gives this order, but none with NULLS LAST.
        return [f"{alias}.{quoted(field.name)} {direction}"]
    if field.storage == ENTITY:
        link = f'{alias}."{field.name}__type"', f'{alias}."{field.name}__id"'
        return [f"{display_sql(scope.schema, field, *link)} COLLATE NOCASE {direction} NULLS LAST"]
    return [f"{scope.column(alias, field)} {direction} NULLS LAST"]
