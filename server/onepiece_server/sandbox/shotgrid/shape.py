"""From rows to entities: which columns a list of return fields needs and how their values look on the wire."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

from onepiece_server.sandbox.shotgrid import attachments
from onepiece_server.sandbox.shotgrid.links import display_names, linked
from onepiece_server.sandbox.shotgrid.model import ENTITY, Field
from onepiece_server.sandbox.shotgrid.query import Scope
from onepiece_server.sandbox.shotgrid.site import Caller, Site
from onepiece_server.sandbox.shotgrid.values import from_column

_Columns = list[tuple[Any, ...]]


class Shape:
    """Turns rows of ``columns`` into entities with the fields asked for.

    As on a real site, a name that leads to no field or through a multi-entity one is left out of the entities: tools
    ask for fields of older and newer sites too. Values that live elsewhere (names of linked rows, multi-entity
    fields, pictures) are fetched once for a whole page, never row by row.
    """

    def __init__(self, site: Site, caller: Caller, scope: Scope, names: list[str], *, image_urls: bool = True) -> None:
        self._site = site
        self._caller = caller
        self._type = scope.entity_type
        self._columns = [f"{scope.alias}.id"]
        self._plain: list[tuple[str, int, Callable[[Any], Any] | None]] = []
        self._single: list[tuple[str, int]] = []
        self._tags: list[tuple[str, int]] = []
        self._many: list[tuple[str, int, Field]] = []
        self._urls: list[tuple[str, int]] = []
        self._images: list[tuple[str, int]] = []
        self._fresh: set[int] = set()
        self._image_urls = image_urls
        for name in names:
            self._add(scope, name)

    @property
    def columns(self) -> str:
        return ", ".join(self._columns)

    def _add(self, scope: Scope, name: str) -> None:
        if name in ("type", "id") or not scope.is_readable(name):
            return
        alias, field, _ = scope.step(name)
        index = len(self._columns)
        if field.is_many:
            self._columns.append(f"{alias}.id")
            self._many.append((name, index, field))
        elif field.storage == ENTITY:
            self._columns += [f'{alias}."{field.name}__type"', f'{alias}."{field.name}__id"']
            self._single.append((name, index))
        else:
            self._columns.append(scope.column(alias, field))
            if field.data_type == "url":
                self._urls.append((name, index))
            elif field.data_type == "image" and self._image_urls:
                self._images.append((name, index))
            elif field.data_type == "tag_list":
                self._tags.append((name, index))
            else:
                self._plain.append((name, index, from_column(field.data_type)))

    def entities(self, connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
        """The rows as entities. Links that are the same are one object: they are for encoding, not for changing."""
        if not rows:
            return []
        entity_type, plain = self._type, self._plain
        found: list[dict[str, Any]] = []
        for row in rows:
            entity: dict[str, Any] = {"type": entity_type, "id": row[0]}
            for name, index, decode in plain:
                value = row[index]
                entity[name] = value if decode is None or value is None else decode(value)
            found.append(entity)
        columns = list(zip(*rows, strict=True))
        elsewhere: dict[str, Iterable[Any]] = {
            name: [json.loads(value) if value else [] for value in columns[index]] for name, index in self._tags
        }
        elsewhere |= self._links(connection, columns)
        elsewhere |= self._shown_urls(connection, columns)
        elsewhere |= self._shown_images(connection, columns)
        for name, values in elsewhere.items():
            for entity, value in zip(found, values, strict=False):
                entity[name] = value
        return found

    def _links(self, connection: sqlite3.Connection, columns: _Columns) -> dict[str, Iterable[Any]]:
        schema = self._site.schema
        many = [linked(connection, schema, field, set(columns[i]) - {None}) for _, i, field in self._many]
        wanted: set[tuple[str, int]] = set()
        for _, index in self._single:
            wanted.update(zip(columns[index], columns[index + 1], strict=True))
        wanted = {pair for pair in wanted if pair[1] is not None}
        for owners in many:
            wanted.update(*owners.values())
        names = display_names(connection, schema, wanted)
        # A retired row is not linked to: it has no name.
        links = {pair: {"type": pair[0], "id": pair[1], "name": name} for pair, name in names.items()}
        shown: dict[str, Iterable[Any]] = {}
        for name, index in self._single:
            shown[name] = map(links.get, zip(columns[index], columns[index + 1], strict=True))
        for (name, index, _), owners in zip(self._many, many, strict=True):
            shown[name] = [[links[pair] for pair in owners.get(owner, ()) if pair in links] for owner in columns[index]]
        return shown

    def _shown_urls(self, connection: sqlite3.Connection, columns: _Columns) -> dict[str, Iterable[Any]]:
        if not self._urls:
            return {}
        storages = attachments.storages(connection)
        base_url = self._caller.base_url
        return {
            name: [attachments.shown(value, storages, base_url) for value in columns[index]]
            for name, index in self._urls
        }

    def _shown_images(self, connection: sqlite3.Connection, columns: _Columns) -> dict[str, Iterable[Any]]:
        ids = {value for _, index in self._images for value in columns[index]} - {None}
        if not ids:
            return {name: itertools.repeat(None) for name, _ in self._images}
        until = self._site.held_pictures.shown_until()
        pictures = attachments.pictures(connection, ids, self._caller.base_url, until)
        self._fresh = pictures.fresh
        return {name: [pictures.urls.get(value) for value in columns[index]] for name, index in self._images}

    def mark_seen(self) -> None:
        """Remember which pictures were shown as pending: the next read gives their final address."""
        if self._fresh:
            attachments.mark_seen(self._site.database, self._fresh)
