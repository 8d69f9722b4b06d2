"""export_page: the rows of a page as CSV.

A page says which type and project its rows are of. Its layout is in the ``settings_json`` of a PageSetting of the page
without a user, where real sites keep it: columns, filters and order. Without one all visible fields are told. On a
real site a tick that no field shows allows the export; here it is the page's ``shared``, and a layout is found by the
``name`` of its PageSetting: both are stand-ins of ours. The faults are the words of real sites.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from onepiece_server.sandbox.shotgrid import arguments
from onepiece_server.sandbox.shotgrid.faults import Fault
from onepiece_server.sandbox.shotgrid.method import Method, Reply
from onepiece_server.sandbox.shotgrid.model import EntityType, Schema
from onepiece_server.sandbox.shotgrid.read import read
from onepiece_server.sandbox.shotgrid.row_reader import RowReader
from onepiece_server.sandbox.shotgrid.site import PAGE_SIZE, Caller, Site

_METHOD = "export_page"
_UNTOLD = frozenset({"serializable", "password", "multi_entity", "summary", "calculated", "pivot_column"})


@dataclass(frozen=True)
class Layout:
    columns: list[str] | None = None
    filters: Any = None
    sorts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    entity: EntityType
    project_id: int | None
    layout: Layout


def export_page(site: Site, caller: Caller, args: dict[str, Any]) -> Reply:
    for name in ("format", "page_id"):
        if args.get(name) is None:
            raise Fault(f"API {_METHOD}() '{name}' missing")
    if args["format"] != "csv":
        raise Fault(f"API {_METHOD}() invalid 'format': {args['format']!r:.60}, expected 'csv'")
    page_id = arguments.integer(_METHOD, args, "page_id")
    layout_name = None if args.get("layout_name") is None else arguments.text(_METHOD, args, "layout_name")
    with site.database.read() as connection:
        page = _page(connection, site.schema, page_id, layout_name)
        reader = RowReader(site, caller, connection, _METHOD)
        columns = reader.readable(page.entity.name, page.layout.columns or _default_columns(page.entity))
    body = io.BytesIO()
    with io.TextIOWrapper(body, "utf-8", errors="replace", newline="", write_through=True) as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([_label(site.schema, page.entity, name) for name in columns])
        for row in _rows(site, caller, page, columns):
            writer.writerow([_cell(row[name]) for name in columns])
        return Reply(body.getvalue(), "text/csv; charset=utf-8")


def _page(connection: sqlite3.Connection, schema: Schema, page_id: int, layout_name: str | None) -> Page:
    """The page and its layout.

    Raises:
        Fault: there is no such page or layout, or it may not be exported.
    """
    found = connection.execute(
        'SELECT entity_type, project__id, shared, name FROM Page WHERE id=? AND "__retired"=0', [page_id]
    ).fetchone()
    if found is None:
        raise Fault(f"Trying to perform export for retired Page id={page_id}")
    entity_type, project_id, shared, name = found
    layout = _layout(connection, page_id, None if layout_name == name else layout_name)
    if not shared or entity_type not in schema.entities or layout is None:
        raise Fault(f"Export for Page id={page_id} not available")
    return Page(schema.entities[entity_type], project_id, layout)


def _layout(connection: sqlite3.Connection, page_id: int, name: str | None) -> Layout | None:
    """The page's first layout, or the one of that name; None where no layout has it."""
    sql = 'SELECT name, settings_json FROM PageSetting WHERE page__id=? AND user__id IS NULL AND "__retired"=0'
    rows = connection.execute(f"{sql} ORDER BY id", [page_id]).fetchall()
    settings = [settings for known, settings in rows if name in (None, known)]
    if not settings:
        return Layout() if name is None else None
    return _parsed(settings[0])


def _parsed(settings: str | None) -> Layout:
    """A tree of widgets; what is not as expected in it is passed over, as a page would do."""
    try:
        tree = json.loads(settings.replace("&lt;", "<")) if settings else {}
    except (ValueError, RecursionError):
        tree = {}
    body = _below(tree, "children", "body")
    columns = _below(body, "children", "list_content", "settings").get("columns")
    settings_of_body = _below(body, "settings")
    sorts = settings_of_body.get("sorts")
    return Layout(
        columns=[name for name in columns if isinstance(name, str)] if isinstance(columns, list) else None,
        filters=_active(settings_of_body.get("filters")),
        sorts=[
            {"field_name": one.get("column") or one.get("field_name"), "direction": one.get("direction", "asc")}
            for one in (sorts if isinstance(sorts, list) else [])
            if isinstance(one, dict)
        ],
    )


def _below(tree: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree if isinstance(tree, dict) else {}


def _active(filters: Any) -> Any:
    """Filters as a read takes them, without those that are switched off on the page."""
    if not isinstance(filters, dict) or str(filters.get("active", "true")).lower() == "false":
        return None
    if not isinstance(filters.get("conditions"), list):
        return filters if "path" in filters else None
    conditions = [kept for one in filters["conditions"] if (kept := _active(one)) is not None]
    return {"logical_operator": filters.get("logical_operator"), "conditions": conditions}


def _default_columns(entity: EntityType) -> list[str]:
    untold = ("id", "cached_display_name", "filmstrip_image", entity.display)
    told = [
        one.name
        for one in entity.fields.values()
        if one.visible and not one.is_many and one.data_type not in _UNTOLD and one.name not in untold
    ]
    return list(dict.fromkeys(["id", entity.display, *told]))


def _label(schema: Schema, entity: EntityType, path: str) -> str:
    """The name of the field that a path ends at."""
    parts = path.split(".")
    last = schema.entities[parts[-2]] if len(parts) > 1 else entity
    return last.fields[parts[-1]].label


def _rows(site: Site, caller: Caller, page: Page, columns: list[str]) -> Iterator[dict[str, Any]]:
    conditions = [page.layout.filters] if page.layout.filters else []
    if page.project_id is not None and "project" in page.entity.fields:
        project = {"type": "Project", "id": page.project_id}
        conditions.append({"path": "project", "relation": "is", "values": [project]})
    call = {
        "type": page.entity.name,
        "return_fields": ["id", *columns],
        "filters": {"logical_operator": "and", "conditions": conditions},
        "sorts": page.layout.sorts,
        "return_paging_info_without_counts": True,
    }
    number, has_more = 1, True
    while has_more:
        found = read(site, caller, call | {"paging": {"entities_per_page": PAGE_SIZE, "current_page": number}})
        yield from found["entities"]
        number, has_more = number + 1, found["paging_info"]["has_next_page"]


def _cell(value: Any) -> str:
    """A value as a cell: links and files by their names."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return _cell(value.get("name"))
    if isinstance(value, list):
        return ", ".join(_cell(one) for one in value)
    return str(value).replace("&lt;", "<")


METHODS: dict[str, Method] = {_METHOD: export_page}
