"""The record in PostgreSQL, for servers on several machines."""

from __future__ import annotations

import functools
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, TypeVar
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from onepiece_core.errors import ConfigError, ExtraMissing, RenderStoreFailed
from onepiece_core.render.sql_store import SCHEMA, SqlStore

T = TypeVar("T")

_SCHEMA = SCHEMA.format(key="bigint generated always as identity primary key", real="double precision")
# Whoever writes holds it: numbers of events grow in the order in which they can be read.
_WRITERS = 7_318_402_653
_PORT = 5432
_ANSWER_SECONDS = 30


def postgres_store(url: str) -> SqlStore:
    """``postgresql://USER:PASSWORD@HOST:PORT/NAME?sslmode=verify-full``; nothing is opened yet.

    A ``host`` that is a folder (``?host=/run/postgresql``) is that of the server's socket; ``sslrootcert`` a file
    with the certificates that ``verify-full`` trusts, instead of the system's. Raises ConfigError for what is no such
    address, and ExtraMissing.
    """
    try:
        import pg8000  # noqa: F401
    except ImportError as cause:
        raise ExtraMissing(
            "A record in PostgreSQL needs pg8000", hint="pip install 'onepiece-pipeline[postgres]'"
        ) from cause
    return SqlStore(PostgresDatabase(_arguments(url)))


class PostgresDatabase:
    """One connection that writes and one that reads, opened when they are needed and again after they broke."""

    kind: Literal["sqlite", "postgresql"] = "postgresql"

    def __init__(self, arguments: dict[str, Any]) -> None:
        """``arguments`` of pg8000's connect."""
        self._writer, self._reader = _Connection(arguments), _Connection(arguments)

    def rows(self, sql: str, *values: object) -> list[Any]:
        with self._reader as db:
            return db.first(lambda: db.rows(sql, *values))

    @contextmanager
    def change(self) -> Iterator[_Connection]:
        with self._writer as db:
            db.first(lambda: db.run("begin"))
            try:
                db.rows("select pg_advisory_xact_lock(?)", _WRITERS)
                yield db
                db.run("commit")
            except BaseException:
                db.roll_back()
                raise

    def now(self) -> float:
        return float(self.rows("select extract(epoch from clock_timestamp())::float8")[0][0])

    def has_room(self) -> bool:
        return True  # only its own machine knows

    def close(self) -> None:
        for connection in (self._writer, self._reader):
            with connection:
                connection.close()


class _Connection:
    """One thread at a time within ``with``. Raises RenderStoreFailed."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self._arguments = arguments
        self._lock = threading.RLock()
        self._db: Any = None

    def __enter__(self) -> _Connection:
        self._lock.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def first(self, call: Callable[[], T]) -> T:
        """The first call after a while: a connection that broke meanwhile is opened again."""
        was_open = self._db is not None
        try:
            return call()
        except RenderStoreFailed:
            self.close()
            if not was_open:
                raise
        return call()

    def rows(self, sql: str, *values: object) -> list[Any]:
        with self._translated():
            return list(self._execute(sql, values).fetchall())

    def run(self, sql: str, *values: object) -> int:
        with self._translated():
            return int(self._execute(sql, values).rowcount)

    def roll_back(self) -> None:
        try:
            self.run("rollback")
        except RenderStoreFailed:
            self.close()

    def close(self) -> None:
        broken, self._db = self._db, None
        if broken is not None:
            with suppress(Exception):  # whatever is wrong with it, it is not used any more
                broken.close()

    def _execute(self, sql: str, values: tuple[object, ...]) -> Any:
        if self._db is None:
            self._db = _connect(self._arguments)
        cursor = self._db.cursor()
        cursor.execute(_with_places(sql), values)
        return cursor

    @contextmanager
    def _translated(self) -> Iterator[None]:
        import pg8000

        try:
            yield
        except (pg8000.Error, OSError, struct.error) as error:
            host, name = self._arguments.get("host") or self._arguments.get("unix_sock"), self._arguments["database"]
            raise RenderStoreFailed(
                f"The record of render jobs in PostgreSQL cannot be used: {_said(error)}", host=host, database=name
            ) from error


def _connect(arguments: dict[str, Any]) -> Any:
    import pg8000.dbapi

    db = pg8000.dbapi.connect(**arguments, timeout=_ANSWER_SECONDS, application_name="onepiece")
    db.autocommit = True
    try:
        cursor = db.cursor()
        cursor.execute("set synchronous_commit = on")
        cursor.execute("select to_regclass('leases') is not null")
        if not cursor.fetchone()[0]:
            cursor.execute("begin")
            cursor.execute("select pg_advisory_xact_lock(%s)", (_WRITERS,))
            for statement in _SCHEMA.split(";")[:-1]:
                cursor.execute(statement)
            cursor.execute("commit")
    except BaseException:
        db.close()
        raise
    return db


@functools.cache
def _with_places(sql: str) -> str:
    return sql.replace("?", "%s")


def _said(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    told = error.args[0] if error.args else ""
    return str(told.get("M", "it failed")) if isinstance(told, dict) else str(told) or type(error).__name__


def _arguments(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        options = {name: values[-1] for name, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()}
        port = parts.port or _PORT
    except ValueError:  # its text may be a part of the password
        raise _no_address("it cannot be read") from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise _no_address("it begins with postgresql://")
    if unknown := set(options) - {"host", "sslmode", "sslrootcert"}:
        raise _no_address(f"the option {min(unknown)!r} is not known")
    arguments = {
        "user": unquote(parts.username or "onepiece"),
        "password": unquote(parts.password) if parts.password else None,
        "database": unquote(parts.path.lstrip("/")) or unquote(parts.username or "onepiece"),
    }
    return arguments | _place(parts, options, port)


def _place(parts: SplitResult, options: dict[str, str], port: int) -> dict[str, Any]:
    host = options.get("host") or unquote(parts.hostname or "") or "localhost"
    if host.startswith("/"):
        return {"unix_sock": f"{host}/.s.PGSQL.{port}", "ssl_context": False}
    mode = options.get("sslmode", "prefer")
    if mode not in ("disable", "prefer", "require", "verify-full"):
        raise _no_address(f"sslmode is disable, prefer, require or verify-full, not {mode!r}")
    # What they mean to pg8000: None, TLS where the server has it; True, without looking at its certificate.
    secure = {"disable": False, "prefer": None, "require": True}.get(mode)
    context = _verifying(options.get("sslrootcert")) if mode == "verify-full" else secure
    if mode != "verify-full" and "sslrootcert" in options:
        raise _no_address("sslrootcert goes with sslmode=verify-full")
    return {"host": host, "port": port, "ssl_context": context}


def _verifying(trusted: str | None) -> ssl.SSLContext:
    """Refuses a certificate that is not trusted or is of another host."""
    try:
        return ssl.create_default_context(cafile=trusted)
    except OSError:
        raise _no_address("its sslrootcert cannot be read") from None


def _no_address(why: str) -> ConfigError:
    return ConfigError(
        f"The setting render.database_url is no address of a PostgreSQL database: {why}",
        hint="postgresql://USER:PASSWORD@HOST:5432/NAME",
    )
