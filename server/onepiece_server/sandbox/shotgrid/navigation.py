"""nav_expand and nav_search: the hierarchy of the site's projects, level by level, and where a row is in it.

The client calls these methods experimental. Replies as seen on real sites; search by words is our reading.
"""

from __future__ import annotations

from typing import Any

from onepiece_server.sandbox.shotgrid import arguments
from onepiece_server.sandbox.shotgrid.faults import Fault, type_fault
from onepiece_server.sandbox.shotgrid.hierarchy import Hierarchy, Place
from onepiece_server.sandbox.shotgrid.hierarchy_search import HierarchySearch
from onepiece_server.sandbox.shotgrid.method import Method
from onepiece_server.sandbox.shotgrid.model import Schema
from onepiece_server.sandbox.shotgrid.row_reader import RowReader
from onepiece_server.sandbox.shotgrid.site import Caller, Site

_EXPAND, _SEARCH = "nav_expand", "nav_search"
_SEED = "Version.entity"

Shown = dict[str, Any]


def nav_expand(site: Site, caller: Caller, args: dict[str, Any]) -> Shown:
    """One place of the tree and what is directly below it."""
    path = arguments.text(_EXPAND, args, "path")
    seed = _seed(site.schema, args, _EXPAND)
    wanted = arguments.field_lists(_EXPAND, args, "entity_fields")
    with site.database.read() as connection:
        tree = Hierarchy(site.schema, connection)
        place = tree.find(path)
        children = [] if place.is_leaf else tree.children(place)
        shown = [_shown(one, seed) for one in (place, *children)]
        reader = RowReader(site, caller, connection, _EXPAND)
        _add_fields(reader, shown, wanted)
    reader.mark_seen()
    return shown[0] | {"has_children": bool(children), "children": shown[1:]}


def nav_search(site: Site, caller: Caller, args: dict[str, Any]) -> list[Shown]:
    """Where rows are: those of ``search_criteria``, one entity or all that have the words."""
    root = arguments.text(_SEARCH, args, "root_path")
    _seed(site.schema, args, _SEARCH)
    criteria = args.get("search_criteria")
    if not isinstance(criteria, dict):
        raise Fault(f"API {_SEARCH}() search_criteria must be a hash")
    if len(criteria) != 1 or not criteria.keys() & {"entity", "search_string"}:
        raise Fault(f"API {_SEARCH}() search_criteria size must be 1")
    words = None if "entity" in criteria else arguments.text(_SEARCH, criteria, "search_string")
    with site.database.read() as connection:
        tree = Hierarchy(site.schema, connection)
        top = tree.find(root)
        search = HierarchySearch(site, caller, site.schema, tree)
        if words is None:
            pairs = [arguments.link(_SEARCH, criteria, "entity", site.schema)]
        else:
            pairs = search.with_words(words, top.project_id)
        places = [search.place_of(pair) for pair in pairs]
    found = [_located(place) for place in places if place is not None]
    return [one for one in found if top.path == "/" or top.path in one["incremental_path"]]


def _seed(schema: Schema, args: dict[str, Any], method: str) -> tuple[str, str]:
    """Type and field of the rows that the tree is drawn for."""
    seed = args.get("seed_entity_field")
    if seed is None:
        seed = _SEED
    parts = seed.split(".") if isinstance(seed, str) else []
    if len(parts) != 2:
        raise type_fault(method, "'seed_entity_field'", ["String", "NilClass"], seed)
    entity = schema.entity(parts[0], method)
    if parts[1] not in entity.fields:
        raise Fault(f"API {method}() {entity.name}.{parts[1][:100]} doesn't exist:")
    return parts[0], parts[1]


def _shown(place: Place, seed: tuple[str, str]) -> Shown:
    shown: Shown = {"label": place.label, "ref": {"kind": place.kind, "value": place.value}}
    if place.kind == "empty":
        return shown | {"has_children": False}
    preset = {"preset_name": "NAV_ENTRIES", "path": place.path, "seed": {"type": seed[0], "field": seed[1]}}
    return shown | {
        "parent_path": place.parent.path if place.parent else None,
        "path": place.path,
        "target_entities": {"type": seed[0], "additional_filter_presets": [preset]},
        "has_children": not place.is_leaf,
    }


def _add_fields(reader: RowReader, shown: list[Shown], wanted: dict[str, list[str]]) -> None:
    """Put the fields asked for into the refs that are entities."""
    refs = [one["ref"] for one in shown if one["ref"]["kind"] == "entity"]
    for entity_type in {ref["value"]["type"] for ref in refs} & wanted.keys():
        names = reader.readable(entity_type, wanted[entity_type])
        ids = [ref["value"]["id"] for ref in refs if ref["value"]["type"] == entity_type]
        rows = reader.rows(entity_type, ids, names)
        for ref in refs:
            if ref["value"]["type"] == entity_type:
                ref["value"] = rows.get(ref["value"]["id"], {}) | ref["value"]


def _located(place: Place) -> Shown:
    """A place with the way to it, from its project down."""
    way = [place]
    while way[0].parent is not None and way[0].parent.project_id is not None:
        way.insert(0, way[0].parent)
    return {
        "label": place.label,
        "incremental_path": [one.path for one in way],
        "path_label": " > ".join(one.label for one in way[1:-1]),
        "ref": place.value,
        "project_id": place.project_id,
    }


METHODS: dict[str, Method] = {_EXPAND: nav_expand, _SEARCH: nav_search}
