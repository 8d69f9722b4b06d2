"""The parts of one site, and the circumstances of one call."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from onepiece_server.sandbox.shotgrid.database import Database, create_tables
from onepiece_server.sandbox.shotgrid.database_version import told_when_unusable
from onepiece_server.sandbox.shotgrid.files import FileStore
from onepiece_server.sandbox.shotgrid.model import Raw, Schema, load_schema
from onepiece_server.sandbox.shotgrid.remembered import Remembered
from onepiece_server.sandbox.shotgrid.schema_store import base_schema, schema_now
from onepiece_server.sandbox.shotgrid.transcoder import Transcoder

# The version that we say we are: high enough for every gate of the client.
VERSION = (8, 98, 0)
PAGE_SIZE = 5000
_THREADS = 8

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class SiteOptions:
    """How a site behaves; all of it can be told on the server's command line.

    Attributes:
        direct_uploads: the client sends files to an upload address; False: in a form.
        thumbnail_seconds: how long a new picture is shown as pending.
        time_zone: whose days, weeks, months and years the relative date operators mean (an IANA name).
        schema_file: a schema read from a real site, instead of the stock one.
    """

    script_name: str
    direct_uploads: bool = True
    thumbnail_seconds: float = 0.0
    time_zone: str = "UTC"
    schema_file: Path | None = None


class LiveSchema:
    """The schema of now. A change of fields puts another one in its place; a call goes on with the one it has.

    Attributes:
        base: what the site started from; the changes since are in its database.
    """

    def __init__(self, schema: Schema, base: Raw) -> None:
        self._schema = schema
        self.base = base

    @property
    def current(self) -> Schema:
        return self._schema

    def replace(self, schema: Schema) -> None:
        """Whoever replaces it holds the database's writing lock."""
        self._schema = schema


class HeldPictures:
    """A planned fault: new pictures stay pending."""

    def __init__(self) -> None:
        self._since = math.inf

    def hold(self, is_held: bool) -> None:
        self._since = min(self._since, time.time()) if is_held else math.inf

    def shown_until(self) -> float:
        """Pictures that were ready at this moment are shown."""
        return min(self._since, time.time())


@dataclass(frozen=True)
class Site:
    options: SiteOptions
    live_schema: LiveSchema
    database: Database
    files: FileStore
    transcoder: Transcoder
    held_pictures: HeldPictures = field(default_factory=HeldPictures)

    remembered: Remembered = field(default_factory=Remembered)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_THREADS, "site"))

    @property
    def schema(self) -> Schema:
        return self.live_schema.current

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do blocking work in one of the site's threads: each of them keeps a connection to the database."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, partial(work, *args, **kwargs))

    def close(self) -> None:
        self.transcoder.close()
        self.pool.shutdown()
        self.database.close()


@dataclass(frozen=True)
class Caller:
    """Who asks, and under which address he sees the site. What a silent one does leaves no events."""

    user_type: str
    user_id: int
    base_url: str
    session_uuid: str | None = None
    is_silent: bool = False

    @property
    def name(self) -> str:
        """In the journal of calls."""
        return f"{self.user_type} {self.user_id}"

    @property
    def is_script(self) -> bool:
        return self.user_type == "ApiUser"


def open_site(folder: Path, options: SiteOptions) -> Site:
    """Open the site kept in ``folder``, or make an empty one there.

    Raises:
        SandboxDataUnusable: its database is damaged, of a newer version or not ours.
        SandboxSchemaInvalid: the schema file is none.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    base = base_schema(folder, options.schema_file)
    database = Database(folder / "site.sqlite")
    with told_when_unusable(database.path), database.write() as connection:
        schema = schema_now(connection, base)
        create_tables(connection, schema, load_schema())
    files = FileStore(folder / "files")
    site = Site(
        options=options,
        live_schema=LiveSchema(schema, base),
        database=database,
        files=files,
        transcoder=Transcoder(),
    )
    site.transcoder.start(site)
    return site
