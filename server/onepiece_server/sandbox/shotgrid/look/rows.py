"""Rows of the site for the page: how many, a table of them, one with all that it has. Nothing is ever changed."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.look.values import Shown, shown_value
from onepiece_server.sandbox.shotgrid.model import EntityType, Field
from onepiece_server.sandbox.shotgrid.read import read
from onepiece_server.sandbox.shotgrid.site import Caller, Site
from onepiece_server.sandbox.shotgrid.values import TEXT_TYPES

PAGE_ROWS = 50
_MOST_PAGES = 20_000  # of what SQLite can be asked to skip in good time
_COLUMNS = 7

# What people look for first, in this order.
_IMPORTANT = (
    "project",
    "entity",
    "sg_sequence",
    "episode",
    "sg_asset_type",
    "step",
    "sg_task",
    "task",
    "version_number",
    "published_file_type",
    "sg_status_list",
    "sg_status",
    "user",
    "task_assignees",
    "note_links",
    "playlist",
    "version",
    "login",
    "email",
    "department",
    "this_file",
    "short_name",
    "entity_type",
    "due_date",
    "sg_cut_in",
    "sg_cut_out",
    "description",
    "content",
    "created_at",
)
_UNSHOWN = frozenset({"image", "serializable", "password"})


@dataclass(frozen=True)
class TypeCount:
    entity: EntityType
    rows: int
    retired: int


@dataclass(frozen=True)
class Asked:
    """Which rows of a type somebody wants to see."""

    page: int = 1
    sort: str = "id"
    direction: str = "desc"
    text: str = ""
    retired: bool = False


@dataclass(frozen=True)
class Line:
    id: int
    picture: str | None
    cells: tuple[Shown, ...]


@dataclass(frozen=True)
class Table:
    columns: tuple[Field, ...]
    lines: tuple[Line, ...]
    has_next: bool

    @property
    def has_pictures(self) -> bool:
        return any(line.picture for line in self.lines)


def viewer(site: Site) -> Caller:
    """The site's script user."""
    with site.database.read() as connection:
        sql = "SELECT id FROM ApiUser WHERE firstname=?"
        found = connection.execute(sql, [site.options.script_name]).fetchone()
    return Caller("ApiUser", found[0] if found else 0, "")


def count_types(site: Site) -> list[TypeCount]:
    """Every type with its rows, by label."""
    found = []
    with site.database.read() as connection:
        for entity in site.schema.entities.values():
            table = quoted(entity.name)
            total = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
            retired = connection.execute(f'SELECT COUNT(*) FROM {table} WHERE "__retired"=1').fetchone()[0]
            found.append(TypeCount(entity, total - retired, retired))
    return sorted(found, key=lambda one: (one.entity.label.casefold(), one.entity.name))


def columns_of(entity: EntityType) -> tuple[Field, ...]:
    """The fields that a table of this type shows, its name first."""
    names = [entity.display, *(name for name in _IMPORTANT if name in entity.fields)]
    spare = [name for name, field in entity.fields.items() if field.visible and not field.is_many]
    wanted = [name for name in dict.fromkeys([*names, *spare]) if name != "id"]
    fields = [entity.fields[name] for name in wanted if name in entity.fields]
    return tuple(field for field in fields if field.data_type not in _UNSHOWN)[:_COLUMNS]


def can_sort(field: Field) -> bool:
    return not field.is_many and field.data_type not in {"url", *_UNSHOWN}


def table_of(site: Site, entity: EntityType, asked: Asked) -> Table:
    columns = columns_of(entity)
    page = min(asked.page, _MOST_PAGES)
    sort = asked.sort if asked.sort == "id" or asked.sort in {c.name for c in columns if can_sort(c)} else "id"
    found = read(
        site,
        viewer(site),
        {
            "type": entity.name,
            "return_fields": [field.name for field in columns],
            "filters": _search(entity, asked.text),
            "return_only": "retired" if asked.retired else "active",
            "sorts": [{"field_name": sort, "direction": asked.direction}],
            "paging": {"entities_per_page": PAGE_ROWS, "current_page": page},
            "return_paging_info_without_counts": True,
        },
    )
    entities = found["entities"]
    pictures = pictures_of(site, entity, [row["id"] for row in entities])
    lines = tuple(
        Line(row["id"], pictures.get(row["id"]), tuple(shown_value(field, row.get(field.name)) for field in columns))
        for row in entities
    )
    return Table(columns, lines, found["paging_info"]["has_next_page"])


def _search(entity: EntityType, text: str) -> dict[str, Any]:
    """Rows whose name has the text, or whose id it is."""
    conditions: list[dict[str, Any]] = []
    if text and entity.fields[entity.display].data_type in TEXT_TYPES:
        conditions.append({"path": entity.display, "relation": "contains", "values": [text.replace("\0", "")]})
    if text.isascii() and text.isdigit() and len(text) < 10:
        conditions.append({"path": "id", "relation": "is", "values": [int(text)]})
    if text and not conditions:
        conditions.append({"path": "id", "relation": "is", "values": [-1]})
    return {"logical_operator": "or", "conditions": conditions}


def row_of(site: Site, entity: EntityType, row_id: int) -> tuple[dict[str, Any], bool] | None:
    """One row with all its fields, and whether it is retired. Pictures are left out: see :func:`pictures_of`."""
    names = [field.name for field in entity.fields.values() if field.data_type != "image"]
    condition = {"path": "id", "relation": "is", "values": [row_id]}
    args = {
        "type": entity.name,
        "return_fields": names,
        "filters": {"logical_operator": "and", "conditions": [condition]},
        "paging": {"entities_per_page": 1, "current_page": 1},
        "return_paging_info_without_counts": True,
    }
    for retired in (False, True):
        found = read(site, viewer(site), {**args, "return_only": "retired" if retired else "active"})["entities"]
        if found:
            return found[0], retired
    return None


def pictures_of(site: Site, entity: EntityType, ids: list[int], name: str = "image") -> dict[int, str]:
    """Addresses of pictures that are made, by row. Not as a client reads them: a look marks none as seen."""
    if name not in entity.fields or not ids:
        return {}
    marks = ",".join("?" * len(ids))
    sql = (
        f'SELECT e.id, t.file FROM {quoted(entity.name)} AS e JOIN "__thumbnails" AS t '
        f"ON t.attachment_id = e.{quoted(name)} WHERE e.id IN ({marks}) AND t.file IS NOT NULL"
    )
    with site.database.read() as connection:
        return {row_id: f"/look/picture/{file}" for row_id, file in connection.execute(sql, ids)}
