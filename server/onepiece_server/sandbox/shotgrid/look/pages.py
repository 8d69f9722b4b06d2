"""The pages: what each shows, made from the site's data and one template."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from onepiece_server.sandbox.shotgrid.look import event_log
from onepiece_server.sandbox.shotgrid.look.calls import latest_calls
from onepiece_server.sandbox.shotgrid.look.linked import linked_from
from onepiece_server.sandbox.shotgrid.look.media import media_of
from onepiece_server.sandbox.shotgrid.look.rows import (
    PAGE_ROWS,
    Asked,
    can_sort,
    count_types,
    row_of,
    table_of,
)
from onepiece_server.sandbox.shotgrid.look.values import Shown, plain, row_path, shown_value
from onepiece_server.sandbox.shotgrid.model import ANY_TYPE, EntityType
from onepiece_server.sandbox.shotgrid.site import Site

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent
_MOST_TEXT = 200
_GALLERY = 12
# What a studio looks at most, from the top down.
_MAIN = ("Project", "Episode", "Sequence", "Shot", "Asset", "Task", "Version", "PublishedFile", "Playlist", "Note")
# Fields that every row has come after its own.
_STAMPS = ("id", "cached_display_name", "created_at", "created_by", "updated_at", "updated_by", "image_source_entity")


class NotThere(Exception):
    """Nothing of the site is at this address."""


class Pages:
    """Each method is one page, as HTML."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._templates = _environment()

    def message(self, title: str, *paragraphs: str, command: str = "") -> str:
        """A page outside of the site: it shows nothing of it."""
        return self._templates.get_template("message.html").render(title=title, paragraphs=paragraphs, command=command)

    def home(self) -> str:
        types = count_types(self._site)
        version = self._site.schema.entities.get("Version")
        lines = table_of(self._site, version, Asked()).lines if version else ()
        return self._page(
            "home.html",
            main_types=sorted((t for t in types if t.entity.name in _MAIN), key=lambda t: _MAIN.index(t.entity.name)),
            gallery=[line for line in lines if line.picture][:_GALLERY],
            events=event_log.list_events(self._site, "", "", None)[:12],
        )

    def rows(self, entity_type: str, query: QueryParams) -> str:
        entity = self._entity(entity_type)
        asked = Asked(
            page=_number(query.get("page"), 1),
            sort=query.get("sort", "id"),
            direction="asc" if query.get("dir") == "asc" else "desc",
            text=query.get("q", "").strip()[:_MOST_TEXT],
            retired=query.get("retired") == "1",
        )
        table = table_of(self._site, entity, asked)

        def here(**changes: Any) -> str:
            """This page, asked in another way."""
            told = {"q": asked.text, "sort": asked.sort, "dir": asked.direction, "retired": int(asked.retired)}
            plainly = {"q": "", "sort": "id", "dir": "desc", "retired": 0, "page": 1}
            kept = {key: value for key, value in {**told, **changes}.items() if value != plainly[key]}
            return f"/look/type/{entity.name}" + (f"?{urlencode(kept)}" if kept else "")

        return self._page(
            "rows.html",
            entity=entity,
            asked=asked,
            table=table,
            here=here,
            can_sort=can_sort,
            first=(asked.page - 1) * PAGE_ROWS + 1,
        )

    def row(self, entity_type: str, row_id: str) -> str:
        entity = self._entity(entity_type)
        number = _number(row_id, 0)
        found = row_of(self._site, entity, number) if number else None
        if found is None:
            raise NotThere(f"There is no {entity.name} {row_id[:20]}.")
        row, is_retired = found
        name = plain(str(row.get(entity.display) or "")) or f"{entity.label} {number}"
        values = [
            (field, shown_value(field, row.get(field.name)))
            for field in sorted(entity.fields.values(), key=lambda field: (field.name in _STAMPS, not field.visible))
            if field.data_type != "image"
        ]
        return self._page(
            "row.html",
            entity=entity,
            name=name,
            number=number,
            is_retired=is_retired,
            status=next((value for field, value in values if value.kind == "status"), None),
            filled=[(field, value) for field, value in values if value.kind != "empty"],
            empty=[field for field, value in values if value.kind == "empty"],
            media=media_of(self._site, entity, row),
            linked=linked_from(self._site, entity, number),
            events=event_log.events_of(self._site, entity.name, number),
            recent=event_log.RECENT,
        )

    def schema(self, entity_type: str) -> str:
        entity = self._entity(entity_type)
        return self._page("schema.html", entity=entity, any_type=ANY_TYPE)

    def events(self, query: QueryParams) -> str:
        entity_type, kind = query.get("type", ""), query.get("kind", "")
        if entity_type:
            self._entity(entity_type)
        kind = kind if kind in event_log.KINDS else ""
        before = _number(query.get("before"), 0) or None
        events = event_log.list_events(self._site, entity_type, kind, before)
        older = ""
        if len(events) == event_log.PAGE_EVENTS:
            told = {"type": entity_type, "kind": kind, "before": events[-1].id}
            older = "/look/events?" + urlencode({key: value for key, value in told.items() if value})
        return self._page(
            "events.html", events=events, type=entity_type, kind=kind, kinds=event_log.KINDS, before=before, older=older
        )

    def calls(self) -> str:
        return self._page("calls.html", calls=latest_calls(self._site.database.path.parent))

    def _page(self, template: str, **told: Any) -> str:
        types = count_types(self._site)
        current = told["entity"].name if "entity" in told else ""
        return self._templates.get_template(template).render(types=types, current=current, **told)

    def _entity(self, name: str) -> EntityType:
        entity = self._site.schema.entities.get(name)
        if entity is None:
            raise NotThere(f"There is no entity type {name[:60]}.")
        return entity


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["grouped"] = lambda number: f"{number:,}".replace(",", "\u202f")
    made.filters["size"] = _size
    made.globals["row_path"] = row_path
    made.globals["Shown"] = Shown
    return made


def _number(text: str | None, otherwise: int) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 15:
        return otherwise
    return int(text) or otherwise


def _size(size_bytes: int) -> str:
    size = float(size_bytes)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
