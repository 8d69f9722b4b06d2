"""What a package becomes in the tracker: a Version, its PublishedFiles, the links between them, and two uploads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any, TypeVar

from pydantic import BaseModel

from onepiece_core.manifest.package import PackageFile, PackageItem, PackageManifest
from onepiece_core.sequences import split_extension
from onepiece_core.tracker.outbox import Write, WriteKind
from onepiece_core.tracker.placing import Wanted

_T = TypeVar("_T")

# PublishedFileType codes, as the field's pipelines call them.
SCENE_TYPES = {
    "maya": "Maya Scene",
    "nuke": "Nuke Script",
    "houdini": "Houdini Scene",
    "blender": "Blender Scene",
}
_CACHE_TYPES = {
    "abc": "Alembic Cache",
    "usd": "USD",
    "usda": "USD",
    "usdc": "USD",
    "usdz": "USD",
    "vdb": "OpenVDB",
    "bgeo": "Bgeo Cache",
    "bgeo.sc": "Bgeo Cache",
}
MOVIES = frozenset({".mov", ".mp4", ".m4v", ".mxf", ".avi", ".mkv", ".webm"})
# One request is one transaction on the site: it should be over within a time-out.
ROWS_A_REQUEST = 200

_VERSION = re.compile(r"[._-]?v\d+(?![0-9A-Za-z])", re.IGNORECASE)


class RegistrationTarget(BaseModel, frozen=True):
    """Where in the tracker a package belongs, and where its files are.

    Attributes:
        project: one of ``{"id": 7}``, ``{"name": "Frost Giant"}``, ``{"code": "FG"}``.
        named: an option named the project. A project that is not there is then an error; else the rows wait.
        shot: code of a Shot or Asset; ``EPISODE/SEQUENCE/SHOT`` or ``SEQUENCE/SHOT`` where a code is there twice.
        shot_hint: ``EPISODE/SEQUENCE/SHOT`` as the scene's name tells it: decides where ``shot`` is there twice.
        shot_named: an option named the shot; else a shot that is not there is left out.
        task: a Task's name (``content``) or its step's short name.
        task_named: as ``shot_named``.
        package_root: absolute path of the package on disk, or its URI.
        s3_uri: the package in S3, without a trailing slash.
        user: login or e-mail of the artist; left out when the site does not know it.
        thumbnail: path of a JPEG or PNG.
        movie: the review movie as a path within the package; by default the first preview that is a movie.
    """

    project: dict[str, int | str]
    named: bool = False
    shot: str | None = None
    shot_hint: str | None = None
    shot_named: bool = True
    task: str | None = None
    task_named: bool = True
    package_root: str
    s3_uri: str
    comment: str = ""
    user: str | None = None
    thumbnail: str | None = None
    movie: str | None = None


def registration_writes(manifest: PackageManifest, target: RegistrationTarget) -> tuple[Write, ...]:
    """The writes that register ``manifest``, in order. Equal arguments give equal writes."""
    writes = _Writes()
    context = writes.add("context", context_payload(target))
    version = writes.add("version", _version(manifest, target, context))
    types = writes.add("file_type", {"codes": sorted({_type_code(manifest, item) for item in manifest.items})})
    ends: dict[str, dict[str, Any]] = {}
    for some in _chunks(manifest.items):
        files = [_published_file(manifest, item, target, context, types) for item in some]
        seq = writes.add("files", {"version": {"$ref": version}, "files": files})
        ends |= {item.name: {"$ref": seq, "key": item.name} for item in some}
    for links in _chunks(_links(manifest)):
        writes.add("links", {"links": [{"from": ends[one], "to": ends[other]} for one, other in links]})
    if target.thumbnail is not None:
        writes.add("thumbnail", {"row": {"$ref": version}, "path": target.thumbnail})
    movie = find_movie(manifest, target.movie)
    if movie is not None:
        writes.add("movie", _movie(movie, target, version))
    return tuple(writes.made)


def context_payload(target: RegistrationTarget) -> dict[str, Any]:
    """What the first write, ``context``, asks the tracker for."""
    return {**wanted_of(target), "named": target.named}


def wanted_of(target: RegistrationTarget) -> Wanted:
    """The part of a target that is looked up in the tracker."""
    return Wanted(
        project=target.project,
        shot=target.shot,
        shot_hint=target.shot_hint,
        shot_named=target.shot_named,
        task=target.task,
        task_named=target.task_named,
        user=target.user,
    )


def find_movie(manifest: PackageManifest, path: str | None = None) -> PackageFile | None:
    """The review movie: the file ``path``, or the first preview that is a movie."""
    previews = [file for file in manifest.files if file.role == "preview" and _is_movie(file.path)]
    if path is not None:
        return next((file for file in manifest.files if file.path == path), None)
    return previews[0] if previews else None


class _Writes:
    def __init__(self) -> None:
        self.made: list[Write] = []

    def add(self, kind: WriteKind, payload: dict[str, Any]) -> int:
        seq = len(self.made) + 1
        self.made.append(Write(seq, kind, payload))
        return seq


def _version(manifest: PackageManifest, target: RegistrationTarget, context: int) -> dict[str, Any]:
    movie = find_movie(manifest, target.movie)
    data: dict[str, Any] = {
        "code": manifest.scene_name,
        **_places(context, project="project", entity="entity", sg_task="task", user="user"),
        "description": target.comment or manifest.comment or None,
        "sg_path_to_frames": path_to_frames(manifest.items, target.package_root),
        "sg_path_to_movie": None if movie is None else _join(target.package_root, movie.path),
    }
    return {"data": {**data, **_frames(manifest)}, "status": ["rev"]}


def path_to_frames(items: Sequence[PackageItem], package_root: str) -> str:
    """The first sequence, else the scene, else the package: always something, for it is part of the Version's key."""
    sequences = [item for item in items if item.role == "render" and item.frames]
    scenes = [item for item in items if item.role == "scene"]
    first = next(iter(sequences + scenes), None)
    return package_root if first is None else _join(package_root, first.pattern)


def _frames(manifest: PackageManifest) -> dict[str, Any]:
    """What is on disk, not what was planned: the count is that of the frames that are there."""
    sequences = [item for item in manifest.items if item.role == "render" and item.frames]
    if sequences:
        first, last, count = sequences[0].first, sequences[0].last, sequences[0].files
    elif manifest.frame_range is not None:
        first, last = manifest.frame_range.first, manifest.frame_range.last
        count = last - first + 1
    else:
        return {}
    return {"sg_first_frame": first, "sg_last_frame": last, "frame_count": count, "frame_range": f"{first}-{last}"}


def _published_file(
    manifest: PackageManifest, item: PackageItem, target: RegistrationTarget, context: int, types: int
) -> dict[str, Any]:
    base, extension = PurePosixPath(item.name).stem, PurePosixPath(item.name).suffix
    return {
        "code": item.name,
        # The name groups the versions of one thing, so it has none.
        "name": _VERSION.sub("", base) + extension,
        "version_number": manifest.version,
        **_places(context, project="project", entity="entity", task="task"),
        "published_file_type": {"$ref": types, "key": _type_code(manifest, item)},
        "description": target.comment or manifest.comment or None,
        "path": _join(target.package_root, item.pattern),
    }


def _links(manifest: PackageManifest) -> list[tuple[str, str]]:
    """(what depends, what it uses), by name: renders and caches on scenes, previews on renders or else on scenes."""
    scenes, renders, caches, previews = (
        [item.name for item in manifest.items if item.role == role] for role in ("scene", "render", "cache", "preview")
    )
    return [(one, other) for one in renders + caches for other in scenes] + [
        (one, other) for one in previews for other in renders or scenes
    ]


def _movie(movie: PackageFile, target: RegistrationTarget, version: int) -> dict[str, Any]:
    return {
        "row": {"$ref": version},
        "field": "sg_uploaded_movie",
        "path": _join(target.package_root, movie.path),
        "name": PurePosixPath(movie.path).name,
        "size_bytes": movie.size_bytes,
    }


def _type_code(manifest: PackageManifest, item: PackageItem) -> str:
    if item.role == "scene":
        return SCENE_TYPES.get(manifest.dcc.lower(), "Scene")
    if item.role == "preview":
        return "Movie" if _is_movie(item.pattern) else "Preview Image"
    if item.role == "cache":
        return _CACHE_TYPES.get(split_extension(item.pattern)[1].lower(), "Cache")
    return "Rendered Image" if item.role == "render" else "OpenTimelineIO"


def _is_movie(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in MOVIES


def _places(context: int, **keys: str) -> dict[str, Any]:
    return {field: {"$ref": context, "key": key} for field, key in keys.items()}


def _join(root: str, relative: str) -> str:
    is_windows = "\\" in root and "://" not in root
    if is_windows:
        relative = relative.replace("/", "\\")
    return f"{root.rstrip('/').rstrip(chr(92))}{chr(92) if is_windows else '/'}{relative}"


def _chunks(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), ROWS_A_REQUEST):
        yield items[start : start + ROWS_A_REQUEST]
