"""What a row of one entity type must look like: defaults, stamps, mandatory and unique fields, its name.

Uniqueness is the site's idea of it: case does not count, retired rows do not count, and where rows belong to a
project a value is taken once in each.
"""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Any

from onepiece_server.sandbox.shotgrid import cut_fields
from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.faults import crud_fault
from onepiece_server.sandbox.shotgrid.incoming import Change
from onepiece_server.sandbox.shotgrid.model import COLUMN, ENTITY, EntityType, Field
from onepiece_server.sandbox.shotgrid.site import Caller

Columns = dict[str, Any]

_PEOPLE = {"HumanUser": "login", "ClientUser": "email"}
# Whoever writes one is its author, unless somebody else is named.
_AUTHORED = frozenset({"Note", "Reply"})
_EMPTY = (None, "")


class Rules:
    def __init__(self, entity: EntityType) -> None:
        fields = entity.fields
        self.entity = entity
        self.defaults = {
            field.name: int(field.default) if isinstance(field.default, bool) else field.default
            for field in fields.values()
            if field.default is not None and field.storage == COLUMN
        }
        self.unique = [field for field in fields.values() if field.unique and field.storage == COLUMN]
        self._has_project = "project" in fields
        self._named_by = self._naming_columns()
        self._mandatory = [field for field in fields.values() if field.mandatory]
        self._stamped = [
            (when, by) for when, by in (("created_at", "created_by"), ("updated_at", "updated_by")) if when in fields
        ]
        self._keeps_name = "cached_display_name" in fields
        self._author = entity.name in _AUTHORED and "user" in fields
        self.cuts = cut_fields.of(entity)
        read = {*self._named_by, *(field.name for field in self.unique), *(self.cuts.raw if self.cuts else ())}
        # What every change of a row starts from.
        self.always_read = ("__retired", *sorted(read | ({"project__id"} if self._has_project else set())))
        self._inserts: dict[tuple[str, ...], str] = {}
        self._selects: dict[tuple[str, ...], str] = {}

    def insert(self, columns: Columns) -> str:
        """The statement for a new row with these columns."""
        names = tuple(columns)
        if names not in self._inserts:
            listed, marks = ", ".join(map(quoted, names)), ",".join("?" * len(names))
            self._inserts[names] = f"INSERT INTO {quoted(self.entity.name)} ({listed}) VALUES ({marks})"
        return self._inserts[names]

    def select(self, names: tuple[str, ...]) -> str:
        """The statement that reads columns of one row."""
        if names not in self._selects:
            self._selects[names] = f"SELECT {', '.join(map(quoted, names))} FROM {quoted(self.entity.name)} WHERE id=?"
        return self._selects[names]

    def _naming_columns(self) -> frozenset[str]:
        if self.entity.name in _PEOPLE:
            return frozenset({"firstname", "lastname", _PEOPLE[self.entity.name]})
        return frozenset({self.entity.display})

    def new_row(self, changes: list[Change], caller: Caller, now: str) -> Columns:
        """All columns of a row that is made: what is asked for, defaults, stamps, what follows from them."""
        columns = dict(self.defaults)
        for change in changes:
            columns.update(change.columns)
        for when, by in self._stamped:
            columns.setdefault(when, now)
            if by in self.entity.fields:
                columns.setdefault(f"{by}__type", caller.user_type)
                columns.setdefault(f"{by}__id", caller.user_id)
        if self._author:
            columns.setdefault("user__type", caller.user_type)
            columns.setdefault("user__id", caller.user_id)
        return columns | self._names(columns) | (self.cuts.values(columns) if self.cuts else {})

    def follow(self, row: Columns, touched: Collection[str], caller: Caller, now: str) -> Columns:
        """What has to be written beside the columns ``touched``; ``row`` is the row as it will be."""
        columns: Columns = {}
        if not self._named_by.isdisjoint(touched):
            columns |= self._names(row)
        if self.cuts is not None and not self.cuts.raw.isdisjoint(touched):
            columns |= self.cuts.values(row)
        for when, by in self._stamped[-1:]:
            if when == "updated_at":
                columns[when] = now
                columns |= {f"{by}__type": caller.user_type, f"{by}__id": caller.user_id}
        return columns

    def name(self, row: Columns) -> str | None:
        """The display name; a person without one is called by the login."""
        if self.entity.name not in _PEOPLE:
            return row.get(self.entity.display)
        full = f"{row.get('firstname') or ''} {row.get('lastname') or ''}".strip()
        return full or row.get(_PEOPLE[self.entity.name])

    def _names(self, row: Columns) -> Columns:
        name = self.name(row)
        written: Columns = {"name": name} if self.entity.name in _PEOPLE else {}
        if self._keeps_name:
            written["cached_display_name"] = name
        return written

    def check_new(self, columns: Columns) -> None:
        """Raise the site's fault for a row without what it must have."""
        for field in self._mandatory:
            if columns.get(_column(field)) in _EMPTY and not self._may_miss(field, columns):
                raise crud_fault("create", "6", self.entity.name, _required(field))

    def check_change(self, changes: list[Change], method: str) -> None:
        """Raise the site's fault where a mandatory field would be emptied."""
        for change in changes:
            field = change.field
            if field.mandatory and change.columns and change.columns[_column(field)] in _EMPTY:
                raise crud_fault(method, "6", field.path, _required(field))

    def check_unique(
        self, connection: sqlite3.Connection, row: Columns, row_id: int, method: str, touched: Collection[str]
    ) -> None:
        """Raise the site's fault where another row has one of the values ``touched``; another project touches all."""
        for field in self.unique:
            value = row.get(field.name)
            if value is None or (field.name not in touched and "project__id" not in touched):
                continue
            sql = f'SELECT 1 FROM {quoted(self.entity.name)} WHERE {quoted(field.name)}=? AND "__retired"=0 AND id<>?'
            bound = [value, row_id]
            if self._has_project:
                sql += " AND project__id IS ?"
                bound.append(row.get("project__id"))
            if connection.execute(sql, bound).fetchone():
                number, what = ("61", self.entity.name) if method == "create" else ("51", field.path)
                why = f"The value for the {field.label} field is required to be unique. <br>"
                raise crud_fault(method, number, what, why)

    def _may_miss(self, field: Field, columns: Columns) -> bool:
        """The tasks of a template belong to no project."""
        return self.entity.name == "Task" and field.name == "project" and columns.get("task_template__id") is not None


def _column(field: Field) -> str:
    return f"{field.name}__id" if field.storage == ENTITY else field.name


def _required(field: Field) -> str:
    return f"The value for the {field.label} field is required. <br>"
