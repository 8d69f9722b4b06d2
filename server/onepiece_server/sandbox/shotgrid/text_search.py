"""query_display_name_cache: find rows by the words of their names.

A row is found when each word is a part of its own name or of the name of the row that it is linked to (``entity``);
case does not matter. The shortest names come first. How many matches there are without a limit, and that the project
does not narrow types that belong to none, is not confirmed by public sources.
"""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from onepiece_server.sandbox.shotgrid import arguments
from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.faults import Fault, type_fault
from onepiece_server.sandbox.shotgrid.folding import folded
from onepiece_server.sandbox.shotgrid.links import display_names
from onepiece_server.sandbox.shotgrid.method import Method
from onepiece_server.sandbox.shotgrid.model import ENTITY, EntityType, Field, Schema
from onepiece_server.sandbox.shotgrid.operators import Sql
from onepiece_server.sandbox.shotgrid.query import Scope, filter_sql, scope_of
from onepiece_server.sandbox.shotgrid.row_reader import RowReader, status_field
from onepiece_server.sandbox.shotgrid.site import PAGE_SIZE, Caller, Site
from onepiece_server.sandbox.shotgrid.values import escaped

_METHOD = "query_display_name_cache"
_SHORTEST = 3
_MATCHES = 25
_MOST_WORDS = 50
_LINK = "entity"


@dataclass(frozen=True)
class Match:
    """A row that was found: what it is sorted by, and its columns."""

    length: int
    order: int
    row_id: int
    entity_type: str
    name: str | None
    project_id: int | None
    status: str | None
    linked: tuple[str | None, int | None]


def text_search(site: Site, caller: Caller, args: dict[str, Any]) -> dict[str, Any]:
    words = _words(args)
    types = _types(site.schema, args)
    projects = _projects(args)
    limit = arguments.optional_integer(_METHOD, args, "max_results")
    limit = _MATCHES if limit is None else limit
    if not 0 < limit <= PAGE_SIZE:
        raise Fault(f"API {_METHOD}() 'max_results' must be from 1 to {PAGE_SIZE}: {limit}")
    with site.database.read() as connection:
        found: list[Match] = []
        for order, (entity, filters) in enumerate(types):
            scope = scope_of(site, caller, entity.name, _METHOD)
            found += _matches(connection, scope, order, filters, words, projects, limit)
        found = sorted(found, key=lambda one: (one.length, one.order, one.row_id))[:limit]
        reader = RowReader(site, caller, connection, _METHOD)
        shown = _shown(connection, site.schema, reader, found)
    reader.mark_seen()
    return {"matches": shown, "terms": words}


def _words(args: dict[str, Any]) -> list[str]:
    text = arguments.text(_METHOD, args, "text").strip()
    if len(text) < _SHORTEST:
        raise Fault(f"API {_METHOD}() 'text' must have at least {_SHORTEST} characters: {text!r}")
    words = text.lower().split()
    if len(words) > _MOST_WORDS:
        raise Fault(f"API {_METHOD}() 'text' has {len(words)} words: at most {_MOST_WORDS} can be searched for")
    return words


def _types(schema: Schema, args: dict[str, Any]) -> list[tuple[EntityType, Any]]:
    value = args.get("entity_types")
    if not isinstance(value, dict) or not value:
        raise type_fault(_METHOD, "'entity_types'", ["Hash"], value)
    for name in value:
        if name not in schema.entities:
            raise Fault(f"API {_METHOD}() entity_types must use valid entity names as keys: '{name[:100]}'")
    return [(schema.entities[name], filters) for name, filters in value.items()]


def _projects(args: dict[str, Any]) -> list[int]:
    value = args.get("project_ids") or []
    if not isinstance(value, list):
        raise type_fault(_METHOD, "'project_ids'", ["Array", "NilClass"], value)
    return [arguments.integer(_METHOD, {"project_ids": one}, "project_ids") for one in value]


def _matches(
    connection: sqlite3.Connection,
    scope: Scope,
    order: int,
    filters: Any,
    words: list[str],
    projects: list[int],
    limit: int,
) -> list[Match]:
    entity, table = scope.schema.entities[scope.entity_type], scope.alias
    where, params = filter_sql(scope, filters)
    conditions, bound = [f'{table}."__retired"=0', f"({where})"], list(params)
    if projects and (entity.name == "Project" or "project" in entity.fields):
        column = "id" if entity.name == "Project" else "project__id"
        conditions.append(f"{table}.{column} IN ({','.join(map(str, projects))})")  # checked to be integers
    for word in words:
        sql, values = _word_sql(scope.schema, entity, table, word)
        conditions.append(sql)
        bound += values
    name = f"{table}.{quoted(entity.display)}"
    link = f"{table}.{_LINK}__type, {table}.{_LINK}__id" if _link(entity) else "NULL, NULL"
    project = f"{table}.project__id" if "project" in entity.fields else "NULL"
    status = status_field(entity)
    columns = f"{table}.id, {name}, {project}, {f'{table}.{status}' if status else 'NULL'}, {link}"
    sql = (
        f"{scope.statement.start}SELECT {columns} FROM {scope.table} WHERE {' AND '.join(conditions)} "
        f"ORDER BY length({name}), {table}.id LIMIT ?"
    )
    rows = connection.execute(sql, [*scope.statement.params, *bound, limit]).fetchall()
    return [
        Match(len(row[1] or ""), order, row[0], entity.name, row[1], row[2], row[3], (row[4], row[5])) for row in rows
    ]


def _word_sql(schema: Schema, entity: EntityType, table: str, word: str) -> Sql:
    """The word is a part of the row's name, or of the name of the row that it links to."""
    conditions, bound = [_contains(f"{table}.{quoted(entity.display)}", word)], [_searched(word)]
    link = _link(entity)
    for name in _linked_types(schema, link):
        other = schema.entities[name]
        conditions.append(
            f"({table}.{_LINK}__type='{name}' AND {table}.{_LINK}__id IN "
            f'(SELECT id FROM {quoted(name)} WHERE "__retired"=0 AND {_contains(quoted(other.display), word)}))'
        )
        bound.append(_searched(word))
    return f"({' OR '.join(conditions)})", bound


def _linked_types(schema: Schema, link: Field | None) -> list[str]:
    if link is None:
        return []
    return [name for name in schema.entities if link.accepts(name) and schema.entities[name].display != "id"]


def _contains(column: str, word: str) -> str:
    # SQLite's own lower() knows ASCII only, and is many times faster.
    return f"instr({'lower' if word.isascii() else 'fold'}({column}), ?) > 0"


def _searched(word: str) -> str:
    word = escaped(word)
    return folded(word)


def _link(entity: EntityType) -> Field | None:
    field = entity.fields.get(_LINK)
    return field if field is not None and field.storage == ENTITY else None


def _shown(
    connection: sqlite3.Connection, schema: Schema, reader: RowReader, found: list[Match]
) -> list[dict[str, Any]]:
    linked = [(kind, target) for kind, target in (one.linked for one in found) if kind and target is not None]
    names = display_names(connection, schema, linked)
    images: dict[tuple[str, int], Any] = {}
    for entity_type in {one.entity_type for one in found if "image" in schema.entities[one.entity_type].fields}:
        rows = reader.rows(entity_type, [one.row_id for one in found if one.entity_type == entity_type], ["image"])
        images |= {(entity_type, row_id): row["image"] for row_id, row in rows.items()}
    return [
        {
            "id": one.row_id,
            "type": one.entity_type,
            "name": one.name,
            "project_id": one.project_id,
            "image": images.get((one.entity_type, one.row_id)),
            "links": [one.linked[0], names[one.linked]] if one.linked in names else ["", ""],
            "status": one.status,
        }
        for one in found
    ]


METHODS: dict[str, Method] = {_METHOD: text_search}
