"""Attachments: rows for uploaded and linked files, and the pictures made from them."""

from __future__ import annotations

import json
import mimetypes
import sqlite3
import time
from pathlib import Path, PurePosixPath
from typing import Any

from onepiece_server.sandbox.shotgrid.database import quoted
from onepiece_server.sandbox.shotgrid.dates import now_text
from onepiece_server.sandbox.shotgrid.events import Events
from onepiece_server.sandbox.shotgrid.faults import Fault, field_missing
from onepiece_server.sandbox.shotgrid.model import EntityType, Field
from onepiece_server.sandbox.shotgrid.site import Caller, Site
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
        "display_name=COALESCE(display_name, ?), cached_display_name=COALESCE(display_name, ?), processing_status='Done' WHERE id=?",
        [kept, name, name, PurePosixPath(name).suffix.lstrip(".") or None, size_bytes, name, name, attachment_id],
    )
    if not own:
        connection.execute(
            f"UPDATE {quoted(entity.name)} SET {quoted(field.name)}=? WHERE id=?",  # noqa: S608
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
    found = connection.execute(f"SELECT project__id FROM {quoted(entity.name)} WHERE id=?", [row_id]).fetchone()  # noqa: S608
    return found[0] if found else None


def link_upload(
    site: Site,
    caller: Caller,
    *,
    entity_type: str,
    entity_id: str,
    file: str,
    filename: str,
    field_name: str | None,
    display_name: str | None = None,
) -> int:
    """Put an uploaded file (a name in the file store) into a field of a row; the Attachment's id.

    Raises:
        Fault: there is no such row or field.
    """
    filename = checked_text(PurePosixPath(filename.replace("\\", "/")).name or "file", "filename", "upload")
    with site.database.write() as connection:
        entity, row_id = _target(site, connection, entity_type, entity_id)
        size = site.files.size_bytes(file)
        value = {
            "link_type": "upload",
            "name": checked_text(display_name, "display_name", "upload") if display_name else filename,
            "content_type": mimetypes.guess_type(filename)[0],
            "file": file,
        }
        if field_name in _PICTURES:
            return _set_picture(site, connection, caller, entity, row_id, _PICTURES[field_name], value, size)
        if field_name is None:
            attachment_id = _new_attachment(connection, caller, value["name"], _project_of(connection, entity, row_id))
            this_file = site.schema.entities["Attachment"].fields["this_file"]
            attach(connection, caller, site.schema.entities["Attachment"], attachment_id, this_file, value, size)
            _link(connection, attachment_id, entity.name, row_id)
        else:
            field = entity.fields.get(field_name)
            if field is None or field.data_type != "url":
                raise field_missing("upload", entity.name, field_name[:100])
            attachment_id = attach(connection, caller, entity, row_id, field, value, size)
        Events(connection, caller).created(site.schema.entities["Attachment"], attachment_id, value["name"], None)
        return attachment_id


def _target(site: Site, connection: sqlite3.Connection, entity_type: str, entity_id: str) -> tuple[EntityType, int]:
    entity = site.schema.entity(entity_type, "upload")
    if not entity_id.isascii() or not entity_id.isdigit() or len(entity_id) > 18:
        raise Fault(f"Invalid entity id '{entity_id[:60]}'.")
    sql = f'SELECT 1 FROM {quoted(entity.name)} WHERE id=? AND "__retired"=0'  # noqa: S608
    if connection.execute(sql, [int(entity_id)]).fetchone() is None:
        raise Fault(f"Entity of type [{entity.name}] with id={entity_id} does not exist.")
    return entity, int(entity_id)


def _set_picture(
    site: Site,
    connection: sqlite3.Connection,
    caller: Caller,
    entity: EntityType,
    row_id: int,
    field_name: str,
    value: dict[str, Any],
    size_bytes: int,
) -> int:
    if field_name not in entity.fields:
        raise field_missing("upload", entity.name, field_name)
    attachments = site.schema.entities["Attachment"]
    attachment_id = _new_attachment(connection, caller, value["name"], _project_of(connection, entity, row_id))
    attach(connection, caller, attachments, attachment_id, attachments.fields["this_file"], value, size_bytes)
    ready_at = time.time() + site.thumbnail_seconds
    connection.execute('INSERT INTO "__thumbnails" VALUES (?,?,?,0)', [attachment_id, value["file"], ready_at])
    connection.execute(
        f"UPDATE {quoted(entity.name)} SET {quoted(field_name)}=? WHERE id=?",  # noqa: S608
        [attachment_id, row_id],
    )
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
        sql = f"SELECT {quoted(field_name)} FROM {quoted(entity.name)} WHERE id=?"  # noqa: S608
        attachment_id: int | None = connection.execute(sql, [row_id]).fetchone()[0]
        if attachment_id is None:
            return None
        for target in targets:
            other, other_id = _named(site, connection, target)
            if field_name not in other.fields:
                raise field_missing("share_thumbnail", other.name, field_name)
            connection.execute(
                f"UPDATE {quoted(other.name)} SET {quoted(field_name)}=? WHERE id=?",  # noqa: S608
                [attachment_id, other_id],
            )
    return attachment_id


def _named(site: Site, connection: sqlite3.Connection, text: str) -> tuple[EntityType, int]:
    kind, _, number = text.rpartition("_")
    return _target(site, connection, kind, number)
