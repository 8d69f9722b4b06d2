"""Task templates: a row that is given one gets the template's tasks.

The tasks of a template are Tasks whose ``task_template`` names it; they belong to no row and to no project. Each
gives the row a Task of its own with the same name, step, order, durations, assignments and so on (not its dates),
``template_task`` says where it comes from, and what depends on what is the same among the new tasks.

A template that is set later, or once more, adds the tasks that the row does not have yet: none that came from the same
template task, none with the same name and step. Tasks that are there already stay as they are.
"""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.incoming import Change
from onepiece_server.sandbox.shotgrid.links import linked
from onepiece_server.sandbox.shotgrid.model import COLUMN, ENTITY, LINKS, EntityType, Field, Schema

if TYPE_CHECKING:
    from onepiece_server.sandbox.shotgrid.write import Writer

FIELD = "task_template"

# What belongs to the template's task alone, or is given anew.
_OWN = frozenset({"task_template", "template_task", "entity", "project", "start_date", "due_date", "sibling_tasks"})
_FILES = ("image", "url")


def template_of(changes: list[Change]) -> int | None:
    """The template that ``changes`` give to a row."""
    for change in changes:
        if change.field.name == FIELD and change.field.entity_type != "Task":
            found: int | None = change.columns[f"{FIELD}__id"]
            return found
    return None


class Expansion:
    """Gives rows the tasks of a template."""

    def __init__(self, writer: Writer, schema: Schema, connection: sqlite3.Connection) -> None:
        self._writer = writer
        self._schema = schema
        self._connection = connection
        self._tasks = schema.entities["Task"]
        self._copied = [
            field
            for field in self._tasks.fields.values()
            if field.editable
            and field.name not in _OWN
            and field.storage in (COLUMN, ENTITY, LINKS)
            and field.data_type not in _FILES
        ]

    def apply(self, owner: tuple[str, int], template_id: int) -> None:
        project = self._project(owner)
        there = self._already_there(owner)
        made: dict[int, int] = {}
        for row in self._rows("task_template__id=? AND entity__id IS NULL ORDER BY id", [template_id]):
            if row["id"] not in there and (row["content"], row["step__id"]) not in there:
                made[row["id"]] = self._writer.insert(self._tasks, self._changes(row, owner, project))
        self._depend(made)

    def _rows(self, where: str, params: list[Any]) -> list[dict[str, Any]]:
        cursor = self._connection.execute(f'SELECT * FROM "Task" WHERE "__retired"=0 AND {where}', params)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _already_there(self, owner: tuple[str, int]) -> set[Any]:
        there: set[Any] = set()
        for row in self._rows("entity__type=? AND entity__id=?", list(owner)):
            there |= {row.get("template_task__id"), (row["content"], row["step__id"])}
        return there

    def _project(self, owner: tuple[str, int]) -> int | None:
        entity = self._schema.entities[owner[0]]
        if "project" not in entity.fields:
            return owner[1] if owner[0] == "Project" else None
        sql = f"SELECT project__id FROM {quoted(owner[0])} WHERE id=?"
        found: tuple[int | None] = self._connection.execute(sql, [owner[1]]).fetchone()
        return found[0]

    def _changes(self, row: dict[str, Any], owner: tuple[str, int], project: int | None) -> list[Change]:
        fields = self._tasks.fields
        changes = [
            _link(fields["project"], None if project is None else ("Project", project)),
            _link(fields["entity"], owner),
        ]
        if "template_task" in fields:
            changes.append(_link(fields["template_task"], ("Task", row["id"])))
        for field in self._copied:
            if field.storage == LINKS:
                links = linked(self._connection, self._schema, field, [row["id"]]).get(row["id"])
                if links:
                    changes.append(Change(field, links=links))
                continue
            columns = {name: row[name] for name in _columns(field)}
            if any(value is not None for value in columns.values()):
                changes.append(Change(field, columns=columns))
        return changes

    def _depend(self, made: dict[int, int]) -> None:
        """The same dependencies among the new tasks as among the template's."""
        dependencies = self._schema.entities.get("TaskDependency")
        if dependencies is None or not made:
            return
        kept = [field for field in dependencies.fields.values() if field.editable and field.storage in (COLUMN, ENTITY)]
        for row in self._dependencies(dependencies, list(made)):
            ends = row["task__id"], row["dependent_task__id"]
            if ends[0] in made and ends[1] in made:
                row |= {"task__id": made[ends[0]], "dependent_task__id": made[ends[1]]}
                changes = [Change(field, columns={name: row[name] for name in _columns(field)}) for field in kept]
                self._writer.insert(dependencies, changes)

    def _dependencies(self, entity: EntityType, tasks: list[int]) -> list[dict[str, Any]]:
        marks = ",".join("?" * len(tasks))
        sql = f'SELECT * FROM {quoted(entity.name)} WHERE "__retired"=0 AND task__id IN ({marks}) ORDER BY id'
        cursor = self._connection.execute(sql, tasks)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _columns(field: Field) -> tuple[str, ...]:
    return (f"{field.name}__type", f"{field.name}__id") if field.storage == ENTITY else (field.name,)


def _link(field: Field, pair: tuple[str, int] | None) -> Change:
    kind, target = pair or (None, None)
    return Change(field, columns={f"{field.name}__type": kind, f"{field.name}__id": target})
