"""The parts of one site, and the circumstances of one call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from onepiece_server.sandbox.shotgrid.database import Database
from onepiece_server.sandbox.shotgrid.files import FileStore
from onepiece_server.sandbox.shotgrid.model import Schema, load_schema
from onepiece_server.sandbox.shotgrid.transcoder import Job, Transcoder

# The version that we say we are: high enough for every gate of the client.
VERSION = (8, 98, 0)
PAGE_SIZE = 5000
_THREADS = 8

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Site:
    schema: Schema
    database: Database
    files: FileStore
    transcoder: Transcoder
    script_name: str
    direct_uploads: bool = True
    thumbnail_seconds: float = 0.0

    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_THREADS, "site"))

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do blocking work in one of the site's threads: each of them keeps a connection to the database."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, partial(work, *args, **kwargs))

    def close(self) -> None:
        self.transcoder.close()
        self.pool.shutdown()
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
