"""Where a Version's media may lie besides its own paths: its PublishedFiles, and its package's copy in S3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from onepiece_core.deliver.media import FIELDS, Places, find_media, frame_expression, is_scene, media_at
from onepiece_core.deliver.model import MediaKind, MediaPlace
from onepiece_core.errors import InputMissing, InputRefused, UsageError
from onepiece_core.media.probe import kind_of
from onepiece_core.publish.registration import MOVIES
from onepiece_core.reconcile.located import path_text
from onepiece_core.storage.places import publish_place, resolve_bucket
from onepiece_core.system import this_system
from onepiece_core.tracker.tracker import Entity, Tracker

_A_REQUEST = 500
# What the keys of publishes begin with.
_SHOW_TYPES = ("vfx", "prod")


class Published:
    """The PublishedFiles of ``versions``, asked for together when the first is needed."""

    def __init__(self, tracker: Tracker, versions: Sequence[int], places: Places, show_code: str) -> None:
        self._tracker, self._versions = tracker, versions
        self._places, self._show_code = places, show_code

    def find(self, version: Mapping[str, Any], kind: MediaKind) -> MediaPlace | None:
        """The media that a Version's path names, else the first that one of the other places holds.

        None where the Version names none and no place holds any.

        Raises: what :func:`find_media` raises; of its path, where none of the other places has the media either.
        """
        missing: InputMissing | None = None
        try:
            if found := find_media(version, kind, self._places):
                return found
        except InputMissing as error:
            missing = error
        for told in (*self._told(version, kind), *self._copies(version, kind)):
            try:
                return media_at(told, kind, self._places)
            except (InputMissing, InputRefused, UsageError):
                continue
        if missing is not None:
            raise missing
        return None

    def _told(self, version: Mapping[str, Any], kind: MediaKind) -> Iterator[str]:
        for row in self._rows.get(version["id"], ()):
            cached = str(row.get("path_cache") or "")
            below = [f"{root}:{cached}" for root in self._places.roots] if cached and "://" not in cached else []
            for told in (path_text(row.get("path"), this_system()), cached, *below):
                if told and _is_of(told, kind):
                    yield told

    def _copies(self, version: Mapping[str, Any], kind: MediaKind) -> Iterator[str]:
        """The same file of the same package where publishes are sent to."""
        path, name = PurePosixPath(str(version.get(FIELDS[kind]) or "")), str(version.get("code") or "")
        if self._places.publish_bucket is None or name not in path.parts or not _is_of(str(path), kind):
            return
        inside = path.parts[path.parts.index(name) + 1 :]
        for show_type in _SHOW_TYPES:
            base = resolve_bucket(self._places.publish_bucket, self._places.contexts)
            yield publish_place(show_type, self._show_code, name, base).under(*inside).uri

    @cached_property
    def _rows(self) -> dict[int, list[Entity]]:
        found: dict[int, list[Entity]] = {}
        for start in range(0, len(self._versions), _A_REQUEST):
            some = [{"type": "Version", "id": each} for each in self._versions[start : start + _A_REQUEST]]
            fields = ("path", "path_cache", "version")
            for row in self._tracker.find("PublishedFile", [["version", "in", some]], fields):
                found.setdefault(row["version"]["id"], []).append(row)
        return found


def _is_of(told: str, kind: MediaKind) -> bool:
    name = told.rpartition("/")[2]
    if PurePosixPath(name).suffix.lower() in MOVIES:
        return kind == "movie"
    is_picture = frame_expression(name) is not None or kind_of(name) != "other"
    return kind == "frames" and is_picture and not is_scene(name)
