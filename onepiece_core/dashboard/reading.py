"""Reads the tracker for the mirror: whole shows in pages, and single rows by their ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from onepiece_core.dashboard.rows import KINDS, Kind
from onepiece_core.tracker.tracker import Entity, Filter, Order, Tracker

PAGE = 2_000
_BY_ID: Order = {"field_name": "id", "direction": "asc"}

# A row of a mirrored table, and the id of its project.
Row = tuple[int, int | None, tuple[Any, ...]]


class Reader:
    """One tracker. ``on_request`` is called before each request: to keep a lease, and to end by raising."""

    def __init__(self, tracker: Tracker, on_request: Callable[[], None]) -> None:
        self._tracker, self._on_request = tracker, on_request
        self._fields: dict[str, tuple[str, ...]] = {}
        self._schemas: dict[str, frozenset[str]] = {}

    def projects(self) -> list[Entity]:
        fields = ["name", "sg_status", "archived", "updated_at", *self._own("Project", ("code", "tank_name"))]
        filters: list[Filter] = [["is_template", "is_not", True]] if self._own("Project", ("is_template",)) else []
        return list(self._pages("Project", filters, fields))

    def all_rows(self, kind: Kind, project: int) -> Iterator[Row]:
        """Those of one project, by id."""
        if not self._schema(kind.type):
            return iter(())
        filters: list[Filter] = [["project", "is", {"type": "Project", "id": project}]]
        return self._rows(kind, self._pages(kind.type, filters, ("project", *self._fields_of(kind))))

    def rows_of(self, kind: Kind, ids: Iterable[int]) -> Iterator[Row]:
        """Those that are still there."""
        wanted = sorted(set(ids))
        for at in range(0, len(wanted), PAGE):
            some: list[Filter] = [["id", "in", wanted[at : at + PAGE]]]
            yield from self._rows(kind, self._find(kind.type, some, ("project", *self._fields_of(kind))))

    def shots_below(self, kind: str, ids: Sequence[int]) -> list[int]:
        """The shots of these sequences or episodes."""
        path = "sg_sequence" if kind == "Sequence" else "sg_sequence.Sequence.episode"
        if kind == "Episode" and "episode" not in self._schema("Sequence"):
            return []
        links = [{"type": kind, "id": number} for number in ids]
        return [row["id"] for row in self._find("Shot", [[path, "in", links]], ("code",))]

    def linked_to(self, kind: Kind, shots: Sequence[int]) -> list[int]:
        """The rows of a kind that hang on these shots."""
        links = [{"type": "Shot", "id": number} for number in shots]
        return [row["id"] for row in self._find(kind.type, [["entity", "in", links]], ("entity",))]

    def events_after(self, seen: int | None, limit: int) -> list[Entity]:
        """The oldest first; without ``seen`` the newest one alone."""
        order: Order = {"field_name": "id", "direction": "asc" if seen is not None else "desc"}
        filters: list[Filter] = [] if seen is None else [["id", "greater_than", seen]]
        return self._find("EventLogEntry", filters, ("event_type", "meta", "entity"), order, limit if seen else 1)

    def _rows(self, kind: Kind, entities: Iterable[Entity]) -> Iterator[Row]:
        for entity in entities:
            project = entity.get("project")
            yield entity["id"], project["id"] if isinstance(project, dict) else None, kind.row(entity)

    def _pages(self, entity_type: str, filters: Sequence[Filter], fields: Sequence[str]) -> Iterator[Entity]:
        last = 0
        while True:
            page = self._find(entity_type, [*filters, ["id", "greater_than", last]], fields, _BY_ID, PAGE)
            yield from page
            if len(page) < PAGE:
                return
            last = page[-1]["id"]

    def _find(
        self,
        entity_type: str,
        filters: Sequence[Filter],
        fields: Sequence[str],
        order: Order | None = None,
        limit: int = 0,
    ) -> list[Entity]:
        self._on_request()
        return self._tracker.find(entity_type, filters, fields, order=[order] if order else (), limit=limit)

    def _fields_of(self, kind: Kind) -> tuple[str, ...]:
        if kind.type not in self._fields:
            self._fields[kind.type] = self._own(kind.type, kind.fields)
        return self._fields[kind.type]

    def _own(self, entity_type: str, fields: Iterable[str]) -> tuple[str, ...]:
        """Those that the site has: it says no to others."""
        return tuple(field for field in fields if self._has(entity_type, field))

    def _has(self, entity_type: str, field: str) -> bool:
        name, _, rest = field.partition(".")
        if name not in self._schema(entity_type):
            return False
        through, _, deeper = rest.partition(".")
        return not rest or self._has(through, deeper)

    def _schema(self, entity_type: str) -> frozenset[str]:
        if entity_type not in self._schemas:
            self._on_request()
            self._schemas[entity_type] = frozenset(self._tracker.schema_fields(entity_type))
        return self._schemas[entity_type]


def changed_in(events: Iterable[Entity]) -> dict[str, set[int]]:
    """Ids of rows by type that events tell of: new, changed, retired and revived ones alike."""
    found: dict[str, set[int]] = {}
    for event in events:
        kind = str(event.get("event_type") or "").removeprefix("Shotgun_").partition("_")[0]
        if kind not in KINDS and kind not in ("Sequence", "Episode", "Project"):
            continue
        meta, entity = event.get("meta"), event.get("entity")
        number = meta.get("entity_id") if isinstance(meta, dict) else None
        if number is None and isinstance(entity, dict):
            number = entity.get("id")
        if isinstance(number, int):
            found.setdefault(kind, set()).add(number)
    return found
