"""Many new rows in one go, by the rules of ``write.Writer`` and without its questions: the rows are ours and fit.

Not written are the ``Change`` events of a new row's fields, of which there would be fifteen for a Version.
"""

# ruff: noqa: S608 - every name put into SQL is one of our own schema
from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.events import Events
from onepiece_server.sandbox.shotgrid.incoming import Change
from onepiece_server.sandbox.shotgrid.model import COLUMN, ENTITY, LINKS, EntityType, Schema
from onepiece_server.sandbox.shotgrid.rules import Rules
from onepiece_server.sandbox.shotgrid.site import Caller

Pair = tuple[str, int]


class _Table:
    """Rows of one type that wait to be written."""

    def __init__(self, entity: EntityType, last_id: int) -> None:
        self.rules = Rules(entity)
        self.next_id = last_id + 1
        self.rows: list[list[Any]] = []
        self.columns: list[str] = []
        for field in entity.fields.values():
            if field.storage == ENTITY:
                self.columns += [f"{field.name}__type", f"{field.name}__id"]
            elif field.storage == COLUMN:
                self.columns.append(field.name)
        self._fields = entity.fields
        self._choices = {
            field.name: frozenset(field.valid_values) for field in entity.fields.values() if field.valid_values
        }

    def change(self, values: dict[str, Any]) -> Change:
        """What the site's schema does not have or not allow is left out: it may be that of a real site."""
        columns: dict[str, Any] = {}
        for name, value in values.items():
            field = self._fields.get(name)
            if field is None or value is None:
                continue
            if field.storage == ENTITY:
                columns[f"{name}__type"], columns[f"{name}__id"] = value
            elif name not in self._choices or value in self._choices[name]:
                columns[name] = value
        return Change(field=self._fields["id"], columns=columns)


class BulkWriter:
    """Takes rows in the order of their making and writes them at ``flush``, inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection, schema: Schema, caller: Caller) -> None:
        self._connection = connection
        self._schema = schema
        self._events = Events(connection, caller, held=True)
        self._tables: dict[str, _Table] = {}
        self._links: list[tuple[str, int, str, int, int]] = []

    def add(self, kind: str, when: str, who: Pair, values: dict[str, Any], *, is_told: bool = True) -> Pair | None:
        """A new row that ``who`` made at ``when``; ``is_told``: with an event.

        Values are those of columns; a link is ``(type, id)``. None where the schema has no such type: a link to it
        is a link to nothing.
        """
        table = self._table(kind)
        if table is None:
            return None
        row_id = table.next_id
        table.next_id += 1
        columns = table.rules.new_row([table.change(values)], Caller(*who, ""), when)
        table.rules.check_new(columns)
        columns["id"] = row_id
        table.rows.append([columns.get(name) for name in table.columns])
        if is_told:
            project_id = row_id if kind == "Project" else columns.get("project__id")
            self._events.at(when, who)
            self._events.created(table.rules.entity, row_id, table.rules.name(columns), project_id)
        return kind, row_id

    def link(self, row: Pair | None, name: str, pairs: Sequence[Pair | None]) -> None:
        """Fill a multi-entity field of a new row, where the field keeps its links itself."""
        entity = self._schema.entities.get(row[0]) if row else None
        field = entity.fields.get(name) if entity else None
        if row is not None and field is not None and field.storage == LINKS:
            known = [pair for pair in pairs if pair is not None]
            self._links += [(field.path, row[1], *pair, position) for position, pair in enumerate(known, start=1)]

    def flush(self) -> dict[str, tuple[int, int]]:
        """Write everything; for each type the first new id and how many there are."""
        written = {}
        for kind, table in self._tables.items():
            if not table.rows:
                continue
            columns = ", ".join(quoted(name) for name in table.columns)
            marks = ",".join("?" * len(table.columns))
            self._connection.executemany(f"INSERT INTO {quoted(kind)} ({columns}) VALUES ({marks})", table.rows)
            written[kind] = (table.next_id - len(table.rows), len(table.rows))
            table.rows.clear()
        self._connection.executemany('INSERT INTO "__links" VALUES (?,?,?,?,?)', self._links)
        self._links.clear()
        self._events.flush()
        return written

    def _table(self, kind: str) -> _Table | None:
        table = self._tables.get(kind)
        entity = self._schema.entities.get(kind)
        if table is None and entity is not None:
            found = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name=?", [kind]).fetchone()
            table = self._tables[kind] = _Table(entity, found[0] if found else 0)
        return table
