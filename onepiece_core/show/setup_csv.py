"""A show from a table: ``episode,sequence,shot``, or ``entity_type,name,parent_type,parent_name,code``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from onepiece_core.errors import ManifestError
from onepiece_core.manifest.row_files import Row
from onepiece_core.show.codes import check_code, checked, code_of
from onepiece_core.show.setup_hierarchy import COLUMNS as HIERARCHY
from onepiece_core.show.setup_hierarchy import read_hierarchy
from onepiece_core.show.template import ShowTemplate
from onepiece_core.show.tree import Gardener, Node, Show, grow
from onepiece_core.tracker.row_values import ValueRefused

_LEVELS = (("Episode", "episode"), ("Sequence", "sequence"), ("Shot", "shot"))
# What people call a column, where it is not the field's name.
RENAMED = {
    "status": "sg_status_list",
    "cut_in": "sg_cut_in",
    "cut_out": "sg_cut_out",
    "cut_duration": "sg_cut_duration",
    "head_in": "sg_head_in",
    "tail_out": "sg_tail_out",
    "asset_type": "sg_asset_type",
    "shot_type": "sg_shot_type",
}


def show_of_rows(
    rows: Sequence[Row], template: ShowTemplate | None, project: str, variables: Mapping[str, str]
) -> Show:
    """What a table asks for, with the tasks and fields of a template and its own rows.

    Raises:
        ManifestError: it has neither ``shot`` nor the columns of a hierarchy.
        UsageError: a variable that the template does not have.
    """
    columns = {name.strip().casefold() for row in rows for name in row.values}
    gardener = gardener_of(template, project, variables)
    show = grow(template, project, variables) if template is not None else Show()
    if {"entity_type", "name"} <= columns:
        read_hierarchy(rows, gardener, show, RENAMED)
    elif "shot" in columns:
        _Shots(gardener, show).read(rows)
    elif any(row.error is None for row in rows):
        raise ManifestError(
            "The table has no column shot",
            hint=f"The columns are episode, sequence, shot; or {', '.join(HIERARCHY)}.",
        )
    for row in rows:
        if row.error is not None:
            show.refused[f"row {row.line}"] = row.error
    return show


def gardener_of(template: ShowTemplate | None, project: str, variables: Mapping[str, str]) -> Gardener:
    """That of the template, or of an empty one."""
    empty = ShowTemplate.model_validate({"schema": "onepiece.show-template.1", "name": "none"})
    return Gardener(template or empty, project, variables)


@dataclass(slots=True)
class Levels:
    """Episodes, sequences and shots, each made once."""

    gardener: Gardener
    show: Show
    _made: dict[tuple[Any, ...], Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in self.show.nodes:
            self._made.setdefault((node.type, node.code.casefold(), id(node.parent)), node)

    def place(self, kind: str, value: str, parent: Node | None, values: Mapping[str, str], where: str) -> Node:
        """The node of a level above a shot."""
        node = self.node(kind, value, parent, values, where)
        made = self._made.setdefault((kind, node.code.casefold(), id(parent)), node)
        if made is node:
            self.gardener.add(self.show, node, [], values)
        return made

    def node(self, kind: str, value: str, parent: Node | None, values: Mapping[str, str], where: str) -> Node:
        told = {**self.gardener.variables, **values}
        code = code_of(self.gardener.template, kind, value, parent.code if parent else None, told)
        return Node(kind, code, parent, where)


class _Shots:
    """``episode,sequence,shot``; every other column is a field of the shot, ``code`` its code."""

    def __init__(self, gardener: Gardener, show: Show) -> None:
        self.levels = Levels(gardener, show)
        self.show, self.gardener = show, gardener

    def read(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if row.error is not None:
                continue
            try:
                self._read(row, f"row {row.line}")
            except ValueRefused as error:
                self.show.refused[f"row {row.line}"] = str(error)

    def _read(self, row: Row, where: str) -> None:
        cells = {name.strip(): value for name, value in row.values.items()}
        told = {name: _text(cells, name) for _, name in _LEVELS}
        if not told["shot"]:
            raise ValueRefused("shot is empty")
        values = {**self.gardener.variables, **told}
        code = _text(cells, "code")
        for each in (*told.values(), code):
            if each:
                check_code(each)
        parent: Node | None = None
        for kind, name in _LEVELS[:2]:
            if told[name]:
                parent = self.levels.place(kind, told[name], parent, values, where)
        node = self.levels.node("Shot", told["shot"], parent, values, where)
        node.code = code or node.code
        node.values = fields_of_row(cells, {"episode", "sequence", "shot", "code"}, RENAMED)
        self.gardener.add(self.show, node, [], values)


def fields_of_row(cells: Mapping[str, Any], own: set[str], renamed: Mapping[str, str]) -> dict[str, Any]:
    """The cells that are fields of the row and hold anything."""
    return {
        renamed.get(name.casefold(), name): value
        for name, value in cells.items()
        if name.casefold() not in own and value is not None and value != ""
    }


def _text(cells: Mapping[str, Any], name: str) -> str:
    value = next((value for each, value in cells.items() if each.casefold() == name), None)
    return cell_text(name, value)


def cell_text(name: str, value: Any) -> str:
    """A name as text; JSON may hold a number. Raises ValueRefused."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueRefused(f"{name} is no text")
    return checked(name, str(value))
