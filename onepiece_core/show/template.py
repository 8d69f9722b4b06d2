"""The model of a hierarchy template: ``onepiece.show-template.1``.

Texts may hold ``{variable}``; ``{{`` and ``}}`` are braces. Every row knows ``{project}``, ``{parent}`` (the code of
what it lies in) and the variables of what stands above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

SCHEMA = "onepiece.show-template.1"
# Variables that nobody declares.
GIVEN = frozenset({"project", "parent"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]*", re.ASCII)
_RANGE = re.compile(r"(\d{1,9})-(\d{1,9})(?:x(\d{1,6}))?", re.ASCII)
_MAX_VALUES = 100_000


def _text(value: Any) -> Any:
    """JSON may write 10 where YAML says "10"."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _matching(pattern: re.Pattern[str], what: str) -> AfterValidator:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(f"{text!r} is no {what}")
        return text

    return AfterValidator(check)


Text = Annotated[str, BeforeValidator(_text)]
Name = Annotated[str, _matching(_NAME, "name: letters, digits and underscores")]
EntityType = Annotated[str, _matching(_TYPE, "entity type, as in Shot or CustomEntity01")]
Filled = Annotated[Text, Field(min_length=1)]


def _spread(value: Any) -> Any:
    """``0010-0050x10`` is 0010, 0020, ... 0050; the digits of the first number are kept."""
    if not isinstance(value, str):
        return value
    found = _RANGE.fullmatch(value.strip())
    if found is None:
        return [value]
    first, last, step = int(found[1]), int(found[2]), int(found[3] or 1)
    if step < 1 or last < first or (last - first) // step >= _MAX_VALUES:
        raise ValueError(f"{value!r} is no range of at most {_MAX_VALUES} values")
    return [str(number).zfill(len(found[1])) for number in range(first, last + 1, step)]


Values = Annotated[list[Filled], BeforeValidator(_spread), Field(min_length=1)]


class Part(BaseModel):
    """Strict: a key that nobody reads is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class TaskTemplate(Part):
    """One task. ``step``: short name or code of a pipeline step of the row's type."""

    name: Filled
    step: Filled | None = None
    status: Filled | None = None
    fields: dict[str, Any] = {}


class EntityTemplate(Part):
    """A row, or as many as ``each`` says, with what lies in it; or the name of a part to put here.

    Attributes:
        each: variable -> its values, a list or a range such as ``0010-0500x10``; several make every combination.
        link: the field that holds the parent, where it is not the usual one.
        tasks: names of task sets.
        include: a part; nothing else may stand beside it.
    """

    type: EntityType | None = None
    code: Filled | None = None
    each: dict[Name, Values] = {}
    link: Filled | None = None
    fields: dict[str, Any] = {}
    tasks: list[Filled] = []
    children: list[EntityTemplate] = []
    include: Filled | None = None

    @model_validator(mode="after")
    def _is_a_row_or_a_part(self) -> Self:
        if self.include is not None:
            if self.model_fields_set != {"include"}:
                raise ValueError("nothing may stand beside include")
        elif self.type is None or self.code is None:
            raise ValueError("type and code are needed")
        return self


class TypeTemplate(Part):
    """What every row of a type has, also those that a CSV or a cut names.

    Attributes:
        code: of rows from a CSV or a cut: ``{show}_{sequence}_{shot}``.
    """

    code: Filled | None = None
    fields: dict[str, Any] = {}
    tasks: list[Filled] = []


class ProjectTemplate(Part):
    """Values of the project itself."""

    fields: dict[str, Any] = {}


class ShowTemplate(Part):
    """A whole template.

    Attributes:
        variables: name -> value unless another is given; ``""``: one must be given.
        tasks: task sets by name.
        types: by entity type.
        parts: pieces of trees that ``include`` names.
    """

    schema_: Literal["onepiece.show-template.1"] = Field(alias="schema")
    name: Filled
    description: str = ""
    variables: dict[Name, Text] = {}
    project: ProjectTemplate = ProjectTemplate()
    tasks: dict[Filled, list[TaskTemplate]] = {}
    types: dict[EntityType, TypeTemplate] = {}
    parts: dict[Filled, EntityTemplate] = {}
    entities: list[EntityTemplate] = []

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        taken = GIVEN & self.variables.keys()
        if taken:
            raise ValueError(f"the variable {min(taken)!r} is given already")
        for name, some in self.tasks.items():
            keys = [(task.name.casefold(), (task.step or "").casefold()) for task in some]
            if len(set(keys)) < len(keys):
                raise ValueError(f"the task set {name!r} names a task twice")
        for row in self._rows():
            for name in row.tasks:
                if name not in self.tasks:
                    raise ValueError(f"there is no task set {name!r}")
            if isinstance(row, EntityTemplate) and row.include is not None and row.include not in self.parts:
                raise ValueError(f"there is no part {row.include!r}")
        cycle = find_cycle({name: _included(part) for name, part in self.parts.items()})
        if cycle:
            raise ValueError(f"parts include one another in a circle: {' > '.join(cycle)}")
        return self

    def _rows(self) -> Iterator[EntityTemplate | TypeTemplate]:
        yield from self.types.values()
        for row in (*self.parts.values(), *self.entities):
            yield from _flat(row)


def _flat(row: EntityTemplate) -> Iterator[EntityTemplate]:
    yield row
    for child in row.children:
        yield from _flat(child)


def _included(part: EntityTemplate) -> list[str]:
    return [row.include for row in _flat(part) if row.include is not None]


def find_cycle(edges: Mapping[str, list[str]]) -> list[str]:
    """Names that lead back to the first of them; [] when there is no such circle."""
    over: set[str] = set()
    for start in edges:
        path, stack = [start], [iter(edges[start])]
        while stack and start not in over:
            name = next((each for each in stack[-1] if each not in over), None)
            if name is None:
                stack.pop()
                over.add(path.pop())
            elif name in path:
                return [*path[path.index(name) :], name]
            else:
                path.append(name)
                stack.append(iter(edges.get(name, ())))
    return []
