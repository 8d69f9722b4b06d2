"""The NAV_ENTRIES preset: the rows that hang on one place of the navigation tree, as a filter.

``nav_expand`` tells it with each place; given to a find it gives the rows of that place. What a real site does for
the levels that are our reading (episodes, Tasks) is not public.
"""

from __future__ import annotations

from typing import Any

from onepiece_server.sandbox.shotgrid import arguments
from onepiece_server.sandbox.shotgrid.faults import Fault, type_fault
from onepiece_server.sandbox.shotgrid.hierarchy import BELOW, NONE, Hierarchy, Place
from onepiece_server.sandbox.shotgrid.model import EntityType
from onepiece_server.sandbox.shotgrid.site import Site

_METHOD = "read"

Condition = dict[str, Any]


def split_presets(site: Site, entity: EntityType, presets: Any) -> tuple[Condition | None, Any]:
    """The filter that the NAV_ENTRIES among ``presets`` stand for, and the other presets.

    Raises:
        Fault: a path leads nowhere, or a seed is none of the type that is read.
    """
    if not isinstance(presets, list) or not any(map(_is_nav_entries, presets)):
        return None, presets
    conditions: list[Condition] = []
    with site.database.read() as connection:
        tree = Hierarchy(site.schema, connection)
        for preset in filter(_is_nav_entries, presets):
            place = tree.find(arguments.text(_METHOD, preset, "path"))
            conditions += _conditions(entity, _seed(entity, preset), tree, place)
    others = [preset for preset in presets if not _is_nav_entries(preset)]
    return {"logical_operator": "and", "conditions": conditions}, others


def _is_nav_entries(preset: Any) -> bool:
    return isinstance(preset, dict) and preset.get("preset_name") == "NAV_ENTRIES"


def _seed(entity: EntityType, preset: dict[str, Any]) -> str:
    """The field by which the rows hang on places."""
    seed = preset.get("seed")
    if not isinstance(seed, dict):
        raise type_fault(_METHOD, "NAV_ENTRIES 'seed'", ["Hash"], seed)
    name = arguments.text(_METHOD, seed, "field")
    if seed.get("type") != entity.name or name not in entity.fields:
        raise Fault(f"API {_METHOD}() NAV_ENTRIES 'seed' is no field of {entity.name}: {seed!r:.100}")
    return name


def _conditions(entity: EntityType, link: str, tree: Hierarchy, place: Place) -> list[Condition]:
    found: list[Condition] = []
    if place.project_id is not None and "project" in entity.fields:
        found.append(_is("project", {"type": "Project", "id": place.project_id}))
    if place.row is not None and place.row[0] == BELOW:
        return [*found, _of_task(entity, link, place)]
    owner = place.owner or (place.row if place.row and place.row[0] != "Project" else None)
    if owner is not None:
        return [*found, _is(link, {"type": owner[0], "id": owner[1]})]
    if place.branch is not None:
        found.append({"path": link, "relation": "type_is", "values": [place.branch]})
        for group, value in zip(tree.groups(place), place.chosen, strict=False):
            linked = value if group.entity_type is None else {"type": group.entity_type, "id": _number(value)}
            found.append(_is(f"{link}.{place.branch}.{group.path}", None if value == NONE else linked))
    return found


def _of_task(entity: EntityType, link: str, place: Place) -> Condition:
    """Rows of one Task: by the field that links to Tasks, where the type has one."""
    assert place.row is not None
    name = next((name for name in ("sg_task", "task") if name in entity.fields), link)
    return _is(name, {"type": place.row[0], "id": place.row[1]})


def _number(value: str) -> int | None:
    return None if value == NONE else int(value)


def _is(path: str, value: Any) -> Condition:
    return {"path": path, "relation": "is", "values": [value]}
