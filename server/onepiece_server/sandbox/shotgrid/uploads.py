"""Attachments: rows for uploaded and linked files, and the pictures made from them."""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import json
import mimetypes
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.dates import now_text
from onepiece_server.sandbox.shotgrid.events import Events
from onepiece_server.sandbox.shotgrid.faults import Fault, field_missing
from onepiece_server.sandbox.shotgrid.model import EntityType, Field
from onepiece_server.sandbox.shotgrid.site import Caller, Site
from onepiece_server.sandbox.shotgrid.transcoder import Job
from onepiece_server.sandbox.shotgrid.values import checked_text

# The names that the client gives to the two picture fields.
_PICTURES = {
    "image": "image",
    "thumb_image": "image",
    "filmstrip_image": "filmstrip_image",
    "filmstrip_thumb_image": "filmstrip_image",
}


def attach(
    connection: sqlite3.Connection,
    caller: Caller,
    entity: EntityType,
    row_id: int,
    field: Field,
    value: dict[str, Any],
    size_bytes: int | None = None,
) -> int:
    """Put a file/link value into a row's field; the id of its Attachment."""
    own = entity.name == "Attachment" and field.name == "this_file"
    attachment_id = (
        row_id if own else _new_attachment(connection, caller, value["name"], _project_of(connection, entity, row_id))
    )
    kept = json.dumps({"id": attachment_id, **value}, separators=(",", ":"))
    name = value["name"]
    connection.execute(
        "UPDATE Attachment SET this_file=?, filename=?, original_fname=?, file_extension=?, file_size=?, "
        "display_name=COALESCE(display_name, ?), cached_display_name=COALESCE(display_name, ?), "
        "processing_status='Done' WHERE id=?",
        [kept, name, name, PurePosixPath(name).suffix.lstrip(".") or None, size_bytes, name, name, attachment_id],
    )
    if not own:
        connection.execute(
            f"UPDATE {quoted(entity.name)} SET {quoted(field.name)}=? WHERE id=?",
            [kept, row_id],
        )
        _link(connection, attachment_id, entity.name, row_id)
    return attachment_id


def _new_attachment(connection: sqlite3.Connection, caller: Caller, name: str, project_id: int | None) -> int:
    now = now_text()
    cursor = connection.execute(
        "INSERT INTO Attachment (display_name, project__type, project__id, created_at, updated_at, created_by__type, "
        "created_by__id, updated_by__type, updated_by__id) VALUES (?,?,?,?,?,?,?,?,?)",
        [name, project_id and "Project", project_id, now, now, *(caller.user_type, caller.user_id) * 2],
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _link(connection: sqlite3.Connection, attachment_id: int, entity_type: str, row_id: int) -> None:
    connection.execute(
        'INSERT OR IGNORE INTO "__links" VALUES (?,?,?,?,1)',
        ["Attachment.attachment_links", attachment_id, entity_type, row_id],
    )


def _project_of(connection: sqlite3.Connection, entity: EntityType, row_id: int) -> int | None:
    if "project" not in entity.fields:
        return row_id if entity.name == "Project" else None
    found = connection.execute(f"SELECT project__id FROM {quoted(entity.name)} WHERE id=?", [row_id]).fetchone()
    return found[0] if found else None


@dataclass(frozen=True)
class Upload:
    """A file that has arrived and where it belongs.

    Attributes:
        file: its name in the file store.
        field_name: None links it to the row without a field.
    """

    entity_type: str
    entity_id: str
    file: str
    filename: str
    field_name: str | None
    display_name: str | None = None


def link_upload(site: Site, caller: Caller, upload: Upload) -> int:
    """Put an uploaded file into a field of a row; the Attachment's id.

    Raises:
        Fault: there is no such row or field.
    """
    filename = PurePosixPath(upload.filename.replace("\\", "/")).name or "file"
    value: dict[str, Any] = {
        "link_type": "upload",
        "name": checked_text(upload.display_name or filename, "display_name", "upload"),
        "content_type": mimetypes.guess_type(filename)[0],
        "file": upload.file,
    }
    attachments = site.schema.entities["Attachment"]
    with site.database.write() as connection:
        row = Row(*_target(site, connection, upload.entity_type, upload.entity_id))
        if upload.field_name in _PICTURES:
            return _set_picture(site, connection, caller, row, _PICTURES[upload.field_name], value)
        size = site.files.size_bytes(upload.file)
        if upload.field_name is None:
            attachment_id = _own_attachment(site, connection, caller, row, value)
            _link(connection, attachment_id, row.entity.name, row.id)
        else:
            field = row.entity.fields.get(upload.field_name)
            if field is None or field.data_type != "url":
                raise field_missing("upload", row.entity.name, upload.field_name[:100])
            attachment_id = attach(connection, caller, row.entity, row.id, field, value, size)
            Events(connection, caller).uploaded(row.entity, row.id, field, value["name"])
        Events(connection, caller).created(attachments, attachment_id, value["name"], row.project(connection))
        job = _movie_picture(site, connection, caller, row, upload, value)
    if job is not None:
        site.transcoder.add(job)
    return attachment_id


@dataclass(frozen=True)
class Row:
    entity: EntityType
    id: int

    def project(self, connection: sqlite3.Connection) -> int | None:
        return _project_of(connection, self.entity, self.id)


def _own_attachment(site: Site, connection: sqlite3.Connection, caller: Caller, row: Row, value: dict[str, Any]) -> int:
    """An Attachment that holds a file itself."""
    attachments = site.schema.entities["Attachment"]
    attachment_id = _new_attachment(connection, caller, value["name"], row.project(connection))
    size = site.files.size_bytes(value["file"])
    attach(connection, caller, attachments, attachment_id, attachments.fields["this_file"], value, size)
    return attachment_id


def _movie_picture(
    site: Site, connection: sqlite3.Connection, caller: Caller, row: Row, upload: Upload, value: dict[str, Any]
) -> Job | None:
    """An uploaded movie gives its Version a thumbnail, when it has none and once it is made."""
    kind = (value["content_type"] or "").split("/")[0]
    if row.entity.name != "Version" or upload.field_name != "sg_uploaded_movie" or kind not in ("video", "image"):
        return None
    has_one = connection.execute("SELECT image FROM Version WHERE id=?", [row.id]).fetchone()[0] is not None
    if has_one:
        return None
    picture = _own_attachment(site, connection, caller, row, value)
    ready_at = time.time() + site.options.thumbnail_seconds
    connection.execute('INSERT INTO "__thumbnails" VALUES (?,NULL,?,?,0)', [picture, upload.file, ready_at])
    connection.execute("UPDATE Version SET image=? WHERE id=?", [picture, row.id])
    return Job(picture, upload.file, upload.filename)


def _target(site: Site, connection: sqlite3.Connection, entity_type: str, entity_id: str) -> tuple[EntityType, int]:
    entity = site.schema.entity(entity_type, "upload")
    if not entity_id.isascii() or not entity_id.isdigit() or len(entity_id) > 18:
        raise Fault(f"Invalid entity id '{entity_id[:60]}'.")
    sql = f'SELECT 1 FROM {quoted(entity.name)} WHERE id=? AND "__retired"=0'
    if connection.execute(sql, [int(entity_id)]).fetchone() is None:
        raise Fault(f"Entity of type [{entity.name}] with id={entity_id} does not exist.")
    return entity, int(entity_id)


def _set_picture(
    site: Site, connection: sqlite3.Connection, caller: Caller, row: Row, field_name: str, value: dict[str, Any]
) -> int:
    """An uploaded picture is its own thumbnail."""
    field = row.entity.fields.get(field_name)
    if field is None:
        raise field_missing("upload", row.entity.name, field_name)
    attachment_id = _own_attachment(site, connection, caller, row, value)
    ready_at = time.time() + site.options.thumbnail_seconds
    connection.execute('INSERT INTO "__thumbnails" VALUES (?,?,NULL,?,0)', [attachment_id, value["file"], ready_at])
    connection.execute(
        f"UPDATE {quoted(row.entity.name)} SET {quoted(field_name)}=? WHERE id=?", [attachment_id, row.id]
    )
    Events(connection, caller).uploaded(row.entity, row.id, field, value["name"])
    return attachment_id


def file_of(site: Site, attachment_id: int) -> tuple[Path, str, str | None] | None:
    """Path, name and content type of an uploaded file; None when the Attachment is no upload."""
    with site.database.read() as connection:
        found = connection.execute("SELECT this_file FROM Attachment WHERE id=?", [attachment_id]).fetchone()
    kept = json.loads(found[0]) if found and found[0] else {}
    if kept.get("link_type") != "upload":
        return None
    return site.files.path(kept["file"]), kept["name"], kept["content_type"]


def share_picture(site: Site, source: str, targets: list[str], field_name: str) -> int | None:
    """Give rows (``Version_12``) the picture of another; its Attachment's id, None when it has none yet."""
    with site.database.write() as connection:
        entity, row_id = _named(site, connection, source)
        sql = f"SELECT {quoted(field_name)} FROM {quoted(entity.name)} WHERE id=?"
        attachment_id: int | None = connection.execute(sql, [row_id]).fetchone()[0]
        if attachment_id is None:
            return None
        for target in targets:
            other, other_id = _named(site, connection, target)
            if field_name not in other.fields:
                raise field_missing("share_thumbnail", other.name, field_name)
            connection.execute(
                f"UPDATE {quoted(other.name)} SET {quoted(field_name)}=? WHERE id=?",
                [attachment_id, other_id],
            )
    return attachment_id


def _named(site: Site, connection: sqlite3.Connection, text: str) -> tuple[EntityType, int]:
    kind, _, number = text.rpartition("_")
    return _target(site, connection, kind, number)
