"""Relations: where the rows behind a multi-entity field come from, whichever side they are kept on."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.model import INVERSE_ENTITY, INVERSE_LINKS, LINKS, THROUGH, Field, Schema

# Below SQLite's limit of variables in one statement.
CHUNK = 5000


@dataclass(frozen=True)
class LinkSource:
    """A table of (owner, other) pairs as SQL over the alias ``{a}``."""

    table: str
    owner_id: str
    other_type: str
    other_id: str
    where: str
    order: str

    def at(self, alias: str) -> LinkSource:
        return LinkSource(
            self.table,
            *(t.replace("{a}", alias) for t in (self.owner_id, self.other_type, self.other_id, self.where, self.order)),
        )


def link_source(schema: Schema, field: Field) -> LinkSource:
    """The pairs of one multi-entity field. All names in it are of our own schema, none comes from a caller."""
    if field.storage == LINKS:
        where = f"{{a}}.relation='{field.path}'"
        return LinkSource('"__links"', "{a}.a_id", "{a}.b_type", "{a}.b_id", where, "{a}.position")
    if field.storage == INVERSE_LINKS:
        assert field.inverse is not None
        other = field.inverse.split(".")[0]
        where = f"{{a}}.relation='{field.inverse}' AND {{a}}.b_type='{field.entity_type}'"
        return LinkSource('"__links"', "{a}.b_id", f"'{other}'", "{a}.a_id", where, "{a}.a_id")
    if field.storage == INVERSE_ENTITY:
        assert field.inverse is not None
        other, column = field.inverse.split(".")
        where = f'{{a}}."{column}__type"=\'{field.entity_type}\' AND {{a}}."__retired"=0'
        return LinkSource(quoted(other), f'{{a}}."{column}__id"', f"'{other}'", "{a}.id", where, "{a}.id")
    assert field.storage == THROUGH
    assert field.through is not None
    connection, here, there = field.through.split(".")
    where = f'{{a}}."__retired"=0 AND {{a}}."{there}__id" IS NOT NULL'
    ordered = "sg_sort_order" in schema.entities[connection].fields
    order = '{a}."sg_sort_order" IS NULL, {a}."sg_sort_order", {a}.id' if ordered else "{a}.id"
    return LinkSource(
        quoted(connection), f'{{a}}."{here}__id"', f'{{a}}."{there}__type"', f'{{a}}."{there}__id"', where, order
    )


def linked(
    connection: sqlite3.Connection, schema: Schema, field: Field, owners: Iterable[int]
) -> dict[int, list[tuple[str, int]]]:
    """``(type, id)`` of what each owner links to, in order; retired rows are still among them."""
    source = link_source(schema, field).at("l")
    found: dict[int, dict[tuple[str, int], None]] = defaultdict(dict)  # in order, each once
    for marks, chunk in chunks(list(owners)):
        rows = connection.execute(
            f"SELECT {source.owner_id}, {source.other_type}, {source.other_id} FROM {source.table} AS l "
            f"WHERE {source.where} AND {source.owner_id} IN ({marks}) ORDER BY {source.order}",
            chunk,
        )
        for owner, other_type, other_id in rows:
            found[owner][other_type, other_id] = None
    return {owner: list(pairs) for owner, pairs in found.items()}


def display_names(
    connection: sqlite3.Connection, schema: Schema, wanted: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], str | None]:
    """Names of rows that are there and not retired; the others are missing from the answer."""
    by_type: dict[str, set[int]] = defaultdict(set)
    for entity_type, entity_id in wanted:
        by_type[entity_type].add(entity_id)
    names: dict[tuple[str, int], str | None] = {}
    for entity_type, ids in by_type.items():
        entity = schema.entities.get(entity_type)
        if entity is None:
            continue
        for marks, chunk in chunks(sorted(ids)):
            rows = connection.execute(
                f"SELECT id, {quoted(entity.display)} FROM {quoted(entity_type)} "
                f'WHERE id IN ({marks}) AND "__retired"=0',
                chunk,
            )
            for entity_id, name in rows:
                names[entity_type, entity_id] = name
    return names


def chunks(values: Sequence[Any]) -> Iterable[tuple[str, Sequence[Any]]]:
    """``("?,?,?", values)`` in pieces that one statement can take."""
    for start in range(0, len(values), CHUNK):
        piece = values[start : start + CHUNK]
        yield ",".join("?" * len(piece)), piece
