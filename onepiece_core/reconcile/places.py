"""Where a show's files may lie: folders and S3 places that settings and rows name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from onepiece_core.errors import AccessDenied, BucketMissing, InputMissing, UsageError
from onepiece_core.manifest.package import FOLDERS
from onepiece_core.reconcile.model import Unknown
from onepiece_core.reconcile.parts import World
from onepiece_core.storage.places import Place, resolve_bucket
from onepiece_core.sync.listing import look

_FIELD = re.compile(r"\{[^}]*\}|\[[^]]*\]")
_PUBLISHED = ("vfx", "prod")
_ROLES = frozenset(FOLDERS.values())


def find_folders(world: World) -> list[str]:
    """Real folders, none inside another. Given ones must be there: raises InputMissing."""
    if world.request.disks:
        return _outermost(_given(world.request.disks))
    found = {*_publish_folders(world), *_row_folders(world)}
    return _outermost(os.path.realpath(each) for each in found if Path(each).is_dir())


def _given(disks: Iterable[Path]) -> Iterator[str]:
    for disk in disks:
        if not disk.is_dir():
            raise InputMissing(f"there is no folder {disk}", path=str(disk))
        yield os.path.realpath(disk)


def _outermost(folders: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for each in sorted(set(folders), key=lambda folder: f"{folder}/"):
        if not kept or not each.startswith(f"{kept[-1]}/"):
            kept.append(each)
    return kept


def _publish_folders(world: World) -> Iterator[str]:
    """Every folder that the template of publish folders may mean for this show."""
    text = world.parts.convention.publish.text.replace("{show}", world.show_code)
    pattern = _FIELD.sub("*", text)
    for root in world.root_map.here:
        if pattern.split("/")[0] in ("*", "**", ""):
            continue  # it would be every show's
        yield from (str(path) for path in Path(root).glob(pattern))


def _row_folders(world: World) -> Iterator[str]:
    for row in world.rows.live:
        for located in row.paths:
            if located.place.startswith("/") and _is_inside(world, located.place):
                folder = package_parent(world, located.place) or os.path.dirname(located.place)  # noqa: PTH120
                if folder not in world.root_map.here:
                    yield folder


def _is_inside(world: World, path: str) -> bool:
    """Below a root, where there are any."""
    here = world.root_map.here
    return not here or any(path.startswith(f"{root}/") for root in here)


def package_parent(world: World, place: str) -> str | None:
    """The folder that holds the package that ``place`` lies in, by the name of its Version."""
    parts = place.split("/")
    for index in range(len(parts) - 1, 0, -1):
        last = index == len(parts) - 1
        if (last or parts[index + 1] in _ROLES) and world.rows.called(parts[index]):
            return "/".join(parts[:index])
    return None


def find_places(world: World) -> list[Place]:
    """S3 places that can be listed, none inside another. Raises StorageError when a server is away."""
    found = dict(_asked_places(world))
    if not (world.request.contexts or world.request.buckets):
        for row in world.rows.live:
            for located in row.paths:
                if located.place.startswith("s3://") and not _is_below(located.place, found):
                    found.setdefault(_place_of_row(world, located.place), False)
    return list(_listable(world, _outermost_places(found)))


def _asked_places(world: World) -> Iterator[tuple[Place, bool]]:
    """Each with whether it may be missing."""
    parts, request = world.parts, world.request
    for name in request.contexts:
        if name not in parts.contexts:
            raise UsageError(f"{name!r} is no context", hint=f"There is: {', '.join(parts.contexts)}.")
        yield resolve_bucket(name, parts.contexts).under(world.show_code), False
    if not request.contexts:
        for name in parts.contexts:
            yield resolve_bucket(name, parts.contexts).under(world.show_code), name in parts.built_in_contexts
    buckets = request.buckets or ((parts.publish_bucket,) if parts.publish_bucket and not request.contexts else ())
    for name in buckets:
        for show_type in _PUBLISHED:
            yield resolve_bucket(name, parts.contexts).under(show_type, world.show_code), False


def _is_below(uri: str, places: Iterable[Place]) -> bool:
    """Below the place, or beside it in the same tree of shows: that is another show's."""
    return any(uri.startswith(f"{each.uri.rpartition('/')[0]}/") for each in places)


def _place_of_row(world: World, uri: str) -> Place:
    bucket, _, key = uri[5:].partition("/")
    parts = key.split("/")[:-1]
    if world.show_code in parts:
        parts = parts[: parts.index(world.show_code) + 1]
    return Place(bucket, "/".join(parts))


def _outermost_places(found: dict[Place, bool]) -> Iterator[tuple[Place, bool]]:
    kept: list[Place] = []
    for place in sorted(found, key=lambda each: each.uri):
        if not any(place.uri.startswith(f"{other.uri}/") for other in kept):
            kept.append(place)
            yield place, found[place]


def _listable(world: World, found: Iterable[tuple[Place, bool]]) -> Iterator[Place]:
    for place, may_be_missing in found:
        try:
            look(world.parts.open_store(place.bucket), f"{place.prefix}/" if place.prefix else "")
        except BucketMissing as error:
            if not may_be_missing:
                world.unknown.append(Unknown(place=place.uri, code=error.code, message=error.report.message))
        except AccessDenied as error:
            world.unknown.append(Unknown(place=place.uri, code=error.code, message=error.report.message))
        else:
            yield place
