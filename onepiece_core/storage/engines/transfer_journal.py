"""What transfers of large files have done so far, so that a later process goes on where one was stopped.

One SQLite file (WAL) in the state folder. It is a memory, not a proof: parts of an upload are compared with what the
server lists and with the file's bytes, ranges of a download with the bytes on the disk, each by its CRC-32.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from onepiece_core.checksums import Stamp
from onepiece_core.errors import JournalError, OperationBusy, StorageUnavailable
from onepiece_core.filesystems import refuse_network_filesystem
from onepiece_core.storage.locking import file_lock

_SCHEMA = """
create table if not exists uploads (
    id integer primary key,
    store text not null,
    key text not null,
    path blob not null,
    stamp text not null,
    part_bytes integer not null,
    upload_id text not null,
    write_id text not null,
    is_whole integer not null,
    xxh128 text,
    unique (store, key, path)
);
create table if not exists parts (
    upload integer not null references uploads (id) on delete cascade,
    number integer not null,
    etag text not null,
    crc32 integer not null,
    primary key (upload, number)
);
create table if not exists downloads (
    id integer primary key,
    path blob not null unique,
    object text not null,
    part_file text not null,
    range_bytes integer not null
);
create table if not exists ranges (
    download integer not null references downloads (id) on delete cascade,
    number integer not null,
    crc32 integer not null,
    primary key (download, number)
);
pragma user_version = 1;
"""


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """An upload that was begun.

    Attributes:
        store: the bucket and its server.
        parts: etag and CRC-32 of each part that the server has taken.
    """

    id: int
    store: str
    key: str
    path: Path
    stamp: Stamp
    part_bytes: int
    upload_id: str
    write_id: str
    is_whole: bool
    xxh128: str | None
    parts: dict[int, tuple[str, int]]


@dataclass(frozen=True, slots=True)
class DownloadRecord:
    """A download that was begun; ``ranges`` has the CRC-32 of each range that was written."""

    id: int
    range_bytes: int
    ranges: dict[int, int]


class TransferJournal:
    """Safe for several threads and processes. Nothing is opened or made before it is needed."""

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir
        self._path = state_dir / "transfers.db"
        self._lock = threading.RLock()
        self._db: sqlite3.Connection | None = None

    def close(self) -> None:
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    @contextmanager
    def working_on(self, store: str, key: str, path: Path) -> Iterator[None]:
        """Keep other processes and threads of this machine from the same transfer. Raises OperationBusy."""
        name = blake2b(f"{store}\0{key}\0{path}".encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
        self._open()
        lock = file_lock(self._folder / f"transfer-{name}.lock", timeout_seconds=0)
        try:
            lock.__enter__()
        except StorageUnavailable as taken:
            raise OperationBusy(
                f"{path} is being moved by another process",
                hint="Wait until it has ended, then run the same command again.",
                path=str(path),
            ) from taken
        try:
            yield
        finally:
            lock.__exit__(None, None, None)

    # Uploads

    def find_upload(self, store: str, key: str, path: Path) -> UploadRecord | None:
        rows = self._rows("select * from uploads where store = ? and key = ? and path = ?", store, key, _text(path))
        return self._upload(rows[0]) if rows else None

    def list_uploads(self, store: str) -> list[UploadRecord]:
        return [self._upload(row) for row in self._rows("select * from uploads where store = ? order by id", store)]

    def begin_upload(
        self,
        store: str,
        key: str,
        path: Path,
        stamp: Stamp,
        *,
        part_bytes: int,
        upload_id: str,
        write_id: str,
        is_whole: bool,
        xxh128: str | None,
    ) -> UploadRecord:
        """Remember an upload, in the place of an earlier one of the same file to the same key."""
        with self._writing() as db:
            db.execute("delete from uploads where store = ? and key = ? and path = ?", (store, key, _text(path)))
            row = db.execute(
                "insert into uploads (store, key, path, stamp, part_bytes, upload_id, write_id, is_whole, xxh128)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (store, key, _text(path), _stamp_text(stamp), part_bytes, upload_id, write_id, is_whole, xxh128),
            ).lastrowid
        return UploadRecord(row or 0, store, key, path, stamp, part_bytes, upload_id, write_id, is_whole, xxh128, {})

    def record_part(self, upload: int, number: int, etag: str, crc32: int) -> None:
        with self._writing() as db:
            db.execute("insert or replace into parts values (?, ?, ?, ?)", (upload, number, etag, crc32))

    def forget_upload(self, upload: int) -> None:
        with self._writing() as db:
            db.execute("delete from uploads where id = ?", (upload,))

    # Downloads

    def find_download(self, path: Path, object_id: str, part_file: str) -> DownloadRecord | None:
        """What was begun of exactly this object into exactly this file beside ``path``."""
        rows = self._rows("select * from downloads where path = ?", _text(path))
        if not rows or (rows[0]["object"], rows[0]["part_file"]) != (object_id, part_file):
            return None
        ranges = self._rows("select number, crc32 from ranges where download = ?", rows[0]["id"])
        return DownloadRecord(rows[0]["id"], rows[0]["range_bytes"], {row["number"]: row["crc32"] for row in ranges})

    def begin_download(self, path: Path, object_id: str, part_file: str, range_bytes: int) -> DownloadRecord:
        with self._writing() as db:
            db.execute("delete from downloads where path = ?", (_text(path),))
            row = db.execute(
                "insert into downloads (path, object, part_file, range_bytes) values (?, ?, ?, ?)",
                (_text(path), object_id, part_file, range_bytes),
            ).lastrowid
        return DownloadRecord(row or 0, range_bytes, {})

    def record_range(self, download: int, number: int, crc32: int) -> None:
        with self._writing() as db:
            db.execute("insert or replace into ranges values (?, ?, ?)", (download, number, crc32))

    def forget_download(self, path: Path) -> None:
        with self._writing() as db:
            db.execute("delete from downloads where path = ?", (_text(path),))

    def _upload(self, row: sqlite3.Row) -> UploadRecord:
        parts = self._rows("select number, etag, crc32 from parts where upload = ?", row["id"])
        return UploadRecord(
            id=row["id"],
            store=row["store"],
            key=row["key"],
            path=Path(row["path"].decode("utf-8", "surrogateescape")),
            stamp=Stamp(*(int(word) for word in row["stamp"].split())),
            part_bytes=row["part_bytes"],
            upload_id=row["upload_id"],
            write_id=row["write_id"],
            is_whole=bool(row["is_whole"]),
            xxh128=row["xxh128"],
            parts={part["number"]: (part["etag"], part["crc32"]) for part in parts},
        )

    def _open(self) -> sqlite3.Connection:
        with self._lock:
            if self._db is None:
                try:
                    self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                    refuse_network_filesystem(self._folder)
                    db = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
                    db.row_factory = sqlite3.Row
                    db.execute("pragma journal_mode = wal")
                    # A power cut may cost the newest rows: then those parts are sent again.
                    db.execute("pragma synchronous = normal")
                    db.execute("pragma foreign_keys = on")
                    if db.execute("pragma user_version").fetchone()[0] < 1:
                        db.executescript(_SCHEMA)
                except (sqlite3.Error, OSError) as error:
                    raise self._unusable(error) from error
                self._db = db
            return self._db

    def _rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            try:
                return self._open().execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise self._unusable(error) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            db = self._open()
            try:
                db.execute("begin immediate")
                try:
                    yield db
                except BaseException:
                    db.execute("rollback")
                    raise
                db.execute("commit")
            except sqlite3.Error as error:
                raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> JournalError:
        return JournalError(
            f"The record of transfers in {self._folder} cannot be used: {error}",
            hint="Point ONEPIECE_STATE_DIR at a writable folder on a local disk.",
            path=str(self._path),
        )


def _text(path: Path) -> bytes:
    """As bytes: a name need not be UTF-8."""
    return str(path).encode("utf-8", "surrogateescape")


def _stamp_text(stamp: Stamp) -> str:
    return f"{stamp.size_bytes} {stamp.mtime_ns} {stamp.inode} {stamp.device}"
