"""Where rows are in the tree of the site's projects."""

from __future__ import annotations

from typing import Any

from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.hierarchy import BELOW, BRANCHES, NONE, Group, Hierarchy, Place
from onepiece_server.sandbox.shotgrid.model import Schema
from onepiece_server.sandbox.shotgrid.read import read
from onepiece_server.sandbox.shotgrid.site import Caller, Site

# Types that a search by words looks through.
_SEARCHED = ("Episode", "Sequence", "Asset", "Shot", "Task")
_MATCHES = 50
_MOST_WORDS = 20

Pair = tuple[str, int]
Row = dict[str, Any]


class HierarchySearch:
    """Looks rows up inside the transaction of ``tree``."""

    def __init__(self, site: Site, caller: Caller, schema: Schema, tree: Hierarchy) -> None:
        self._site, self._caller = site, caller
        self._schema, self._tree = schema, tree

    def with_words(self, words: str, project_id: int | None) -> list[Pair]:
        """Rows whose names have all the words."""
        found: list[Pair] = []
        parts = words.split()[:_MOST_WORDS]
        for name in _SEARCHED if parts else ():
            entity = self._schema.entities.get(name)
            if entity is None:
                continue
            conditions: list[Row] = [{"path": entity.display, "relation": "contains", "values": [w]} for w in parts]
            if project_id is not None:
                project = {"type": "Project", "id": project_id}
                conditions.append({"path": "project", "relation": "is", "values": [project]})
            found += [(name, row["id"]) for row in self._read(name, conditions, [])]
        return found[:_MATCHES]

    def place_of(self, pair: Pair) -> Place | None:
        """None for a row that has no place in the tree."""
        path = self._path(pair)
        try:
            return None if path is None else self._tree.find(path)
        except Fault:
            return None  # a group of another project

    def _path(self, pair: Pair) -> str | None:
        entity_type, row_id = pair
        if entity_type == "Project":
            return f"/Project/{row_id}" if self._row(pair, []) else None
        if entity_type == BELOW:
            owner = (self._row(pair, ["entity"]) or {}).get("entity")
            above = self._path((owner["type"], owner["id"])) if owner and owner["type"] in BRANCHES else None
            return above and f"{above}/{BELOW}/id/{row_id}"
        if entity_type in BRANCHES:
            return self._branch_path(pair)
        return next((path for branch in BRANCHES if (path := self._group_path(pair, branch))), None)

    def _branch_path(self, pair: Pair) -> str | None:
        project = self._project(pair)
        if project is None:
            return None
        path = f"/Project/{project}/{pair[0]}"
        groups = self._tree.groups(self._tree.find(path))
        row = self._row(pair, [group.path for group in groups]) or {}
        return "".join([path, *(f"/{_segment(group, row[group.path])}" for group in groups), f"/id/{pair[1]}"])

    def _group_path(self, pair: Pair, branch: str) -> str | None:
        """The path of a row that others are grouped by."""
        if branch not in self._schema.entities or "project" not in self._schema.entities[pair[0]].fields:
            return None
        project = self._project(pair)
        if project is None:
            return None
        path = f"/Project/{project}/{branch}"
        above: list[Group] = []
        for group in self._tree.groups(self._tree.find(path)):
            if group.entity_type == pair[0]:
                names = [one.field.name for one in above]
                row = self._row(pair, names) or {}
                segments = [_segment(one, row[name]) for one, name in zip(above, names, strict=True)]
                return "/".join([path, *segments, group.segment(str(pair[1]))])
            above.append(group)
        return None

    def _project(self, pair: Pair) -> int | None:
        project = (self._row(pair, ["project"]) or {}).get("project")
        return project["id"] if project else None

    def _row(self, pair: Pair, fields: list[str]) -> Row | None:
        rows = self._read(pair[0], [{"path": "id", "relation": "is", "values": [pair[1]]}], fields)
        return rows[0] if rows else None

    def _read(self, entity_type: str, conditions: list[Row], fields: list[str]) -> list[Row]:
        call = {
            "type": entity_type,
            "filters": {"logical_operator": "and", "conditions": conditions},
            "return_fields": ["id", *fields],
            "paging": {"entities_per_page": _MATCHES, "current_page": 1},
            "return_paging_info_without_counts": True,
        }
        found: list[Row] = read(self._site, self._caller, call)["entities"]
        return found


def _segment(group: Group, value: Any) -> str:
    """A row's group in a path; searches spell the missing one in the short form."""
    if value is None:
        return f"{group.path}/{NONE}"
    return group.segment(value if group.entity_type is None else str(value["id"]))
