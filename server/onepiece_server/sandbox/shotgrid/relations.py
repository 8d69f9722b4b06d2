"""Writing multi-entity fields, on whichever side their rows are kept; the other side follows by itself."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onepiece_server.sandbox.shotgrid.incoming import Change
from onepiece_server.sandbox.shotgrid.links import linked
from onepiece_server.sandbox.shotgrid.model import INVERSE_ENTITY, INVERSE_LINKS, LINKS, THROUGH, Field, Schema

if TYPE_CHECKING:
    from onepiece_server.sandbox.shotgrid.write import Writer

Pair = tuple[str, int]


@dataclass(frozen=True)
class Difference:
    added: list[Pair]
    removed: list[Pair]


class Relations:
    def __init__(self, writer: Writer, schema: Schema, connection: sqlite3.Connection) -> None:
        self._writer = writer
        self._schema = schema
        self._connection = connection

    def write(self, change: Change, row_id: int) -> Difference | None:
        """Bring the field's links to what ``change`` asks for; what came and what went, None when nothing did."""
        field, links = change.field, dict.fromkeys(change.links or [])
        current = dict.fromkeys(linked(self._connection, self._schema, field, [row_id]).get(row_id, []))
        removed = {
            "set": [pair for pair in current if pair not in links],
            "add": [],
            "remove": [pair for pair in current if pair in links],
        }[change.mode]
        added = [] if change.mode == "remove" else [pair for pair in links if pair not in current]
        steps = {
            LINKS: self._write_links,
            INVERSE_LINKS: self._write_inverse_links,
            INVERSE_ENTITY: self._write_inverse_entity,
            THROUGH: self._write_through,
        }
        steps[field.storage](field, row_id, added, removed)
        if field.storage == LINKS and change.mode == "set":
            self._order(field, row_id, list(links))
        return Difference(added, removed) if added or removed else None

    def _write_links(self, field: Field, row_id: int, added: list[Pair], removed: list[Pair]) -> None:
        sql = 'DELETE FROM "__links" WHERE relation=? AND a_id=? AND b_type=? AND b_id=?'
        self._connection.executemany(sql, [(field.path, row_id, *pair) for pair in removed])
        first = 'SELECT COALESCE(MAX(position), 0) + 1 FROM "__links" WHERE relation=? AND a_id=?'
        start = self._connection.execute(first, [field.path, row_id]).fetchone()[0]
        rows = [(field.path, row_id, *pair, start + index) for index, pair in enumerate(added)]
        self._connection.executemany('INSERT INTO "__links" VALUES (?,?,?,?,?)', rows)

    def _order(self, field: Field, row_id: int, links: list[Pair]) -> None:
        sql = 'UPDATE "__links" SET position=? WHERE relation=? AND a_id=? AND b_type=? AND b_id=?'
        self._connection.executemany(sql, [(index, field.path, row_id, *pair) for index, pair in enumerate(links)])

    def _write_inverse_links(self, field: Field, row_id: int, added: list[Pair], removed: list[Pair]) -> None:
        assert field.inverse is not None
        here = (field.entity_type, row_id)
        owner = self._schema.field(field.inverse)
        for _, other in removed:
            self._write_links(owner, other, [], [here])
        for _, other in added:
            self._write_links(owner, other, [here], [])

    def _write_inverse_entity(self, field: Field, row_id: int, added: list[Pair], removed: list[Pair]) -> None:
        assert field.inverse is not None
        owner = self._schema.field(field.inverse)
        entity = self._schema.entities[owner.entity_type]
        for pairs, value in ((removed, (None, None)), (added, (field.entity_type, row_id))):
            columns = {f"{owner.name}__type": value[0], f"{owner.name}__id": value[1]}
            for _, other in pairs:
                self._writer.change(entity, other, [Change(owner, columns=columns)], tell_other_side=False)

    def _write_through(self, field: Field, row_id: int, added: list[Pair], removed: list[Pair]) -> None:
        assert field.through is not None
        name, here, there = field.through.split(".")
        entity = self._schema.entities[name]
        for kind, other in removed:
            sql = (
                f'SELECT id FROM "{name}" WHERE "{here}__id"=? AND "{there}__id"=? AND "{there}__type"=? '
                'AND "__retired"=0'
            )
            rows = self._connection.execute(sql, [row_id, other, kind]).fetchall()
            for (connection_id,) in rows:
                self._writer.retire(entity, connection_id)
        for kind, other in added:
            ends = ((here, field.entity_type, row_id), (there, kind, other))
            changes = [
                Change(entity.fields[end], columns={f"{end}__type": end_type, f"{end}__id": end_id})
                for end, end_type, end_id in ends
            ]
            self._writer.insert(entity, changes)
