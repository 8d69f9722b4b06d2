"""File/link fields and pictures.

A ``url`` column keeps JSON: ``{"id", "link_type", "name", "content_type"}`` and ``url`` (web), ``file`` (upload)
or ``storage`` and ``relative_path`` (local). Each such value has its own Attachment row, as on a real site.
"""

# ruff: noqa: S608 - every name put into SQL is one of our own schema; what callers send is bound
from __future__ import annotations

import json
import mimetypes
import sqlite3
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from onepiece_server.sandbox.shotgrid.database import Database, quoted
from onepiece_server.sandbox.shotgrid.dates import now_text
from onepiece_server.sandbox.shotgrid.faults import Fault, type_fault
from onepiece_server.sandbox.shotgrid.faults import shown as short
from onepiece_server.sandbox.shotgrid.links import chunks
from onepiece_server.sandbox.shotgrid.model import EntityType, Field
from onepiece_server.sandbox.shotgrid.values import checked_text

if TYPE_CHECKING:
    from onepiece_server.sandbox.shotgrid.site import Caller

PENDING = "images/status/transient/thumbnail_pending.png"
_PLATFORMS = (
    ("linux_path", "local_path_linux"),
    ("mac_path", "local_path_mac"),
    ("windows_path", "local_path_windows"),
)

Storages = dict[int, dict[str, Any]]


def storages(connection: sqlite3.Connection) -> Storages:
    """The site's local storages by id."""
    rows = connection.execute(
        'SELECT id, code, linux_path, mac_path, windows_path FROM LocalStorage WHERE "__retired"=0'
    )
    return {
        row[0]: dict(zip(("id", "code", "linux_path", "mac_path", "windows_path"), row, strict=True)) for row in rows
    }


def shown(column: str | None, known: Storages, base_url: str) -> dict[str, Any] | None:
    """A ``url`` column as the wire shows it."""
    if column is None:
        return None
    kept = json.loads(column)
    value = {
        "type": "Attachment",
        "id": kept["id"],
        "name": kept["name"],
        "content_type": kept["content_type"],
        "link_type": kept["link_type"],
    }
    if kept["link_type"] == "local":
        return value | _local(kept, known)
    if kept["link_type"] == "upload":
        return value | {"url": f"{base_url}/file_serve/attachment/{kept['id']}"}
    return value | {"url": kept["url"]}


def _local(kept: dict[str, Any], known: Storages) -> dict[str, Any]:
    storage = known.get(kept["storage"], {})
    paths = {}
    for column, key in _PLATFORMS:
        root = storage.get(column)
        path = None if not root else f"{root.rstrip('/')}/{kept['relative_path']}"
        paths[key] = path.replace("/", "\\") if path and column == "windows_path" else path
    link = {"type": "LocalStorage", "id": kept["storage"], "name": storage.get("code")}
    return {
        "local_storage": link,
        "relative_path": kept["relative_path"],
        **paths,
        "url": f"file://{paths['local_path_linux']}",
    }


def parsed(field: Field, value: Any, known: Storages, method: str) -> dict[str, Any] | None:
    """What a caller wrote to a file/link field, in the form that is kept (without the Attachment's id)."""
    if value is None:
        return None
    if isinstance(value, str):
        value = {"url": value}
    if not isinstance(value, dict):
        raise type_fault(method, field.path, ["Hash", "NilClass"], value)
    for key in ("url", "name", "content_type", "local_path", "relative_path"):
        if value.get(key) is not None:
            if not isinstance(value[key], str):
                raise type_fault(method, f"{field.path}.{key}", ["String", "NilClass"], value[key])
            checked_text(value[key], field.path, method)
    if value.get("relative_path") is not None:
        return _in_storage(field, value, known, method)
    if value.get("local_path") is not None:
        return _by_path(value, known, method)
    if not value.get("url"):
        raise Fault(f"API {method}() {field.path} expected a 'url', 'local_path' or 'relative_path': {short(value)}")
    name = value.get("name") or PurePosixPath(value["url"]).name or value["url"]
    return {"link_type": "web", "name": name, "content_type": value.get("content_type"), "url": value["url"]}


def _in_storage(field: Field, value: dict[str, Any], known: Storages, method: str) -> dict[str, Any]:
    storage = value.get("local_storage") or value.get("storage")
    storage_id = storage.get("id") if isinstance(storage, dict) else None
    if isinstance(storage, dict) and storage_id is None:
        storage_id = next((one["id"] for one in known.values() if one["code"] == storage.get("name")), None)
    if not isinstance(storage_id, int) or storage_id not in known:
        raise Fault(
            f"API {method}() {field.path}: local_storage {short(storage)} doesn't match any defined Local Storage."
        )
    return _local_value(value, storage_id, value["relative_path"].replace("\\", "/").lstrip("/"))


def _by_path(value: dict[str, Any], known: Storages, method: str) -> dict[str, Any]:
    path = value["local_path"]
    plain = path.replace("\\", "/")
    best: tuple[int, int, str] | None = None
    for storage in known.values():
        for column, _ in _PLATFORMS:
            root = (storage[column] or "").replace("\\", "/").rstrip("/")
            if root and (plain == root or plain.startswith(root + "/")) and (best is None or len(root) > best[0]):
                best = (len(root), storage["id"], plain[len(root) :].lstrip("/"))
    if best is None:
        raise Fault(
            f"API {method}() CRUD ERROR #6: {method.capitalize()} failed for [Attachment]: "
            f"Path {path} doesn't match any defined Local Storage."
        )
    return _local_value(value, best[1], best[2])


def _local_value(value: dict[str, Any], storage_id: int, relative_path: str) -> dict[str, Any]:
    name = value.get("name") or PurePosixPath(relative_path).name
    content_type = value.get("content_type") or mimetypes.guess_type(name)[0]
    return {
        "link_type": "local",
        "name": name,
        "content_type": content_type,
        "storage": storage_id,
        "relative_path": relative_path,
    }


def attach(
    connection: sqlite3.Connection,
    caller: Caller,
    entity: EntityType,
    row_id: int,
    field: Field,
    value: dict[str, Any],
) -> int:
    """Put a file/link value into a row's field; the id of its Attachment.

    ``value`` is what :func:`parsed` answers, or an upload with its ``filename`` and ``size_bytes`` beside.
    """
    own = entity.name == "Attachment" and field.name == "this_file"
    name = value["name"]
    attachment_id = row_id if own else new_attachment(connection, caller, name, project_of(connection, entity, row_id))
    facts = ("filename", "size_bytes")
    kept = {"id": attachment_id} | {key: one for key, one in value.items() if key not in facts}
    column = json.dumps(kept, separators=(",", ":"))
    filename = value.get("filename", name)
    connection.execute(
        "UPDATE Attachment SET this_file=?, filename=?, original_fname=?, file_extension=?, file_size=?, "
        "display_name=COALESCE(display_name, ?), cached_display_name=COALESCE(display_name, ?), "
        "processing_status='Done' WHERE id=?",
        [
            column,
            filename,
            filename,
            PurePosixPath(filename).suffix.lstrip(".") or None,
            value.get("size_bytes"),
            name,
            name,
            attachment_id,
        ],
    )
    if not own:
        sql = f"UPDATE {quoted(entity.name)} SET {quoted(field.name)}=? WHERE id=?"
        connection.execute(sql, [column, row_id])
        link(connection, attachment_id, entity.name, row_id)
    return attachment_id


def new_attachment(connection: sqlite3.Connection, caller: Caller, name: str, project_id: int | None) -> int:
    """An Attachment that holds nothing yet."""
    now = now_text()
    cursor = connection.execute(
        "INSERT INTO Attachment (display_name, project__type, project__id, created_at, updated_at, created_by__type, "
        "created_by__id, updated_by__type, updated_by__id) VALUES (?,?,?,?,?,?,?,?,?)",
        [name, project_id and "Project", project_id, now, now, *(caller.user_type, caller.user_id) * 2],
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def link(connection: sqlite3.Connection, attachment_id: int, entity_type: str, row_id: int) -> None:
    """Show an Attachment among the files of a row."""
    connection.execute(
        'INSERT OR IGNORE INTO "__links" VALUES (?,?,?,?,1)',
        ["Attachment.attachment_links", attachment_id, entity_type, row_id],
    )


def project_of(connection: sqlite3.Connection, entity: EntityType, row_id: int) -> int | None:
    if "project" not in entity.fields:
        return row_id if entity.name == "Project" else None
    found = connection.execute(f"SELECT project__id FROM {quoted(entity.name)} WHERE id=?", [row_id]).fetchone()
    return found[0] if found else None


@dataclass(frozen=True)
class Pictures:
    """Addresses of pictures by Attachment id; ``fresh`` are those shown as pending for the first time."""

    urls: dict[int, str]
    fresh: set[int]


def pictures(connection: sqlite3.Connection, ids: set[int], base_url: str, until: float) -> Pictures:
    """What to show of the pictures that were ready at ``until``, and of those that were not."""
    urls: dict[int, str] = {}
    fresh: set[int] = set()
    for marks, chunk in chunks(sorted(ids)):
        rows = connection.execute(
            f'SELECT attachment_id, file, ready_at, seen FROM "__thumbnails" WHERE attachment_id IN ({marks})',
            chunk,
        )
        for attachment_id, file, ready_at, seen in rows:
            if seen and file and ready_at <= until:
                urls[attachment_id] = f"{base_url}/thumbnail/{file}"
            else:
                urls[attachment_id] = f"{base_url}/{PENDING}"
                if not seen:
                    fresh.add(attachment_id)
    return Pictures(urls, fresh)


def mark_seen(database: Database, ids: set[int]) -> None:
    with database.write() as connection:
        connection.executemany('UPDATE "__thumbnails" SET seen=1 WHERE attachment_id=?', [(one,) for one in ids])


# What browsers show, by how such a file begins.
_PICTURE_TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"GIF8": "image/gif"}


def picture_type(path: Path) -> str | None:
    """The content type of a picture that browsers show; None for any other file, whatever it is called."""
    with path.open("rb") as opened:
        head = opened.read(8)
    return next((kind for start, kind in _PICTURE_TYPES.items() if head.startswith(start)), None)
