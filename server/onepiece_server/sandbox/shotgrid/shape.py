"""From rows to entities: which columns a list of return fields needs and how their values look on the wire."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from onepiece_server.sandbox.shotgrid import attachments
from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.links import display_names, linked
from onepiece_server.sandbox.shotgrid.model import ENTITY, Field
from onepiece_server.sandbox.shotgrid.query import Scope
from onepiece_server.sandbox.shotgrid.site import Caller, Site
from onepiece_server.sandbox.shotgrid.values import from_column

_Entities = list[dict[str, Any]]


class Shape:
    """Turns rows of ``columns`` into entities with the fields asked for.

    Values that live elsewhere (names of linked rows, multi-entity fields, pictures) are fetched once for a
    whole page, never row by row.
    """

    def __init__(self, site: Site, caller: Caller, scope: Scope, names: list[str]) -> None:
        self._site = site
        self._caller = caller
        self._type = scope.entity_type
        self._columns = [f"{scope.alias}.id"]
        self._plain: list[tuple[str, int, Callable[[Any], Any] | None]] = []
        self._single: list[tuple[str, int, Field]] = []
        self._many: list[tuple[str, int, Field]] = []
        self._urls: list[tuple[str, int]] = []
        self._images: list[tuple[str, int]] = []
        self._fresh: set[int] = set()
        for name in names:
            self._add(scope, name)

    @property
    def columns(self) -> str:
        return ", ".join(self._columns)

    def _add(self, scope: Scope, name: str) -> None:
        if name in ("type", "id"):
            return
        alias, field, rest = scope.step(name)
        if rest:
            raise Fault(f"API read() '{name}' can not be returned: {field.path} links to several entities:")
        index = len(self._columns)
        if field.is_many:
            self._columns.append(f"{alias}.id")
            self._many.append((name, index, field))
        elif field.storage == ENTITY:
            self._columns += [f'{alias}."{field.name}__type"', f'{alias}."{field.name}__id"']
            self._single.append((name, index, field))
        else:
            self._columns.append(scope.column(alias, field))
            if field.data_type == "url":
                self._urls.append((name, index))
            elif field.data_type == "image":
                self._images.append((name, index))
            else:
                self._plain.append((name, index, from_column(field.data_type)))

    def entities(self, connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> _Entities:
        entity_type, plain = self._type, self._plain
        found: _Entities = []
        for row in rows:
            entity: dict[str, Any] = {"type": entity_type, "id": row[0]}
            for name, index, decode in plain:
                value = row[index]
                entity[name] = value if decode is None or value is None else decode(value)
            found.append(entity)
        many = self._load_many(connection, rows)
        self._fill_links(connection, rows, found, many)
        self._fill_urls(connection, rows, found)
        self._fill_images(connection, rows, found)
        return found

    def _load_many(
        self, connection: sqlite3.Connection, rows: list[tuple[Any, ...]]
    ) -> list[dict[int, list[tuple[str, int]]]]:
        return [
            linked(connection, self._site.schema, field, {row[index] for row in rows if row[index] is not None})
            for _, index, field in self._many
        ]

    def _fill_links(
        self,
        connection: sqlite3.Connection,
        rows: list[tuple[Any, ...]],
        found: _Entities,
        many: list[dict[int, list[tuple[str, int]]]],
    ) -> None:
        wanted = {(row[i], row[i + 1]) for _, i, _ in self._single for row in rows if row[i + 1] is not None}
        wanted |= {pair for owners in many for pairs in owners.values() for pair in pairs}
        names = display_names(connection, self._site.schema, wanted)
        for name, index, _ in self._single:
            for row, entity in zip(rows, found, strict=True):
                entity[name] = _link((row[index], row[index + 1]), names)
        for (name, index, _), owners in zip(self._many, many, strict=True):
            for row, entity in zip(rows, found, strict=True):
                pairs = owners.get(row[index], ())
                entity[name] = [link for pair in pairs if (link := _link(pair, names)) is not None]

    def _fill_urls(self, connection: sqlite3.Connection, rows: list[tuple[Any, ...]], found: _Entities) -> None:
        if not self._urls:
            return
        storages = attachments.storages(connection)
        for name, index in self._urls:
            for row, entity in zip(rows, found, strict=True):
                entity[name] = attachments.shown(row[index], storages, self._caller.base_url)

    def _fill_images(self, connection: sqlite3.Connection, rows: list[tuple[Any, ...]], found: _Entities) -> None:
        ids = {row[index] for _, index in self._images for row in rows if row[index] is not None}
        if not ids:
            for name, _ in self._images:
                for entity in found:
                    entity[name] = None
            return
        until = self._site.held_pictures.shown_until()
        pictures = attachments.pictures(connection, ids, self._caller.base_url, until)
        self._fresh = pictures.fresh
        for name, index in self._images:
            for row, entity in zip(rows, found, strict=True):
                entity[name] = pictures.urls.get(row[index])

    def mark_seen(self) -> None:
        """Remember which pictures were shown as pending: the next read gives their final address."""
        if self._fresh:
            attachments.mark_seen(self._site.database, self._fresh)


def _link(pair: tuple[str, int], names: dict[tuple[str, int], str | None]) -> dict[str, Any] | None:
    """A link on the wire; a retired row is not linked to."""
    if pair not in names:
        return None
    return {"type": pair[0], "id": pair[1], "name": names[pair]}
