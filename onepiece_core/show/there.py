"""What of a show is on the site already, and in what it differs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from onepiece_core.show.site import Site
from onepiece_core.show.wanted import Wanted, double_contents
from onepiece_core.tracker.tracker import Entity, Filter

# Names or links that one filter holds; with more of them than some thousands the whole project is read instead.
_A_REQUEST = 500
_WHOLE = 3000


@dataclass(frozen=True, slots=True)
class Change:
    """A value that is not as it should be. ``is_added``: a link that is added to the others."""

    field: str
    was: Any
    value: Any
    is_added: bool = False


@dataclass(slots=True)
class There:
    """The rows of one type in the project, found by code and what they lie in."""

    name: str
    by_code: dict[str, list[Entity]] = field(default_factory=lambda: defaultdict(list))
    taken: set[int] = field(default_factory=set)

    def add(self, rows: Iterable[Entity]) -> None:
        for row in rows:
            self.by_code[str(row.get(self.name) or "").casefold()].append(row)


class Matcher:
    """Finds for each wanted row the one that is there. Reads each type once."""

    def __init__(self, site: Site, project: Entity | None, wanted: Sequence[Wanted], *, whole: bool = False) -> None:
        self._site, self._project, self._whole = site, project, whole
        self.rows: dict[str, There] = {}
        self._tasks: dict[tuple[Any, ...], list[Entity]] = defaultdict(list)
        self._by_link: dict[tuple[Any, ...], list[Entity]] = defaultdict(list)
        self._of_type: dict[str, list[Wanted]] = defaultdict(list)
        for each in wanted:
            self._of_type[each.node.type].append(each)
        self.double_contents = double_contents(self._of_type.get("Task", ()))

    def match(self, wanted: Sequence[Wanted]) -> dict[int, tuple[Entity, list[Change]]]:
        """By ``id()`` of what is wanted: its row and what differs. Fills ``Wanted.id``; parents must come first."""
        found: dict[int, tuple[Entity, list[Change]]] = {}
        if self._project is None:
            return found
        for each in (*(one for one in wanted if one.node.type != "Task"), *self._of_type.get("Task", ())):
            row = self._find(each)
            if row is not None:
                self.rows[each.node.type].taken.add(row["id"])
                each.id = row["id"]
                found[id(each)] = row, list(self._changes(each, row))
        return found

    def _find(self, each: Wanted) -> Entity | None:
        there = self._there(each.node.type)
        code = each.node.code.casefold()
        if each.node.type == "Task":
            return self._find_task(each, code)
        rows = there.by_code.get(code, [])
        if each.link is None or each.link.is_many:
            # Of a shot without a sequence nobody says that it lies in none.
            free = [row for row in rows if each.node.parent is None and not self._lies_anywhere(each, row)]
            return min(free or rows, key=_id, default=None)
        parent = each.parent.id if each.parent is not None else None
        own = [row for row in rows if parent is not None and _id(row.get(each.link.name)) == parent]
        return min(own or [row for row in rows if not row.get(each.link.name)], key=_id, default=None)

    def _find_task(self, each: Wanted, content: str) -> Entity | None:
        owner = each.parent.id if each.parent is not None else self._project and self._project["id"]
        if owner is None:
            return None
        kind = each.parent.node.type if each.parent is not None else "Project"
        rows = self._tasks.get((kind, owner, content), [])
        if content in self.double_contents:
            rows = [row for row in rows if _id(row.get("step")) == _id(each.data.get("step"))]
        return min(rows, key=_id, default=None)

    def _lies_anywhere(self, each: Wanted, row: Entity) -> bool:
        return any(row.get(name) for name in self._links_of(each.node.type))

    def _links_of(self, entity_type: str) -> set[str]:
        links = {each.link.name for each in self._of_type[entity_type] if each.link is not None}
        if entity_type in ("Shot", "Sequence"):
            above = self._site.link(entity_type, "Sequence" if entity_type == "Shot" else "Episode")
            links |= {above.name} if above is not None else set()
        return links

    def _there(self, entity_type: str) -> There:
        if entity_type not in self.rows:
            there = self.rows[entity_type] = There(self._site.name_field(entity_type))
            rows = self._read(entity_type, there.name)
            if entity_type == "Task":
                for row in rows:
                    entity = row.get("entity") or {}
                    key = (entity.get("type"), entity.get("id"), str(row.get("content") or "").casefold())
                    self._tasks[key].append(row)
            there.add(rows)
        return self.rows[entity_type]

    def _read(self, entity_type: str, name: str) -> list[Entity]:
        wanted = self._of_type[entity_type]
        fields = {name, *self._links_of(entity_type), *(each for one in wanted for each in one.data)}
        if entity_type == "Task":
            fields |= {"entity", "step"}
        of_project: list[Filter] = [["project", "is", self._project]]
        known = self._site.fields(entity_type)
        order = sorted(each for each in fields if each in known)
        if self._whole or len(wanted) > _WHOLE:
            return self._site.tracker.find(entity_type, of_project, order)
        rows: list[Entity] = []
        if entity_type == "Task":
            owners = {
                (one.parent.node.type, one.parent.id) for one in wanted if one.parent is not None and one.parent.id
            }
            values: list[Any] = [{"type": kind, "id": number} for kind, number in sorted(owners)]
            values += [self._project] if any(one.parent is None for one in wanted) else []
            by = "entity"
        else:
            values, by = sorted({one.node.code for one in wanted}), name
        for start in range(0, len(values), _A_REQUEST):
            rows += self._site.tracker.find(
                entity_type, [*of_project, [by, "in", values[start : start + _A_REQUEST]]], order
            )
        return rows

    def _changes(self, each: Wanted, row: Entity) -> Iterable[Change]:
        yield from differing(each.data, row)
        if each.link is None or each.parent is None:
            return
        link = {"type": each.parent.node.type, "id": each.parent.id}
        held = row.get(each.link.name)
        if not each.link.is_many and (_id(held) is None or _id(held) != link["id"]):
            yield Change(each.link.name, held, link)
        elif each.link.is_many and all(_key(one) != _key(link) for one in held or []):
            yield Change(each.link.name, held, [link], is_added=True)


def differing(data: Mapping[str, Any], row: Entity) -> Iterable[Change]:
    """The values that a row has otherwise."""
    for name, value in data.items():
        if _key(row.get(name)) != _key(value):
            yield Change(name, row.get(name), value)


def _id(value: Any) -> Any:
    return value.get("id") if isinstance(value, Mapping) else None


def _key(value: Any) -> Any:
    """Equal for a value as it is written and as the site shows it."""
    if isinstance(value, Mapping):
        return (value.get("type"), value.get("id")) if "id" in value else repr(sorted(value.items()))
    if isinstance(value, list):
        return frozenset(map(_key, value))
    if isinstance(value, datetime):
        told = value if value.tzinfo else value.astimezone()
        return told.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return None if value == "" or value is False else value
