"""The answer to a create or update: what was written, and what else was asked for.

Plain values and single links are known from the writing itself; only the others are read from the database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from onepiece_server.sandbox.shotgrid.incoming import Change
from onepiece_server.sandbox.shotgrid.model import ENTITY, EntityType
from onepiece_server.sandbox.shotgrid.read import read_rows
from onepiece_server.sandbox.shotgrid.site import Caller, Site
from onepiece_server.sandbox.shotgrid.values import from_column

_FILES = ("url", "image")


class Echo:
    def __init__(
        self,
        site: Site,
        caller: Caller,
        connection: sqlite3.Connection,
        name_of: Callable[[tuple[str, int]], str | None],
    ) -> None:
        self._site = site
        self._caller = caller
        self._connection = connection
        self._name_of = name_of

    def entity(self, entity: EntityType, row_id: int, changes: list[Change], wanted: list[str]) -> dict[str, Any]:
        """The row on the wire: the fields of ``changes`` and those ``wanted`` besides."""
        shown: dict[str, Any] = {"type": entity.name, "id": row_id}
        unknown: dict[str, None] = {}
        for change in changes:
            if change.links is not None or change.field.data_type in _FILES:
                unknown[change.field.name] = None
            else:
                shown[change.field.name] = self._value(change)
        unknown |= {name: None for name in wanted if name not in shown}
        if unknown:
            rows = read_rows(self._site, self._caller, self._connection, entity.name, [row_id], list(unknown))
            shown |= rows[0]
        return shown

    def _value(self, change: Change) -> Any:
        columns = list(change.columns.values())
        if change.field.storage != ENTITY:
            decode = from_column(change.field.data_type)
            return columns[0] if decode is None or columns[0] is None else decode(columns[0])
        if columns[1] is None:
            return None
        return {"type": columns[0], "id": columns[1], "name": self._name_of((columns[0], columns[1]))}
