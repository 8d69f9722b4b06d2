"""What the items of a drop become in the tracker: a Version and a PublishedFile each, in requests of 500 rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from onepiece_core.ingest.items import is_numbered
from onepiece_core.ingest.model import DropItem
from onepiece_core.ingest.request import IngestRequest
from onepiece_core.ingest.tracked import base_of
from onepiece_core.media.probe import kind_of
from onepiece_core.sequences import MOVIES, split_extension
from onepiece_core.tracker.outbox import Write, WriteKind

# One request is one transaction on the site: it should be over within a time-out.
ROWS_A_REQUEST = 500
# PublishedFileType codes, as the field's pipelines call them.
_MOVIE, _FRAMES, _TILES, _FILE = "Movie", "Rendered Image", "Texture", "File"
_IMAGES = ("exr", "png", "jpeg", "tiff", "dpx")


def version_path(item: DropItem, request: IngestRequest) -> str:
    """``s3://bucket/prefix/FG/path.%04d.exr``: with project and code it is what makes a Version itself."""
    return f"{request.place.uri}/{item.pattern}"


def is_movie(item: DropItem) -> bool:
    return item.sequence is None and split_extension(item.pattern)[1].lower() in MOVIES


def row_writes(items: Sequence[DropItem], request: IngestRequest, first_seq: int) -> list[Write]:
    """The writes that register ``items``, numbered from ``first_seq`` on. Equal arguments give equal writes."""
    if not items:
        return []
    writes = _Writes(first_seq)
    place = writes.add("context", {"project": {"name": request.project}, "named": True})
    project = {"$ref": place, "key": "project"}
    types = writes.add("file_type", {"codes": sorted({_type_code(item) for item in items})})
    for some in _pieces(items):
        shots = writes.add("shots", {"project": project, "items": {item.pattern: _context(item) for item in some}})
        data = [_version(item, request, shots) for item in some]
        versions = writes.add("versions", {"project": project, "status": ["rev"], "versions": data})
        files = [_published_file(item, request, project, shots, versions, types) for item in some]
        writes.add("version_files", {"files": files})
    return writes.made


class _Writes:
    def __init__(self, first_seq: int) -> None:
        self._first = first_seq
        self.made: list[Write] = []

    def add(self, kind: WriteKind, payload: dict[str, Any]) -> int:
        seq = self._first + len(self.made)
        self.made.append(Write(seq, kind, payload))
        return seq


def _pieces(items: Sequence[DropItem]) -> Iterator[Sequence[DropItem]]:
    for start in range(0, len(items), ROWS_A_REQUEST):
        yield items[start : start + ROWS_A_REQUEST]


def _context(item: DropItem) -> dict[str, str | None]:
    context = item.context
    return {
        "episode": context.episode,
        "sequence": context.sequence,
        "shot": context.shot,
        "task": context.task or context.step or context.asset,
    }


def _links(item: DropItem, shots: int, task_field: str) -> dict[str, Any]:
    return {
        "entity": {"$ref": shots, "key": f"{item.pattern}/entity"},
        task_field: {"$ref": shots, "key": f"{item.pattern}/task"},
    }


def _version(item: DropItem, request: IngestRequest, shots: int) -> dict[str, Any]:
    path = version_path(item, request)
    return {
        "code": item.name,
        **_links(item, shots, "sg_task"),
        "description": _description(item),
        "sg_path_to_frames": path,
        "sg_path_to_movie": path if is_movie(item) else None,
        **_frames(item),
    }


def _description(item: DropItem) -> str | None:
    for expected in item.expected:
        for name in ("description", "comment", "notes", "note"):
            told = expected.more.get(name)
            if isinstance(told, str) and told.strip():
                return told
    return None


def _frames(item: DropItem) -> dict[str, Any]:
    if item.sequence is None or not is_numbered(item.sequence):
        return {}
    first, last, count = item.sequence.first, item.sequence.last, len(item.sequence)
    return {"sg_first_frame": first, "sg_last_frame": last, "frame_count": count, "frame_range": f"{first}-{last}"}


def _published_file(
    item: DropItem, request: IngestRequest, project: dict[str, Any], shots: int, versions: int, types: int
) -> dict[str, Any]:
    path = version_path(item, request)
    base, number = base_of(item.name)
    return {
        "code": path.rpartition("/")[2],
        # The name groups the versions of one thing, so it has none.
        "name": f"{base}.{split_extension(item.pattern)[1]}",
        "version_number": number or item.context.version,
        "project": project,
        **_links(item, shots, "task"),
        "version": {"$ref": versions, "key": path},
        "published_file_type": {"$ref": types, "key": _type_code(item)},
        "description": _description(item),
        "path": path,
    }


def _type_code(item: DropItem) -> str:
    if is_movie(item):
        return _MOVIE
    if item.sequence is not None:
        return _FRAMES if is_numbered(item.sequence) else _TILES
    return _FRAMES if kind_of(item.pattern) in _IMAGES else _FILE
