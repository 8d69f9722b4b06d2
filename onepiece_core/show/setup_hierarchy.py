"""A hierarchy as a table: ``entity_type,name,parent_type,parent_name,code``; rows in any order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from onepiece_core.manifest.row_files import Row
from onepiece_core.show.codes import check_code, checked, code_of
from onepiece_core.show.template import find_cycle
from onepiece_core.show.tree import Gardener, Node, Show
from onepiece_core.tracker.row_values import ValueRefused

COLUMNS = ("entity_type", "name", "parent_type", "parent_name", "code")
_KINDS = {kind.casefold(): kind for kind in ("Episode", "Sequence", "Shot", "Asset", "Task", "Scene", "Project")}


def read_hierarchy(rows: Sequence[Row], gardener: Gardener, show: Show, renamed: Mapping[str, str]) -> None:
    """Add the table's rows to ``show``; what is wrong with a row, or with what it lies in, refuses it."""
    _Hierarchy(gardener, show, renamed).read(rows)


@dataclass(slots=True, eq=False)
class _Line:
    """A row of the table; ``above``: the row that it lies in, once it is known."""

    where: str
    type: str
    name: str
    parent_type: str
    parent_name: str
    code: str
    fields: dict[str, Any]
    above: _Line | None = None
    node: Node | None = None


@dataclass(slots=True)
class _Hierarchy:
    gardener: Gardener
    show: Show
    renamed: Mapping[str, str]
    _named: dict[tuple[str, str], list[_Line]] = field(default_factory=lambda: defaultdict(list))

    def read(self, rows: Sequence[Row]) -> None:
        lines: list[_Line] = []
        for row in rows:
            if row.error is None:
                try:
                    line = self._line(row)
                    lines += [line] if line.type != "Project" else self._project(line)
                except ValueRefused as error:
                    self.show.refused[f"row {row.line}"] = str(error)
        for line in lines:
            for name in {line.name.casefold(), line.code.casefold()} - {""}:
                self._named[line.type, name].append(line)
        lines = [line for line in lines if self._finds_parent(line)]
        for line in self._parents_first(lines):
            self._add(line)

    def _line(self, row: Row) -> _Line:
        cells = {name.strip(): value for name, value in row.values.items()}
        told = {name: self._cell(cells, name) for name in COLUMNS}
        if not told["entity_type"] or not (told["name"] or told["code"]):
            raise ValueRefused("entity_type or name is empty")
        if bool(told["parent_type"]) != bool(told["parent_name"]) and _kind(told["parent_type"]) != "Project":
            raise ValueRefused("a parent needs parent_type and parent_name")
        fields = {
            self.renamed.get(name.casefold(), name): value
            for name, value in cells.items()
            if name.casefold() not in COLUMNS and value is not None and value != ""
        }
        name = told["name"] or told["code"]
        kind, parent = _kind(told["entity_type"]), _kind(told["parent_type"])
        if parent == "Project":
            self._check_project(told["parent_name"])
        if kind not in ("Task", "Project"):
            check_code(told["code"] or name)
        return _Line(f"row {row.line}", kind, name, parent, told["parent_name"], told["code"], fields)

    def _project(self, line: _Line) -> list[_Line]:
        """The project's own row: its values are the project's, and it is no part of the tree."""
        self._check_project(line.name)
        self.show.project |= {**({"code": line.code} if line.code else {}), **line.fields}
        return []

    def _check_project(self, name: str) -> None:
        project = self.gardener.variables["project"]
        if name and name.casefold() != project.casefold():
            raise ValueRefused(f"it is of the project {name!r}, not of {project!r}")

    def _cell(self, cells: Mapping[str, Any], wanted: str) -> str:
        value = next((value for name, value in cells.items() if name.casefold() == wanted), None)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValueRefused(f"{wanted} is no text")
        return checked(wanted, str(value))

    def _finds_parent(self, line: _Line) -> bool:
        if not line.parent_type or line.parent_type == "Project":
            return True
        found = self._named.get((line.parent_type, line.parent_name.casefold()), [])
        if len(found) == 1:
            line.above = found[0]
            return True
        what = f"{line.parent_type} {line.parent_name!r}"
        told = f"the table has no {what}" if not found else f"{len(found)} rows are called {what}: name its code"
        self.show.refused[line.where] = told
        return False

    def _parents_first(self, lines: Sequence[_Line]) -> list[_Line]:
        """What lies in itself, and what lies in that, is refused."""
        above = {line.where: [line.above.where] if line.above is not None else [] for line in lines}
        while cycle := find_cycle(above):
            told = " > ".join(cycle)
            for where in set(cycle):
                self.show.refused[where] = f"it lies in itself: {told}"
                above[where] = []
        ordered: dict[int, _Line] = {}
        for line in lines:
            chain: list[_Line] = []
            here: _Line | None = line
            while here is not None and id(here) not in ordered and here not in chain:
                chain.append(here)
                here = here.above
            ordered |= {id(each): each for each in reversed(chain)}
        return list(ordered.values())

    def _add(self, line: _Line) -> None:
        if line.where in self.show.refused:
            return
        if line.above is not None and line.above.node is None:
            self.show.refused[line.where] = f"{line.above.type} {line.above.name} ({line.above.where}) was refused"
            return
        parent = line.above.node if line.above is not None else None
        step = line.fields.pop("step", None) if line.type == "Task" else None
        values = {**self.gardener.variables, **_above(line)}
        above = parent.code if parent is not None else None
        code = line.code or code_of(self.gardener.template, line.type, line.name, above, values)
        line.node = Node(line.type, code, parent, line.where, line.fields, step=str(step) if step else None)
        self.gardener.add(self.show, line.node, [], {**values, "parent": above or "", "name": line.name})


def _above(line: _Line) -> dict[str, str]:
    """The names of the levels that the row lies in: episode, sequence, shot."""
    values: dict[str, str] = {"episode": "", "sequence": "", "shot": ""}
    here: _Line | None = line
    while here is not None:
        values[here.type.lower()] = here.name
        here = here.above
    return values


def _kind(text: str) -> str:
    """``shot`` is Shot; other types are taken as they are written."""
    return _KINDS.get(text.casefold(), text)
