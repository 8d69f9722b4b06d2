"""The parts of one site, and the circumstances of one call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from onepiece_server.sandbox.shotgrid.database import Database
from onepiece_server.sandbox.shotgrid.files import FileStore
from onepiece_server.sandbox.shotgrid.model import Schema, load_schema
from onepiece_server.sandbox.shotgrid.transcoder import Job, Transcoder

# The version that we say we are: high enough for every gate of the client.
VERSION = (8, 98, 0)
PAGE_SIZE = 5000


@dataclass(frozen=True)
class Site:
    schema: Schema
    database: Database
    files: FileStore
    transcoder: Transcoder
    script_name: str
    direct_uploads: bool = True
    thumbnail_seconds: float = 0.0

    def close(self) -> None:
        self.transcoder.close()
        self.database.close()


@dataclass(frozen=True)
class Caller:
    """Who asks, and under which address he sees the site."""

    user_type: str
    user_id: int
    base_url: str
    session_uuid: str | None = None

    @property
    def is_script(self) -> bool:
        return self.user_type == "ApiUser"


def open_site(folder: Path, *, script_name: str, direct_uploads: bool = True, thumbnail_seconds: float = 0.0) -> Site:
    """Open the site kept in ``folder``, or make an empty one there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    schema = load_schema()
    database = Database(folder / "site.sqlite", schema)
    files = FileStore(folder / "files")
    transcoder = Transcoder(database, files)
    with database.read() as connection:
        waiting = connection.execute(
            'SELECT t.attachment_id, t.source, a.filename FROM "__thumbnails" AS t JOIN Attachment AS a '
            "ON a.id = t.attachment_id WHERE t.file IS NULL AND t.source IS NOT NULL"
        ).fetchall()
    for attachment_id, source, filename in waiting:
        transcoder.add(Job(attachment_id, source, filename))
    return Site(
        schema=schema,
        database=database,
        files=files,
        transcoder=transcoder,
        script_name=script_name,
        direct_uploads=direct_uploads,
        thumbnail_seconds=thumbnail_seconds,
    )
