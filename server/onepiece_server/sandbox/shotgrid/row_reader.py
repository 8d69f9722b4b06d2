"""Rows by id for the methods that tell about rows of several types at once."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.links import chunks
from onepiece_server.sandbox.shotgrid.model import EntityType
from onepiece_server.sandbox.shotgrid.query import scope_of
from onepiece_server.sandbox.shotgrid.shape import Shape
from onepiece_server.sandbox.shotgrid.site import Caller, Site


class RowReader:
    """Reads rows inside one transaction. Call ``mark_seen`` after it: new pictures have then been shown."""

    def __init__(self, site: Site, caller: Caller, connection: sqlite3.Connection, method: str) -> None:
        self._site = site
        self._caller = caller
        self._connection = connection
        self._method = method
        self._shapes: list[Shape] = []

    def rows(self, entity_type: str, ids: Iterable[int], names: Sequence[str]) -> dict[int, dict[str, Any]]:
        """Entities by id, retired ones too."""
        found: dict[int, dict[str, Any]] = {}
        for marks, chunk in chunks(sorted(set(ids))):
            scope = scope_of(self._site, self._caller, entity_type, self._method)
            shape = Shape(self._site, self._caller, scope, list(dict.fromkeys(names)))
            sql = (
                f"SELECT {shape.columns} FROM {quoted(entity_type)} AS {scope.alias} {scope.joins} "
                f"WHERE {scope.alias}.id IN ({marks})"
            )
            rows = self._connection.execute(sql, list(chunk)).fetchall()
            found |= {entity["id"]: entity for entity in shape.entities(self._connection, rows)}
            self._shapes.append(shape)
        return found

    def readable(self, entity_type: str, names: Iterable[str]) -> list[str]:
        """Those of ``names`` that can be returned; tools ask for fields of older sites too."""
        scope = scope_of(self._site, self._caller, entity_type, self._method)
        return [name for name in names if name in ("type", "id") or scope.is_readable(name)]

    def mark_seen(self) -> None:
        for shape in self._shapes:
            shape.mark_seen()


def status_field(entity: EntityType) -> str | None:
    """The field that holds the row's status, where the type has one."""
    return "sg_status_list" if "sg_status_list" in entity.fields else None
