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

from onepiece_server.sandbox.shotgrid.model import ENTITY, EntityType, Field, Schema
from onepiece_server.sandbox.shotgrid.values import SQL_TYPES, TEXT_TYPES

# Fields that queries combine with the project, newest first or by status.
_WITH_PROJECT = ("created_at", "sg_status_list")

_OWN_TABLES = """
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
CREATE TABLE IF NOT EXISTS "__upload_links" (token TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS "__media_jobs" (
    id INTEGER PRIMARY KEY AUTOINCREMENT, entity_type TEXT NOT NULL, row_id INTEGER NOT NULL, file TEXT NOT NULL,
    filename TEXT NOT NULL, pictures TEXT NOT NULL, is_movie INTEGER NOT NULL,
    user_type TEXT NOT NULL, user_id INTEGER NOT NULL
);
"""


def quoted(name: str) -> str:
    """An identifier of our own schema in SQL."""
    return '"' + name.replace('"', '""') + '"'


def fold(text: str | None) -> str | None:
    """Unicode's idea of "the same but for case", for the text operators."""
    return None if text is None else text.casefold()


class Database:
    """Connections to one database file; each thread has its own."""

    def __init__(self, path: Path, schema: Schema) -> None:
        self._path = path
        self._schema = schema
        self._local = threading.local()
        self._write_lock = threading.RLock()
        self._all: list[sqlite3.Connection] = []
        with self.write() as connection:
            create_tables(connection, schema)

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # Closed by another thread than the one that made it, at the very end.
            connection = sqlite3.connect(self._path, timeout=20, isolation_level=None, check_same_thread=False)
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
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        for connection in self._all:
            connection.close()
        self._all.clear()


def create_tables(connection: sqlite3.Connection, schema: Schema) -> None:
    """Make what is missing: tables, columns of a newer schema, indexes."""
    for statement in _OWN_TABLES.split(";"):
        if statement.strip():
            connection.execute(statement)
    for entity in schema.entities.values():
        _create_table(connection, entity)
        for statement in _indexes(entity, schema):
            connection.execute(statement)


def _create_table(connection: sqlite3.Connection, entity: EntityType) -> None:
    columns = [column for field in entity.fields.values() for column in _columns(field)]
    table = quoted(entity.name)
    # AUTOINCREMENT: an id is never given twice, as on a real site.
    first = '"id" INTEGER PRIMARY KEY AUTOINCREMENT, "__retired" INTEGER NOT NULL DEFAULT 0'
    connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({', '.join([first, *columns])})")
    known = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    for column in columns:
        if column.split('"')[1] not in known:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column}")


def _columns(field: Field) -> list[str]:
    if field.name == "id" or field.is_many:
        return []
    if field.storage == ENTITY:
        return [f'"{field.name}__type" TEXT', f'"{field.name}__id" INTEGER']
    collate = " COLLATE NOCASE" if field.data_type in TEXT_TYPES else ""
    return [f'"{field.name}" {SQL_TYPES.get(field.data_type, "TEXT")}{collate}']


def _indexes(entity: EntityType, schema: Schema) -> list[str]:
    wanted: list[tuple[str, ...]] = [(entity.display,)] if entity.display != "id" else []
    if "created_at" in entity.fields:
        wanted.append(("created_at",))
    if "project" in entity.fields:
        wanted.append(("project__id", "id"))
        wanted += [("project__id", name) for name in _WITH_PROJECT if name in entity.fields]
    for field in entity.fields.values():
        if field.path in schema.indexed_links:
            wanted.append((f"{field.name}__id", f"{field.name}__type"))
        if field.unique and field.name != entity.display:
            wanted.append((field.name,))
    return [
        f"CREATE INDEX IF NOT EXISTS {quoted('__'.join((entity.name, *columns)))} "
        f"ON {quoted(entity.name)} ({', '.join(quoted(column) for column in columns)})"
        for columns in wanted
    ]
