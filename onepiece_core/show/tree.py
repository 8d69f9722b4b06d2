"""What a show should hold: rows with what they lie in, before anybody has asked the site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from onepiece_core.errors import ManifestError, UsageError
from onepiece_core.show.fill import fill, fill_all
from onepiece_core.show.template import EntityTemplate, ShowTemplate, TaskTemplate

# A template is a few lines that can stand for any number of rows.
MAX_ROWS = 500_000
Values = Mapping[str, Any]


@dataclass(slots=True, eq=False)
class Node:
    """One row that should be there.

    Attributes:
        code: what its type is called by: code, a task's content.
        parent: None: it lies in the project itself.
        where: for people: ``row 12``, ``entities[0].children[1]``.
        values: fields as the file tells them; many nodes may share one.
        link: the field that holds the parent; None: the usual one.
        step: of a task.
    """

    type: str
    code: str
    parent: Node | None
    where: str
    values: Values = field(default_factory=dict)
    link: str | None = None
    step: str | None = None

    @property
    def depth(self) -> int:
        return 0 if self.parent is None else self.parent.depth + 1

    @property
    def path(self) -> str:
        """``ep101/ep101_sc01/ep101_sc01_0010``."""
        return self.code if self.parent is None else f"{self.parent.path}/{self.code}"


@dataclass(slots=True)
class Show:
    """What should be there.

    Attributes:
        project: values of the project itself.
        nodes: parents before what lies in them.
        refused: where -> why; never made.
    """

    project: dict[str, Any] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def grow(template: ShowTemplate, project: str, variables: Mapping[str, str]) -> Show:
    """The rows of a template. Raises ManifestError: unknown or empty variables; UsageError: one nobody declared."""
    return Gardener(template, project, variables).grow()


class Gardener:
    """A template with the values of its variables."""

    def __init__(self, template: ShowTemplate, project: str, variables: Mapping[str, str]) -> None:
        unknown = sorted(variables.keys() - template.variables.keys())
        if unknown:
            known = ", ".join(sorted(template.variables)) or "none"
            raise UsageError(f"The template has no variable {unknown[0]!r}", hint=f"It has: {known}.")
        self.template = template
        self.variables = {**template.variables, **variables, "project": project}
        self._sets: dict[tuple[Any, ...], list[tuple[str, str | None, Values]]] = {}

    def grow(self) -> Show:
        show = Show(fill_all(self.template.project.fields, self.variables, "project"))
        for number, row in enumerate(self.template.entities):
            self._grow(row, None, self.variables, f"entities[{number}]", show)
        return show

    def _grow(
        self, row: EntityTemplate, parent: Node | None, values: Mapping[str, str], where: str, show: Show
    ) -> None:
        if row.include is not None:
            self._grow(self.template.parts[row.include], parent, values, f"parts.{row.include}", show)
            return
        for some in product(*row.each.values()):
            told = {**values, **dict(zip(row.each, some, strict=True)), "parent": parent.code if parent else ""}
            node = self._node(row, parent, told, where)
            self.add(show, node, row.tasks, told)
            for number, child in enumerate(row.children):
                self._grow(child, node, told, f"{where}.children[{number}]", show)

    def _node(self, row: EntityTemplate, parent: Node | None, values: Mapping[str, str], where: str) -> Node:
        assert row.type is not None
        assert row.code is not None
        code = fill(row.code, values, where)
        return Node(row.type, code, parent, where, fill_all(row.fields, values, where), row.link)

    def add(self, show: Show, node: Node, sets: list[str], values: Mapping[str, str]) -> None:
        """``node`` with what its type has and its tasks; its own fields win."""
        if len(show.nodes) > MAX_ROWS:
            raise ManifestError(f"The template stands for more than {MAX_ROWS} rows")
        told = self.template.types.get(node.type)
        if told is not None and told.fields:
            node.values = {**fill_all(told.fields, {**values, "code": node.code}, f"types.{node.type}"), **node.values}
        show.nodes.append(node)
        names = [*(told.tasks if told is not None else ()), *sets]
        show.nodes += self._tasks(node, tuple(dict.fromkeys(names)), {**values, "code": node.code})

    def _tasks(self, node: Node, names: tuple[str, ...], values: Mapping[str, str]) -> Iterator[Node]:
        for name in names:
            for content, step, fields in self._set(name, values):
                yield Node("Task", content, node, f"{node.where}: task {content}", fields, step=step)

    def _set(self, name: str, values: Mapping[str, str]) -> list[tuple[str, str | None, Values]]:
        """The tasks of a set; sets that fill alike are one object, so that they are converted once."""
        filled = [self._task(task, values, f"tasks.{name}") for task in self.template.tasks[name]]
        key = (name, *(repr(task) for task in filled))
        return self._sets.setdefault(key, filled)

    def _task(self, task: TaskTemplate, values: Mapping[str, str], where: str) -> tuple[str, str | None, Values]:
        fields = fill_all(task.fields, values, where)
        if task.status is not None:
            fields = {"sg_status_list": fill(task.status, values, where), **fields}
        step = fill(task.step, values, where) if task.step is not None else None
        return fill(task.name, values, where), step, fields
