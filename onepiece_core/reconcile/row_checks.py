"""What rows tell by themselves: nothing there, wrong roots, doubles, gaps between versions, stale statuses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from onepiece_core.frames import format_ranges
from onepiece_core.reconcile.doubles import find_doubles
from onepiece_core.reconcile.links import link_of
from onepiece_core.reconcile.model import Action, UpdateRow, finding
from onepiece_core.reconcile.parts import World, version_of
from onepiece_core.reconcile.rows import Row
from onepiece_core.tracker.file_paths import file_link, list_roots


def check_rows(world: World) -> None:
    """Everything that needs all units to have been seen."""
    wrong = set(_wrong_roots(world))
    _without_files(world, wrong)
    find_doubles(world)
    _gaps(world)
    _statuses(world)


# Places


def _wrong_roots(world: World) -> Iterator[int]:
    """Ids (of the Python objects) of rows with a path that leads out of the project."""
    others = _other_shows(world)
    by_path: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in world.rows.live:
        for located in row.paths:
            why = _why_wrong(world, located.place, others)
            if why:
                by_path[located.text, why].append(row)
                yield id(row)
    for (text, why), rows in by_path.items():
        world.add(
            finding(
                "root.wrong",
                text,
                why,
                rows=tuple(row.ref for row in rows),
                paths=(text,),
                repair=_mapped(world, text, rows),
            )
        )


def _other_shows(world: World) -> set[str]:
    found = world.parts.tracker.find("Project", [["id", "is_not", world.project["id"]]], ["code"])
    return {str(each["code"]) for each in found if each.get("code")} - {world.show_code}


def _why_wrong(world: World, place: str, others: set[str]) -> str:
    if not place:
        return "a path of another system that no root maps"
    if place.startswith("s3://"):
        return _why_wrong_place(world, place)
    here = world.root_map.here
    root = next((each for each in here if place.startswith(f"{each}/")), None)
    if root is None:
        inside = not here or world.folder_of(place) is not None
        return "" if inside else "a path outside of the project's roots"
    first = place[len(root) + 1 :].partition("/")[0]
    return f"a path of the show {first}" if first in others else ""


def _why_wrong_place(world: World, place: str) -> str:
    if world.place_of(place) is not None:
        return ""
    for known in world.places:
        tree, _, show = known.uri.rpartition("/")
        if show == world.show_code and tree != f"s3://{known.bucket}" and place.startswith(f"{tree}/"):
            return "a place of another show"
        if show == world.show_code and tree == f"s3://{known.bucket}" and place.startswith(f"{tree}/"):
            return "a place outside of the show's own"
    return ""


def _mapped(world: World, text: str, rows: list[Row]) -> tuple[Action, ...] | None:
    """The one place below the roots where the path's end is there: what the rows should say."""
    parts = text.replace("\\", "/").split("/")
    if text[:5].lower() == "s3://" or world.show_code not in parts:
        return None
    tail = "/".join(parts[parts.index(world.show_code) :])
    targets = [f"{root}/{tail}" for root in world.root_map.here]
    found = [target for target in targets if world.has_files(target)]
    if len(found) != 1:
        return None
    return tuple(_set_path(world, row, text, found[0]) for row in rows)


def _set_path(world: World, row: Row, text: str, target: str) -> UpdateRow:
    name = next(located.field for located in row.paths if located.text == text)
    if name != "path":
        return UpdateRow(type=row.type, id=row.id, before={name: text}, after={name: target})
    fields = ("path", "path_cache")
    now = world.parts.tracker.find_one(row.type, [["id", "is", row.id]], fields) or {}
    after = file_link(target, list_roots(world.parts.tracker))
    return UpdateRow(
        type=row.type,
        id=row.id,
        before={"path": link_of(now.get("path")), "path_cache": now.get("path_cache")},
        after=after,
    )


def _without_files(world: World, wrong: set[int]) -> None:
    """A Version with all of its PublishedFiles, or a PublishedFile alone."""
    versions = {row.id: row for row in world.rows.live if row.type == "Version"}
    groups: dict[int, list[Row]] = defaultdict(list)
    for row in world.rows.live:
        if row.paths and not row.found and id(row) not in wrong and _is_judged(world, row):
            owner = versions.get(row.version or -1)
            head = owner if owner is not None and owner.paths and not owner.found and id(owner) not in wrong else row
            groups[id(head)].append(row)
    by_object = {id(row): row for row in world.rows.live}
    for key, rows in groups.items():
        head = by_object[key]
        paths = tuple(dict.fromkeys(located.text for row in rows for located in row.paths))
        for row in rows:
            row.broken = True
        world.add(
            finding(
                "row.no_files",
                head.name,
                f"{head.code}: nothing is at {paths[0]}",
                rows=tuple(row.ref for row in rows),
                paths=paths,
            )
        )


def _is_judged(world: World, row: Row) -> bool:
    """Whether each of its places was looked at."""
    return all(_is_covered(world, located.place) for located in row.paths)


def _is_covered(world: World, place: str) -> bool:
    if world.is_unknown(place):
        return False
    if place.startswith("s3://"):
        return world.place_of(place) is not None
    if world.folder_of(place) is not None:
        return True
    # A folder that is gone: told apart from a disk that is not mounted by its root.
    root = next((each for each in world.root_map.here if place.startswith(f"{each}/")), None)
    return root is not None and Path(root).is_dir() and any(Path(root).iterdir()) and not world.request.disks


# Versions


def _gaps(world: World) -> None:
    """Versions between the first and the last live one that are nowhere.

    A thing may begin at any version, v005 too: earlier ones may never have been meant for this site.
    """
    there: dict[str, set[int]] = defaultdict(set)
    for name in (*world.rows.retired_codes, *world.version_names, *world.unfinished):
        split = version_of(name)
        if split:
            there[split[0]].add(split[1])
    live: dict[tuple[str, tuple[str, int] | None], list[tuple[int, Row]]] = defaultdict(list)
    for row in world.rows.live:
        split = version_of(row.code) if row.type == "Version" else None
        if split:
            live[split[0], row.entity].append((split[1], row))
    for (base, _), numbered in live.items():
        numbers = {number for number, _ in numbered}
        missing = set(range(min(numbers), max(numbers))) - numbers - there[base]
        if missing:
            told = format_ranges(missing)
            world.add(
                finding(
                    "version.gap",
                    base,
                    f"version {told} is nowhere, between {min(numbers)} and {max(numbers)}",
                    rows=tuple(row.ref for _, row in sorted(numbered, key=lambda pair: pair[0])),
                    frames=told,
                )
            )


def _statuses(world: World) -> None:
    table = world.parts.settings
    valid = world.parts.tracker.schema_fields("Version").get("sg_status_list", {}).get("valid_values") or []
    newest_approved: dict[tuple[str, tuple[str, int] | None], int] = {}
    split = {id(row): version_of(row.code) for row in world.rows.live if row.type == "Version"}
    for row in world.rows.live:
        told = split.get(id(row))
        if told and row.values.get("sg_status_list") in table.approved:
            key = (told[0], row.entity)
            newest_approved[key] = max(told[1], newest_approved.get(key, 0))
    for row in world.rows.live:
        if row.type != "Version":
            continue
        status, told = row.values.get("sg_status_list"), split.get(id(row))
        if told and status in table.review and newest_approved.get((told[0], row.entity), 0) > told[1]:
            _stale(world, row, table.superseded, valid, "a newer version is approved")
        elif status in table.working and row.found and not row.broken and row.paths:
            _stale(world, row, table.complete, valid, "its files are complete")


def _stale(world: World, row: Row, status: str, valid: list[str], why: str) -> None:
    before = row.values.get("sg_status_list")
    change = UpdateRow(type="Version", id=row.id, before={"sg_status_list": before}, after={"sg_status_list": status})
    world.add(
        finding(
            "status.stale",
            row.name,
            f"{row.code} is {before!r}, though {why}: {status!r} is meant",
            rows=(row.ref,),
            repair=(change,) if status in valid else None,
        )
    )
