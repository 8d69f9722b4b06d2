"""Pictures, movies and files of a row, and how they are served to a browser.

A browser shows inline only what begins like a picture or a movie, under a content type of ours; all else is a
download. So an uploaded page, an SVG or a script is never run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onepiece_server.sandbox.shotgrid.attachments import picture_type
from onepiece_server.sandbox.shotgrid.look.rows import pictures_of
from onepiece_server.sandbox.shotgrid.look.values import plain
from onepiece_server.sandbox.shotgrid.model import EntityType
from onepiece_server.sandbox.shotgrid.site import Site
from onepiece_server.sandbox.shotgrid.uploads import file_of

# The best for a browser first.
_MOVIE_FIELDS = ("sg_uploaded_movie_mp4", "sg_uploaded_movie_webm", "sg_uploaded_movie")
_MOST_FILES = 50


@dataclass(frozen=True)
class File:
    name: str
    href: str
    size_bytes: int | None
    kind: str


@dataclass(frozen=True)
class Media:
    picture: str | None = None
    strip: str | None = None
    movie: str | None = None
    files: tuple[File, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.picture or self.strip or self.movie or self.files)


def media_of(site: Site, entity: EntityType, row: dict[str, Any]) -> Media:
    row_id = row["id"]
    return Media(
        picture=pictures_of(site, entity, [row_id]).get(row_id),
        strip=pictures_of(site, entity, [row_id], "filmstrip_image").get(row_id),
        movie=_movie(site, row),
        files=_files(site, entity, row),
    )


def _movie(site: Site, row: dict[str, Any]) -> str | None:
    for name in (*_MOVIE_FIELDS, "this_file"):
        value = row.get(name)
        if isinstance(value, dict) and value.get("link_type") == "upload":
            found = file_of(site, value["id"])
            if found and found[0].is_file() and (inline_type(found[0]) or "").startswith("video/"):
                return f"/look/media/{value['id']}"
    return None


def _files(site: Site, entity: EntityType, row: dict[str, Any]) -> tuple[File, ...]:
    """Attachments of the row and uploads in its fields, each once."""
    ids = [row["id"]] if entity.name == "Attachment" else [link["id"] for link in row.get("attachments") or []]
    for field in entity.fields.values():
        value = row.get(field.name)
        if field.data_type == "url" and isinstance(value, dict) and value.get("link_type") == "upload":
            ids.append(value["id"])
    files = []
    for number in list(dict.fromkeys(ids))[:_MOST_FILES]:
        found = file_of(site, number)
        if found:
            path, name, content_type = found
            size = path.stat().st_size if path.is_file() else None
            files.append(File(plain(name), f"/look/media/{number}", size, content_type or "file"))
    return tuple(files)


def inline_type(path: Path) -> str | None:
    """The content type of a picture or movie that a browser may show; by its bytes, not by its name."""
    found = picture_type(path)
    if found is not None:
        return found
    with path.open("rb") as opened:
        head = opened.read(12)
    if head[4:8] == b"ftyp":
        return "video/mp4"
    return "video/webm" if head.startswith(b"\x1a\x45\xdf\xa3") else None
