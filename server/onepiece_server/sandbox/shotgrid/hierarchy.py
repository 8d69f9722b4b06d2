"""The tree by which people navigate: projects, Assets by type, Shots by episode and sequence, their Tasks.

Paths are those of real sites: ``/Project/70/Shot/sg_sequence/Sequence/23/id/862``, with ``__none__`` for what is in
no group. That the rows without a group are told once after each group, and not at all where there is no group, is
how real sites answer. The level of episodes, the Tasks below a row and the root are our reading.
"""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.model import ENTITY, Field, Schema
from onepiece_server.sandbox.shotgrid.operators import Sql

NONE = "__none__"
# The code that real sites use where a path leads nowhere.
_CODE = 107
_LONGEST = 1000
# Types of rows below a project, and how they are grouped: nearest to the row last.
BRANCHES = {"Asset": ("sg_asset_type",), "Shot": ("sg_sequence.Sequence.episode", "sg_sequence")}
# What is below each of those rows.
BELOW = "Task"


@dataclass(frozen=True)
class Group:
    """One level of groups: ``path`` as paths spell it, ``field`` that it ends at; of entities or of list values."""

    path: str
    field: Field
    entity_type: str | None

    def segment(self, value: str) -> str:
        return "/".join(part for part in (self.path, self.entity_type, quote(value, safe=" ")) if part)


@dataclass(frozen=True)
class Place:
    """A point of the tree.

    Attributes:
        project_id: None at the root.
        branch: the type of rows below, where one is chosen.
        chosen: the values of the groups above, ``__none__`` for no value.
        row: the row that the place is, when it is one.
        owner: the row that the branch belongs to, when it is not the project.
    """

    path: str
    label: str
    kind: str
    value: Any
    parent: Place | None = None
    project_id: int | None = None
    branch: str | None = None
    chosen: tuple[str, ...] = ()
    row: tuple[str, int] | None = None
    owner: tuple[str, int] | None = None

    @property
    def is_leaf(self) -> bool:
        return self.kind == "empty" or (self.row is not None and self.row[0] == BELOW)


class Hierarchy:
    """Reads the tree inside one transaction."""

    def __init__(self, schema: Schema, connection: sqlite3.Connection) -> None:
        self._schema = schema
        self._connection = connection

    @property
    def root(self) -> Place:
        return Place("/", "Site", "root", None)

    def find(self, path: str) -> Place:
        """The place that ``path`` leads to.

        Raises:
            Fault: it leads nowhere.
        """
        if not path.startswith("/") or len(path) > _LONGEST:
            raise Fault(f"Invalid path: {path[:200]}", _CODE)
        place = self.root
        tokens = [token for token in path.split("/") if token]
        while tokens:
            place, tokens = self._step(place, tokens)
        return place

    def children(self, place: Place) -> list[Place]:
        if place.project_id is None:
            return [self._project(place, row_id, name) for row_id, name in self._projects()]
        if place.branch is None:
            owner = place.row if place.row != ("Project", place.project_id) else None
            return [self._branch(place, name, owner) for name in self._branches(place)]
        groups = self.groups(place)
        if len(place.chosen) == len(groups):
            rows = [self._row(place, row_id, name) for row_id, name in self._rows(place)]
            return rows or [self._empty(place)]
        return self._grouped(place, groups[len(place.chosen)]) or [self._empty(place)]

    def groups(self, place: Place) -> list[Group]:
        """The levels of groups between the place's branch and its rows; episodes only where the project has some."""
        found: list[Group] = []
        for path in BRANCHES.get(place.branch or "", ()) if place.owner is None else ():
            group = self._group(place.branch or "", path)
            if group is None:
                continue
            several = "." in path
            if not several or self._group_values(place, group, ()):
                found.append(group)
        return found

    def in_group(self, place: Place, group: Group, value: str) -> Place:
        """One group of ``place``."""
        path = f"{place.path}/{group.segment(value)}"
        chosen = (*place.chosen, value)
        if value == NONE:
            label = f"{self.plural(place.branch)} with no {self._group_label(group)}"
            kind = "list" if group.entity_type is None else "entity_type"
            return self._below(place, path, label, kind, NONE if kind == "list" else place.branch, chosen=chosen)
        if group.entity_type is None:
            return self._below(place, path, value, "list", value, chosen=chosen)
        row_id = int(value)
        name = self._name(group.entity_type, row_id, place.project_id)
        shown = {"type": group.entity_type, "id": row_id}
        return self._below(place, path, name or "", "entity", shown, chosen=chosen)

    def plural(self, entity_type: str | None) -> str:
        return f"{self._schema.entities[entity_type].label}s" if entity_type else ""

    # Steps of a path

    def _step(self, place: Place, tokens: list[str]) -> tuple[Place, list[str]]:
        if place.project_id is None:
            if tokens[0] != "Project":
                raise Fault(f"Entity type provided is not part of the tree: {tokens[0][:100]}", _CODE)
            row_id = _id(tokens[1] if len(tokens) > 1 else "")
            return self._project(place, row_id, self._required("Project", row_id, None)), tokens[2:]
        if place.branch is None:
            if tokens[0] not in self._branches(place):
                raise Fault(f"Entity type provided is not part of the tree: {tokens[0][:100]}", _CODE)
            owner = place.row if place.row != ("Project", place.project_id) else None
            return self._branch(place, tokens[0], owner), tokens[1:]
        if place.row is not None or place.kind == "empty":
            raise Fault(f"Invalid path: nothing is below {place.path[:200]}", _CODE)
        if tokens[0] == "id" and len(tokens) > 1:
            row_id = _id(tokens[1])
            return self._row(place, row_id, self._required(place.branch, row_id, place.project_id)), tokens[2:]
        return self._group_step(place, tokens)

    def _group_step(self, place: Place, tokens: list[str]) -> tuple[Place, list[str]]:
        groups = self.groups(place)[len(place.chosen) :]
        if not groups or tokens[0] != groups[0].path:
            expected = groups[0].path if groups else "id"
            raise Fault(f"Unexpected field name in path: {tokens[0][:100]} (expecting {expected})", _CODE)
        group, rest = groups[0], tokens[1:]
        # Searches spell the rows without a group in the short form.
        if rest[:1] == [NONE]:
            found = self.in_group(place, group, NONE)
            if group.entity_type is not None:
                label = f"{self.plural(place.branch)} with no {NONE}"
                path = f"{place.path}/{group.path}/{NONE}"
                found = self._below(place, path, label, found.kind, found.value, chosen=found.chosen)
            return found, rest[1:]
        if group.entity_type is None:
            if not rest:
                raise Fault(f"Invalid path: {place.path[:200]}/{group.path} names no value", _CODE)
            return self.in_group(place, group, unquote(rest[0])), rest[1:]
        if len(rest) < 2 or rest[0] != group.entity_type:
            raise Fault(f"Invalid path: expecting {group.entity_type} and an id after {group.path}", _CODE)
        if rest[1] != NONE:
            self._required(group.entity_type, _id(rest[1]), place.project_id)
        return self.in_group(place, group, rest[1]), rest[2:]

    # Places

    def _project(self, root: Place, row_id: int, name: str | None) -> Place:
        value = {"type": "Project", "id": row_id}
        row = ("Project", row_id)
        return Place(f"/Project/{row_id}", name or "", "entity", value, parent=root, project_id=row_id, row=row)

    def _branch(self, place: Place, name: str, owner: tuple[str, int] | None) -> Place:
        path = f"{place.path}/{name}"
        label = self.plural(name)
        return Place(
            path, label, "entity_type", name, parent=place, project_id=place.project_id, branch=name, owner=owner
        )

    def _below(self, place: Place, path: str, label: str, kind: str, value: Any, **more: Any) -> Place:
        return Place(
            path,
            label,
            kind,
            value,
            parent=place,
            project_id=place.project_id,
            branch=place.branch,
            owner=place.owner,
            **more,
        )

    def _row(self, place: Place, row_id: int, name: str | None) -> Place:
        assert place.branch is not None
        value = {"type": place.branch, "id": row_id}
        path = f"{place.path}/id/{row_id}"
        row = (place.branch, row_id)
        return Place(path, name or "", "entity", value, parent=place, project_id=place.project_id, row=row)

    def _empty(self, place: Place) -> Place:
        return self._below(place, "", f"No {self.plural(place.branch)}", "empty", None)

    def _branches(self, place: Place) -> list[str]:
        """Types of rows below a project or a row."""
        if place.row is not None and place.row[0] != "Project":
            names = [BELOW] if place.row[0] != BELOW else []
        else:
            names = list(BRANCHES)
        return [name for name in names if self._has_field(name, "entity" if name == BELOW else "project")]

    def _has_field(self, entity_type: str, name: str) -> bool:
        entity = self._schema.entities.get(entity_type)
        return entity is not None and name in entity.fields

    def _grouped(self, place: Place, group: Group) -> list[Place]:
        values = self._group_values(place, group, place.chosen)
        none = self.in_group(place, group, NONE)
        places = [self.in_group(place, group, value) for value in values]
        if group.entity_type is None:
            return [*places, none]
        return [one for found in places for one in (found, none)]

    def _group(self, branch: str, path: str) -> Group | None:
        """None where the site's schema has no such field."""
        parts = path.split(".")
        field = self._schema.entities[branch].fields.get(parts[0])
        if field is not None and len(parts) == 3 and parts[1] in self._schema.entities:
            field = self._schema.entities[parts[1]].fields.get(parts[2])
        if field is None or (len(parts) == 3 and parts[1] not in self._schema.entities):
            return None
        return Group(path, field, field.valid_types[0] if field.storage == ENTITY else None)

    def _group_label(self, group: Group) -> str:
        return group.field.label if group.entity_type is None else self._schema.entities[group.entity_type].label

    # Rows

    def _group_values(self, place: Place, group: Group, chosen: tuple[str, ...]) -> list[str]:
        if group.entity_type is None:
            return list(group.field.valid_values)
        where, params = "g.project__id=?", [place.project_id]
        if chosen:  # sequences of the episode above
            above = self._group(place.branch or "", BRANCHES[place.branch or ""][0])
            assert above is not None
            sql, more = _linked_to("g", above.field.name, above.entity_type or "", chosen[-1])
            where, params = f"{where} AND {sql}", [*params, *more]
        return [str(row_id) for row_id, _ in self._named(group.entity_type, where, params)]

    def _rows(self, place: Place) -> list[tuple[int, str | None]]:
        assert place.branch is not None
        if place.owner is not None:
            where, params = "g.entity__type=? AND g.entity__id=?", list(place.owner)
        else:
            where, params = "g.project__id=?", [place.project_id]
        groups = self.groups(place)
        if groups:
            last, value = groups[-1], place.chosen[-1]
            if last.entity_type is None:
                name = quoted(last.field.name)
                sql, more = (f"g.{name} IS NULL", []) if value == NONE else (f"g.{name}=?", [value])
            else:
                sql, more = _linked_to("g", last.field.name, last.entity_type, value)
            where, params = f"{where} AND {sql}", [*params, *more]
            if len(groups) > 1 and place.chosen[0] != NONE and value == NONE:
                return []  # what is in no sequence is in no episode
        return self._named(place.branch, where, params)

    def _projects(self) -> list[tuple[int, str | None]]:
        return self._named("Project", "COALESCE(g.archived, 0)=0 AND COALESCE(g.is_template, 0)=0", [])

    def _named(self, entity_type: str, where: str, params: list[Any]) -> list[tuple[int, str | None]]:
        name = f"g.{quoted(self._schema.entities[entity_type].display)}"
        sql = (
            f'SELECT g.id, {name} FROM {quoted(entity_type)} AS g WHERE {where} AND g."__retired"=0 '
            f"ORDER BY {name} COLLATE NOCASE, g.id"
        )
        return self._connection.execute(sql, params).fetchall()

    def _name(self, entity_type: str, row_id: int, project_id: int | None) -> str | None:
        found = self._found(entity_type, row_id, project_id)
        return found[0][1] if found else None

    def _required(self, entity_type: str, row_id: int, project_id: int | None) -> str | None:
        found = self._found(entity_type, row_id, project_id)
        if not found:
            what = "project" if entity_type == "Project" else entity_type
            raise Fault(f"Unexpected result looking for {what}: {row_id}: 0 found.", _CODE)
        return found[0][1]

    def _found(self, entity_type: str, row_id: int, project_id: int | None) -> list[tuple[int, str | None]]:
        if project_id is None or "project" not in self._schema.entities[entity_type].fields:
            return self._named(entity_type, "g.id=?", [row_id])
        return self._named(entity_type, "g.id=? AND g.project__id=?", [row_id, project_id])


def _linked_to(alias: str, field: str, entity_type: str, value: str) -> Sql:
    """Rows whose link leads to one row, or to none that is there."""
    if value != NONE:
        return f"{alias}.{field}__type='{entity_type}' AND {alias}.{field}__id=?", [int(value)]
    there = f'SELECT 1 FROM {quoted(entity_type)} AS o WHERE o.id={alias}.{field}__id AND o."__retired"=0'
    return f"NOT EXISTS ({there})", []


def _id(token: str) -> int:
    if not token.isascii() or not token.isdigit() or len(token) > 18:
        raise Fault(f"Invalid path: {token[:60]!r} is no id", _CODE)
    return int(token)
