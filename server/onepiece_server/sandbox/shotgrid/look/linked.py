"""What links to a row, beside what its own fields already tell."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.links import display_names
from onepiece_server.sandbox.shotgrid.look.values import Shown, shown_link
from onepiece_server.sandbox.shotgrid.model import ANY_TYPE, ENTITY, LINKS, EntityType, Field, Schema
from onepiece_server.sandbox.shotgrid.site import Site

_MOST = 12
# A link without an index is looked up only in tables up to this id.
_SMALL_TABLE = 20_000
_NOISE = frozenset({"created_by", "updated_by", "image_source_entity"})


@dataclass(frozen=True)
class LinkedFrom:
    """One field of another type, and rows that name ours in it."""

    field: Field
    label: str
    items: tuple[Shown, ...]
    more: bool


def linked_from(site: Site, entity: EntityType, row_id: int) -> list[LinkedFrom]:
    """Rows of other types that link here, by the field that does it."""
    schema = site.schema
    told = {field.inverse for field in entity.fields.values() if field.inverse}
    found = []
    with site.database.read() as connection:
        for field in _fields(schema, entity, told):
            ids = _ids(connection, schema, field, entity.name, row_id)
            if ids:
                other = schema.entities[field.entity_type]
                names = display_names(connection, schema, [(other.name, one) for one in ids])
                links = [{"type": kind, "id": one, "name": name} for (kind, one), name in names.items()]
                items = tuple(shown_link(link) for link in links[:_MOST])
                if items:
                    found.append(LinkedFrom(field, other.label, items, len(ids) > _MOST))
    return found


def _fields(schema: Schema, entity: EntityType, told: set[str]) -> list[Field]:
    return [
        field
        for other in schema.entities.values()
        if other.name != "EventLogEntry"
        for field in other.fields.values()
        if field.name not in _NOISE
        and field.path not in told
        and (entity.name in field.valid_types or field.valid_types == (ANY_TYPE,))
        and field.storage in (ENTITY, LINKS)
    ]


def _ids(connection: sqlite3.Connection, schema: Schema, field: Field, entity_type: str, row_id: int) -> list[int]:
    if field.storage == LINKS:
        sql = 'SELECT a_id FROM "__links" WHERE relation=? AND b_type=? AND b_id=? LIMIT ?'
        found = connection.execute(sql, [field.path, entity_type, row_id, _MOST + 1])
    else:
        table = quoted(field.entity_type)
        if field.path not in schema.indexed_links:
            last = connection.execute(f"SELECT MAX(id) FROM {table}").fetchone()[0]
            if (last or 0) > _SMALL_TABLE:
                return []
        sql = (
            f'SELECT id FROM {table} WHERE "{field.name}__id"=? AND "{field.name}__type"=? AND "__retired"=0 '
            "ORDER BY id LIMIT ?"
        )
        found = connection.execute(sql, [row_id, entity_type, _MOST + 1])
    return [row[0] for row in found]
