"""The site's database: SQLite in WAL mode, one table an entity type, typed columns, one link table.

One writer at a time (a lock in the process, BEGIN IMMEDIATE in the file); readers never wait for it. A killed
process leaves whole transactions only. ``synchronous`` is NORMAL: an acknowledged write survives the death of
the process; only a power cut may take the last ones.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onepiece_core.errors import SandboxDataUnusable
from onepiece_server.sandbox.shotgrid.database_version import claim, told_when_unusable
from onepiece_server.sandbox.shotgrid.folding import folded
from onepiece_server.sandbox.shotgrid.model import ENTITY, EntityType, Field, Schema
from onepiece_server.sandbox.shotgrid.values import SQL_TYPES, TEXT_TYPES

# What every table has, whatever the schema says: writing a row notes who and when.
_STAMPS = {
    "cached_display_name": '"cached_display_name" TEXT COLLATE NOCASE',
    "created_at": '"created_at" TEXT',
    "created_by__type": '"created_by__type" TEXT',
    "created_by__id": '"created_by__id" INTEGER',
    "updated_at": '"updated_at" TEXT',
    "updated_by__type": '"updated_by__type" TEXT',
    "updated_by__id": '"updated_by__id" INTEGER',
}
# What happened to a row: streams and daemons ask for it.
_EVENTS_OF = "EventLogEntry.entity"
# SQLite appends the id in ascending order: the newest rows, those of one second by id, are read off the index.
_NEWEST_FIRST = "created_at DESC"
# Fields that queries combine with the project.
_WITH_PROJECT = (_NEWEST_FIRST, "sg_status_list")

_OWN_TABLES = """
CREATE TABLE IF NOT EXISTS "__fields" (
    entity_type TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, definition TEXT NOT NULL,
    PRIMARY KEY (entity_type, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS "__hidden_fields" (
    entity_type TEXT NOT NULL, name TEXT NOT NULL, project_id INTEGER NOT NULL,
    PRIMARY KEY (entity_type, name, project_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS "__links" (
    relation TEXT NOT NULL, a_id INTEGER NOT NULL, b_type TEXT NOT NULL, b_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (relation, a_id, b_type, b_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS "__links_back" ON "__links" (relation, b_type, b_id, a_id);
CREATE TABLE IF NOT EXISTS "__secrets" (
    user_type TEXT NOT NULL, user_id INTEGER NOT NULL, salt BLOB NOT NULL, digest BLOB NOT NULL,
    PRIMARY KEY (user_type, user_id)
);
CREATE TABLE IF NOT EXISTS "__sessions" (
    digest BLOB PRIMARY KEY, user_type TEXT NOT NULL, user_id INTEGER NOT NULL, created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS "__uploads" (
    token TEXT PRIMARY KEY, kind TEXT NOT NULL, filename TEXT NOT NULL, created_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS "__thumbnails" (
    attachment_id INTEGER PRIMARY KEY, file TEXT, source TEXT, ready_at REAL NOT NULL, seen INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS "__follows" (
    id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, entity_type TEXT NOT NULL, entity_id INTEGER NOT NULL,
    UNIQUE (user_id, entity_type, entity_id)
);
CREATE INDEX IF NOT EXISTS "__follows_back" ON "__follows" (entity_type, entity_id);
CREATE TABLE IF NOT EXISTS "__last_accessed" (
    user_id INTEGER NOT NULL, project_id INTEGER NOT NULL, accessed_at TEXT NOT NULL,
    PRIMARY KEY (user_id, project_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS "__work_days" (
    day TEXT NOT NULL, project_id INTEGER NOT NULL, user_id INTEGER NOT NULL, working INTEGER NOT NULL,
    description TEXT, PRIMARY KEY (day, project_id, user_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS "__subscriptions" (
    user_id INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, is_list INTEGER NOT NULL,
    PRIMARY KEY (user_id, position)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS "__upload_links" (token TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS "__media_jobs" (
    id INTEGER PRIMARY KEY AUTOINCREMENT, entity_type TEXT NOT NULL, row_id INTEGER NOT NULL, file TEXT NOT NULL,
    filename TEXT NOT NULL, pictures TEXT NOT NULL, is_movie INTEGER NOT NULL,
    user_type TEXT NOT NULL, user_id INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS "__seeds" (
    project_id INTEGER PRIMARY KEY, shots INTEGER NOT NULL, versions INTEGER NOT NULL, seed INTEGER NOT NULL,
    until TEXT NOT NULL, thumbnails INTEGER NOT NULL, done INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS "__seed_runs" (
    project_id INTEGER NOT NULL, step INTEGER NOT NULL, entity_type TEXT NOT NULL,
    first_id INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (project_id, step, entity_type)
) WITHOUT ROWID;
"""


def quoted(name: str) -> str:
    """An identifier of our own schema in SQL."""
    return '"' + name.replace('"', '""') + '"'


def fold(text: str | None) -> str | None:
    """The text operators' idea of "the same but for case", as a function of SQL."""
    return None if text is None else folded(text)


class Database:
    """Connections to one database file; each thread has its own.

    Raises:
        SandboxDataUnusable: the file is damaged, of a newer version or not ours.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.version = 0  # of the data; another one after each write
        self._local = threading.local()
        self._write_lock = threading.RLock()
        self._all: list[sqlite3.Connection] = []
        try:
            with told_when_unusable(path), self.write() as connection:
                claim(connection, path)
                for statement in _OWN_TABLES.split(";"):
                    if statement.strip():
                        connection.execute(statement)
        except SandboxDataUnusable:
            self.close()
            raise

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # Closed by another thread than the one that made it, at the very end.
            connection = sqlite3.connect(self.path, timeout=20, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA cache_size=-8000")
            connection.create_function("fold", 1, fold, deterministic=True)
            self._local.connection = connection
            self._all.append(connection)
        return connection

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state of the database throughout."""
        connection = self._connection()
        if connection.in_transaction:
            yield connection
            return
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it, or none of it when the block raises."""
        with self._write_lock:
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                self.version += 1  # neither what was nor what will be: nothing found out meanwhile is kept
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                self.version += 1

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody else writes meanwhile, also between two transactions."""
        with self._write_lock:
            yield

    def close(self) -> None:
        for connection in self._all:
            connection.close()
        self._all.clear()


def create_tables(connection: sqlite3.Connection, schema: Schema, stock: Schema) -> None:
    """Make what is missing: tables, columns of a newer schema, indexes.

    Args:
        stock: what the site's own code may name in SQL, whatever the site's schema says.

    Raises:
        SandboxDataUnusable: a column that is there holds another type.
    """
    for name in {**schema.entities, **stock.entities}:
        columns: dict[str, str] = {}
        for entity in (stock.entities.get(name), schema.entities.get(name)):
            for field in entity.fields.values() if entity else ():
                columns |= {column.lower(): f"{quoted(column)} {kind}" for column, kind in columns_of(field)}
        _create_table(connection, name, [*({**_STAMPS, **columns}).values()])
    for entity in schema.entities.values():
        for statement in _indexes(entity, schema):
            connection.execute(statement)


def _create_table(connection: sqlite3.Connection, name: str, columns: list[str]) -> None:
    table = quoted(name)
    # AUTOINCREMENT: an id is never given twice, as on a real site.
    first = '"id" INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0'
    connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({', '.join([first, *columns])})")
    known = {row[1].lower(): row[2] for row in connection.execute(f"PRAGMA table_info({table})")}
    for column in columns:
        key, kind = column.split('"')[1].lower(), column.split()[1]
        if key not in known:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
        elif known[key] != kind:
            raise SandboxDataUnusable(f"the site's data has {name}.{key} as {known[key]}, its schema as {kind}")


def add_field(connection: sqlite3.Connection, field: Field) -> None:
    """The columns of a new field; the rows that are there get its empty value."""
    known = {row[1].lower() for row in connection.execute(f"PRAGMA table_info({quoted(field.entity_type)})")}
    for column, kind in columns_of(field):
        if column.lower() not in known:
            connection.execute(f"ALTER TABLE {quoted(field.entity_type)} ADD COLUMN {quoted(column)} {kind}")


def columns_of(field: Field) -> list[tuple[str, str]]:
    """A field's columns, each with its type and what else SQL says of it."""
    if field.name == "id" or field.is_many:
        return []
    if field.storage == ENTITY:
        return [(f"{field.name}__type", "TEXT"), (f"{field.name}__id", "INTEGER")]
    if field.data_type == "checkbox":  # never empty
        return [(field.name, f"INTEGER DEFAULT {int(field.default is True)}")]
    collate = " COLLATE NOCASE" if field.data_type in TEXT_TYPES else ""
    return [(field.name, SQL_TYPES.get(field.data_type, "TEXT") + collate)]


def _indexes(entity: EntityType, schema: Schema) -> list[str]:
    wanted: list[tuple[str, ...]] = [(entity.display,)] if entity.display != "id" else []
    if "created_at" in entity.fields:
        wanted.append((_NEWEST_FIRST,))
    if "project" in entity.fields:
        wanted.append(("project__id", "id"))
        wanted += [("project__id", name) for name in _WITH_PROJECT if name.split()[0] in entity.fields]
    for field in entity.fields.values():
        if field.path in schema.indexed_links or field.path == _EVENTS_OF:
            wanted.append((f"{field.name}__id", f"{field.name}__type"))
        if field.unique and field.name != entity.display:
            wanted.append((field.name,))
    statements = [
        f"CREATE INDEX IF NOT EXISTS {quoted('__'.join((entity.name, *columns)))} "
        f"ON {quoted(entity.name)} ({', '.join(_indexed(column) for column in columns)})"
        for columns in wanted
    ]
    # Few rows are retired: with these known, all others are counted without a look at each.
    retired = f'{quoted(entity.name + "__retired")} ON {quoted(entity.name)} ("__retired") WHERE "__retired"=1'
    return [*statements, f"CREATE INDEX IF NOT EXISTS {retired}"]


def _indexed(column: str) -> str:
    name, _, direction = column.partition(" ")
    return f"{quoted(name)} {direction}".rstrip()
