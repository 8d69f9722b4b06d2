"""Take a version back: its rows are retired, its files parked on disk and in S3; all of it can be brought back.

Both are a plan of repairs (``reconcile/apply.py``): journaled, killed and gone on with, undone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onepiece_core.errors import EntityMissing, OperationUnknown, UsageError
from onepiece_core.naming import split_version
from onepiece_core.reconcile.apply import undo_plan
from onepiece_core.reconcile.located import Located, RootMap, group_key, is_pattern, path_text
from onepiece_core.reconcile.model import Action, ApplyReport, ParkFile, ParkObject, Repair, RepairPlan, RetireRow
from onepiece_core.reconcile.parts import ReconcileParts
from onepiece_core.reconcile.plan import new_plan
from onepiece_core.storage.places import Place, resolve_bucket
from onepiece_core.tracker.placing import find_project
from onepiece_core.tracker.tracker import Entity, Filter

KIND = "unpublish"
_FIELDS = ("code", "project", "sg_path_to_frames", "sg_path_to_movie", "playlists", "sg_status_list")


@dataclass(frozen=True, slots=True)
class Use:
    """Something that has to do with the version: ``what`` is a row by name, ``how`` says why it matters."""

    what: str
    how: str


@dataclass(frozen=True, slots=True)
class Unpublishing:
    """A plan, and who uses what it takes away."""

    plan: RepairPlan
    code: str
    uses: tuple[Use, ...]


def plan_unpublish(version: str, project: str | None, buckets: Sequence[str], parts: ReconcileParts) -> Unpublishing:
    """Look up the Version (a name, or an id), its rows, files and objects, and who uses it.

    Args:
        buckets: buckets or contexts that publishes went to, beside the configured one.

    Raises:
        EntityMissing: there is no such Version.
        UsageError: several Versions are called so.
    """
    row = _find(version, project, parts)
    files = parts.tracker.find(
        "PublishedFile", [["version", "is", _link(row)]], ["code", "path", "path_cache", "project"]
    )
    code = str(row["code"])
    owner = parts.tracker.find_one("Project", [["id", "is", row["project"]["id"]]], ["name", "code"]) or {}
    show_code = str(owner.get("code") or "")
    actions: list[Action] = [RetireRow(type=each["type"], id=each["id"], even_linked=True) for each in (*files, row)]
    actions += _parked_files(row, files, parts)
    actions += _parked_objects(row, files, show_code, buckets, parts)
    repair = Repair(number=1, code=KIND, subject=code, message=f"unpublish {code}", actions=tuple(actions))
    plan = new_plan(KIND, str(owner.get("name")), show_code, parts.tracker.url, (repair,))
    return Unpublishing(plan, code, tuple(_uses(row, files, parts)))


def restore(version: str, parts: ReconcileParts) -> ApplyReport:
    """Bring back what an unpublish of this name (or of this operation's id) on this machine has taken away.

    Raises: OperationUnknown; else what :func:`undo_plan` raises.
    """
    found = [each for each in parts.journal.list_newest(KIND, 10_000) if each.state != "discarded"]
    for operation in found:
        plan = RepairPlan.model_validate(operation.request["plan"])
        rows = [action.id for action in plan.repairs[0].actions if isinstance(action, RetireRow)]
        if version in (operation.id, operation.name) or (version.isdecimal() and int(version) == rows[-1]):
            return undo_plan(plan, parts)
    raise OperationUnknown(
        f"Nothing called {version} was unpublished on this machine.",
        hint="Restore it on the machine that unpublished it: its journal knows where everything is.",
    )


def find_unfinished(version: str, parts: ReconcileParts) -> RepairPlan | None:
    """The plan of an unpublish of this name that was interrupted."""
    for operation in parts.journal.list_unfinished(KIND):
        if version in (operation.name, operation.id):
            return RepairPlan.model_validate(operation.request["plan"])
    return None


def _find(version: str, project: str | None, parts: ReconcileParts) -> Entity:
    tracker = parts.tracker
    filters: list[Filter] = [["id", "is", int(version)] if version.isdecimal() else ["code", "is", version]]
    if project is not None:
        filters.append(["project", "is", find_project(tracker, {"name": project})])
    known = tracker.schema_fields("Version")
    found = tracker.find("Version", filters, [name for name in _FIELDS if name in known])
    if not found:
        raise EntityMissing(f"There is no Version {version!r}.", site=tracker.url, version=version)
    if len(found) > 1:
        ids = ", ".join(str(each["id"]) for each in found)
        raise UsageError(f"{len(found)} Versions are called {version}: {ids}", hint="Name its id, or --project.")
    return found[0]


def _link(row: Entity) -> Entity:
    return {"type": row["type"], "id": row["id"]}


def _located(row: Entity, files: Sequence[Entity], parts: ReconcileParts) -> Iterator[Located]:
    roots = RootMap.of(parts.root_settings, parts.system)
    texts = [row.get("sg_path_to_frames"), row.get("sg_path_to_movie")]
    texts += [path_text(each.get("path"), parts.system) for each in files]
    for text in dict.fromkeys(text for text in texts if text):
        place = roots.locate(text)
        if place:
            yield Located(text, place, "")


def _package_of(place: str, code: str) -> str | None:
    """The part of ``place`` up to the folder that is called as the Version is."""
    before, found, _ = f"{place}/".rpartition(f"/{code}/")
    return f"{before}/{code}" if found else None


def _parked_files(row: Entity, files: Sequence[Entity], parts: ReconcileParts) -> Iterator[Action]:
    """The package's folder by one rename; else each file that a row names."""
    seen: set[str] = set()
    for located in _located(row, files, parts):
        if not located.place.startswith("/"):
            continue
        package = _package_of(located.place, str(row["code"]))
        if package is not None and Path(package).is_dir():
            if package not in seen:
                seen.add(package)
                base = parts.roots.persist(Path(package).parent)
                yield ParkFile(path=parts.roots.persist(Path(package)), base=base)
            continue
        for path in _files_at(located.place):
            if str(path) not in seen:
                seen.add(str(path))
                status = path.lstat()
                yield ParkFile(
                    path=parts.roots.persist(path),
                    base=parts.roots.persist(path.parent),
                    size_bytes=status.st_size,
                    mtime_ns=status.st_mtime_ns,
                )


def _files_at(place: str) -> list[Path]:
    path = Path(place)
    if not is_pattern(place):
        return [path] if path.is_file() else []
    wanted = group_key(place)
    return sorted(each for each in path.parent.glob("*") if each.is_file() and group_key(str(each)) == wanted)


def _parked_objects(
    row: Entity, files: Sequence[Entity], show_code: str, buckets: Sequence[str], parts: ReconcileParts
) -> Iterator[Action]:
    code = str(row["code"])
    asked: dict[Place, str] = {}
    for name in dict.fromkeys((*buckets, *((parts.publish_bucket,) if parts.publish_bucket else ()))):
        for show_type in ("vfx", "prod"):
            base = resolve_bucket(name, parts.contexts).under(show_type, show_code)
            asked[base.under(code)] = ""
    for located in _located(row, files, parts):
        if located.place.startswith("s3://"):
            bucket, _, key = located.place[5:].partition("/")
            package = _package_of(f"/{key}", code)
            folder = package[1:] if package else key.rpartition("/")[0]
            asked.setdefault(Place(bucket, folder), "" if package else located.place)
    for place, only in asked.items():
        yield from _objects_at(place, only, parts)


def _objects_at(place: Place, only: str, parts: ReconcileParts) -> Iterator[ParkObject]:
    """All below a package's place; where ``only`` is given, what that path or pattern names."""
    base = place.prefix.rpartition("/")[0]
    for info in parts.open_store(place.bucket).iter_objects(f"{place.prefix}/" if place.prefix else ""):
        uri = f"s3://{place.bucket}/{info.key}"
        if "/.onepiece/parked/" in f"/{info.key}":
            continue
        if not only or uri == only or (is_pattern(only) and group_key(uri) == group_key(only)):
            yield ParkObject(bucket=place.bucket, key=info.key, base=base, size_bytes=info.size_bytes, etag=info.etag)


def _uses(row: Entity, files: Sequence[Entity], parts: ReconcileParts) -> Iterator[Use]:
    """Dependencies of others, playlists, and newer versions of the same thing."""
    tracker = parts.tracker
    for playlist in row.get("playlists") or ():
        yield Use(f"Playlist {playlist.get('name') or playlist['id']}", "shows it")
    mine = {each["id"] for each in files}
    if files:
        links = tracker.find(
            "PublishedFileDependency",
            [["dependent_published_file", "in", [_link(each) for each in files]]],
            ["published_file", "dependent_published_file"],
        )
        for each in links:
            user, used = each.get("published_file"), each.get("dependent_published_file")
            if user and used and user["id"] not in mine:
                yield Use(f"PublishedFile {user.get('name') or user['id']}", f"uses {used.get('name') or used['id']}")
    yield from _newer(row, parts)


def _newer(row: Entity, parts: ReconcileParts) -> Iterator[Use]:
    """Newer versions may have taken over unchanged frames; theirs are copies, which stay."""
    from onepiece_core.errors import NameInvalid

    try:
        base, number, _ = split_version(str(row["code"]))
    except NameInvalid:
        return
    if number is None:
        return
    filters: list[Filter] = [["project", "is", row["project"]], ["code", "starts_with", base]]
    for other in parts.tracker.find("Version", filters, ["code"]):
        try:
            told = split_version(str(other["code"]))
        except NameInvalid:
            continue
        if told.base == base and told.version is not None and told.version > number:
            yield Use(f"Version {other['code']}", "is newer; what it copied from this one is its own")


def told(plan: Unpublishing) -> dict[str, Any]:
    """The plan for ``--json``."""
    return {
        "schema": "onepiece.unpublish.1",
        "version": plan.code,
        "operation": plan.plan.id,
        "uses": [{"what": use.what, "how": use.how} for use in plan.uses],
        "actions": [action.model_dump(mode="json") for action in plan.plan.repairs[0].actions],
    }
