"""Uploaded files: the Attachment that each one gets, and the row and field that it is put into."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import json
import mimetypes
import sqlite3
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from onepiece_server.sandbox.shotgrid import renditions
from onepiece_server.sandbox.shotgrid.attachments import attach, link, new_attachment, project_of
from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.events import Events
from onepiece_server.sandbox.shotgrid.faults import Fault, field_missing
from onepiece_server.sandbox.shotgrid.incoming import Change
from onepiece_server.sandbox.shotgrid.model import EntityType, Field
from onepiece_server.sandbox.shotgrid.renditions import MOVIE
from onepiece_server.sandbox.shotgrid.site import Caller, Site
from onepiece_server.sandbox.shotgrid.values import checked_text
from onepiece_server.sandbox.shotgrid.write import Writer

# The names that the client gives to the two picture fields.
_PICTURES = {
    "image": "image",
    "thumb_image": "image",
    "filmstrip_image": "filmstrip_image",
    "filmstrip_thumb_image": "filmstrip_image",
}


@dataclass(frozen=True)
class Upload:
    """A file that has arrived and where it belongs.

    Attributes:
        file: its name in the file store.
        field_name: None links it to the row without a field.
        created_at: what the Attachment says instead of now, as the wire writes it.
        token: of the address that it was sent to, when it came by one.
    """

    entity_type: str
    entity_id: str
    file: str
    filename: str
    field_name: str | None
    display_name: str | None = None
    tags: tuple[str, ...] = ()
    created_at: str | None = None
    token: str | None = None


def link_upload(site: Site, caller: Caller, upload: Upload) -> int:
    """Put an uploaded file into a field of a row; the Attachment's id.

    Raises:
        Fault: there is no such row or field.
    """
    # What a browser or a hostile client sends as a path is only ever the last part of it.
    filename = PurePosixPath(upload.filename.replace("\\", "/")).name or "file"
    value: dict[str, Any] = {
        "link_type": "upload",
        "name": checked_text(upload.display_name or filename, "display_name", "upload"),
        "filename": checked_text(filename, "filename", "upload"),
        "content_type": mimetypes.guess_type(filename)[0],
        "file": upload.file,
        "size_bytes": site.files.size_bytes(upload.file),
    }
    with site.database.write() as connection:
        entity, row_id = _target(site, connection, upload.entity_type, upload.entity_id)
        putting = _Putting(site, caller, connection, entity, row_id)
        attachment_id = putting.put(upload.field_name, value)
        putting.annotate(attachment_id, upload)
        if upload.token is not None:
            connection.execute('INSERT OR IGNORE INTO "__upload_links" VALUES (?)', [upload.token])
    site.transcoder.wake()
    return attachment_id


class _Putting:
    """One file on its way into one row, inside one transaction."""

    def __init__(
        self, site: Site, caller: Caller, connection: sqlite3.Connection, entity: EntityType, row_id: int
    ) -> None:
        self._site, self._caller, self._connection = site, caller, connection
        self._entity, self._row_id = entity, row_id
        self._writer = Writer(site, caller, connection)
        self._attachments = site.schema.entities["Attachment"]

    def put(self, field_name: str | None, value: dict[str, Any]) -> int:
        if field_name in _PICTURES:
            return self._picture(self._field(_PICTURES[field_name]), value)
        field = None if field_name is None else self._field(field_name)
        if field is None or (field.is_many and field.accepts("Attachment")):
            attachment_id = self._loose(value)
            link(self._connection, attachment_id, self._entity.name, self._row_id)
        elif field.data_type == "url":
            attachment_id = self._into(field, value)
        else:
            raise field_missing("upload", self._entity.name, field.name)
        project_id = project_of(self._connection, self._entity, self._row_id)
        Events(self._connection, self._caller).created(self._attachments, attachment_id, value["name"], project_id)
        return attachment_id

    def annotate(self, attachment_id: int, upload: Upload) -> None:
        """Tags, which are made when they are new, and the moment that the caller tells."""
        if upload.created_at is not None:
            sql = "UPDATE Attachment SET created_at=? WHERE id=?"
            self._connection.execute(sql, [upload.created_at, attachment_id])
        tags = list(dict.fromkeys(("Tag", self._tag(name)) for name in upload.tags))  # case makes no other tag
        if tags:
            change = Change(self._attachments.fields["tags"], links=tags, mode="add")
            self._writer.change(self._attachments, attachment_id, [change], "upload")

    def _field(self, name: str) -> Field:
        field = self._entity.fields.get(name)
        if field is None:
            raise field_missing("upload", self._entity.name, name[:100])
        return field

    def _loose(self, value: dict[str, Any]) -> int:
        """An Attachment that holds a file itself."""
        project_id = project_of(self._connection, self._entity, self._row_id)
        attachment_id = new_attachment(self._connection, self._caller, value["name"], project_id)
        field = self._attachments.fields["this_file"]
        return attach(self._connection, self._caller, self._attachments, attachment_id, field, value)

    def _into(self, field: Field, value: dict[str, Any]) -> int:
        self._writer.change(self._entity, self._row_id, [Change(field, attachment=value)], "upload")
        sql = f"SELECT {quoted(field.name)} FROM {quoted(self._entity.name)} WHERE id=?"
        kept = self._connection.execute(sql, [self._row_id]).fetchone()[0]
        if field.path == MOVIE:
            movie = renditions.Movie(self._row_id, value["file"], value["filename"], value["content_type"])
            renditions.announce_movie(self._site, self._connection, self._caller, movie)
        return int(json.loads(kept)["id"])

    def _picture(self, field: Field, value: dict[str, Any]) -> int:
        attachment_id = self._loose(value)
        renditions.announce_picture(
            self._site, self._connection, self._caller, attachment_id, value, (field, self._row_id)
        )
        self._writer.change(self._entity, self._row_id, [Change(field, columns={field.name: attachment_id})], "upload")
        if field.name == "image":
            _set_source(self._connection, self._entity, self._row_id, self._entity.name, self._row_id)
        return attachment_id

    def _tag(self, name: str) -> int:
        tags = self._site.schema.entities["Tag"]
        name = checked_text(name, "tag_list", "upload")
        found = self._connection.execute('SELECT id FROM Tag WHERE name=? AND "__retired"=0', [name]).fetchone()
        if found:
            return int(found[0])
        return self._writer.insert(tags, [Change(tags.fields["name"], columns={"name": name})])


def _set_source(
    connection: sqlite3.Connection, entity: EntityType, row_id: int, source_type: str, source_id: int
) -> None:
    """Remember whose picture a row shows."""
    field = entity.fields.get("image_source_entity")
    if field is not None and field.accepts(source_type):
        sql = f"UPDATE {quoted(entity.name)} SET image_source_entity__type=?, image_source_entity__id=? WHERE id=?"
        connection.execute(sql, [source_type, source_id, row_id])


def _target(site: Site, connection: sqlite3.Connection, entity_type: str, entity_id: str) -> tuple[EntityType, int]:
    entity = site.schema.entity(entity_type, "upload")
    if not entity_id.isascii() or not entity_id.isdigit() or len(entity_id) > 18:
        raise Fault(f"Invalid entity id '{entity_id[:60]}'.")
    sql = f'SELECT 1 FROM {quoted(entity.name)} WHERE id=? AND "__retired"=0'
    if connection.execute(sql, [int(entity_id)]).fetchone() is None:
        raise Fault(f"Entity of type [{entity.name}] with id={entity_id} does not exist.")
    return entity, int(entity_id)


def file_of(site: Site, attachment_id: int) -> tuple[Path, str, str | None] | None:
    """Path, name and content type of an uploaded file; None when there is none, or its Attachment is retired."""
    with site.database.read() as connection:
        sql = 'SELECT this_file FROM Attachment WHERE id=? AND "__retired"=0'
        found = connection.execute(sql, [attachment_id]).fetchone()
    kept = json.loads(found[0]) if found and found[0] else {}
    if kept.get("link_type") != "upload":
        return None
    return site.files.path(kept["file"]), kept["name"], kept["content_type"]


def thumbnail_of(site: Site, file: str) -> Path | None:
    """A picture by its name in the file store; None when that is no picture."""
    with site.database.read() as connection:
        found = connection.execute('SELECT 1 FROM "__thumbnails" WHERE file=?', [file]).fetchone()
    return site.files.path(file) if found else None


def share_picture(site: Site, caller: Caller, source: str, targets: list[str], field_name: str) -> int | None:
    """Give rows (``Version_12``) the picture of another; its Attachment's id, None while there is none to see."""
    with site.database.write() as connection:
        entity, row_id = _named(site, connection, source)
        if field_name not in entity.fields:
            raise field_missing("share_thumbnail", entity.name, field_name)
        sql = f"SELECT {quoted(field_name)} FROM {quoted(entity.name)} WHERE id=?"
        attachment_id: int | None = connection.execute(sql, [row_id]).fetchone()[0]
        until = site.held_pictures.shown_until()
        if attachment_id is None or not renditions.is_ready(connection, attachment_id, until):
            return None
        writer = Writer(site, caller, connection)
        for target in targets:
            other, other_id = _named(site, connection, target)
            field = other.fields.get(field_name)
            if field is None:
                raise field_missing("share_thumbnail", other.name, field_name)
            writer.change(other, other_id, [Change(field, columns={field_name: attachment_id})], "share_thumbnail")
            if field_name == "image":
                _set_source(connection, other, other_id, entity.name, row_id)
    return attachment_id


def _named(site: Site, connection: sqlite3.Connection, text: str) -> tuple[EntityType, int]:
    kind, _, number = text.rpartition("_")
    return _target(site, connection, kind, number)
