"""Rows that are there twice, and which of them may go."""

from __future__ import annotations

from collections import defaultdict

from onepiece_core.reconcile.model import RetireRow, finding
from onepiece_core.reconcile.parts import World
from onepiece_core.reconcile.rows import Row
from onepiece_core.tracker.tracker import Entity, Filter, Tracker

# What links to a row of the type: (type, field, is it a list).
LINKS: dict[str, tuple[tuple[str, str], ...]] = {
    "Version": (("PublishedFile", "version"), ("Playlist", "versions"), ("Note", "note_links")),
    "PublishedFile": (
        ("PublishedFileDependency", "published_file"),
        ("PublishedFileDependency", "dependent_published_file"),
        ("Note", "note_links"),
    ),
}


def find_doubles(world: World) -> None:
    """Equal project, code and path; of a PublishedFile its Version, too. A row without a path is nobody's double."""
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in world.rows.live:
        if row.paths:
            places = tuple(sorted(located.place or located.text for located in row.paths))
            groups[row.type, row.code, row.entity, row.version, places].append(row)
    doubled = [rows for rows in groups.values() if len(rows) > 1]
    if not doubled:
        return
    linked = {
        kind: linked_ids(world.parts.tracker, kind, [row.id for rows in doubled for row in rows if row.type == kind])
        for kind in LINKS
    }
    for rows in doubled:
        rows.sort(key=lambda row: (row.id not in linked[row.type], row.id))
        kept, *others = rows
        may_go = [row for row in others if row.id not in linked[row.type]]
        names = ", ".join(row.name for row in others)
        world.add(
            finding(
                "row.duplicate",
                f"{kept.type} {kept.code}",
                f"{kept.name} is there again as {names}",
                rows=tuple(row.ref for row in rows),
                paths=tuple(located.text for located in kept.paths),
                repair=tuple(RetireRow(type=row.type, id=row.id) for row in may_go)
                if len(may_go) == len(others)
                else None,
            )
        )


def linked_ids(tracker: Tracker, kind: str, ids: list[int]) -> set[int]:
    """Those of ``ids`` that some other row links to. A type that the site does not have links to nothing."""
    found: set[int] = set()
    every: list[Entity] = [{"type": kind, "id": number} for number in ids]
    for other, field in LINKS[kind]:
        if not every or field not in _fields(tracker, other):
            continue
        for start in range(0, len(every), 500):
            filters: list[Filter] = [[field, "in", every[start : start + 500]]]
            for row in tracker.find(other, filters, [field]):
                value = row.get(field)
                links = value if isinstance(value, list) else [value]
                found |= {each["id"] for each in links if each and each.get("type") == kind}
    return found & set(ids)


def _fields(tracker: Tracker, kind: str) -> dict[str, dict[str, object]]:
    from onepiece_core.errors import TrackerRefused

    try:
        return tracker.schema_fields(kind)
    except TrackerRefused:
        return {}
