"""What earlier ingests of this machine noted: which file became which object, and what every item held.

It saves work and finds what was delivered before under another name. Losing it costs reads, never a row or an object.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from onepiece_core.checksums import Hasher, hash_file
from onepiece_core.errors import OnePieceError
from onepiece_core.ingest.model import DropFile, DropItem
from onepiece_core.sync.hash_cache import HashCache, Known, state_of

_SCHEMA = """
create table if not exists items (
    project text not null, place text not null, pattern text not null,
    files integer not null, size_bytes integer not null, first_xxh128 text not null, digest text not null,
    at real not null,
    primary key (project, place, pattern)
) without rowid;
create index if not exists items_by_size on items (project, size_bytes, files);
"""
_FLUSH_SECONDS = 0.5


class DropMemory:
    """One drop's part. Used by one thread; an EarlierDeliveries for the plan.

    Args:
        place: what the item's keys start with, ``s3://bucket/prefix/FG``.
        server: the store's address: two servers may have buckets of one name.
        trust: False reads everything again, and notes it anew.
    """

    def __init__(
        self, file: Path, *, project: str, place: str, folder: Path, server: str = "", trust: bool = True
    ) -> None:
        self._file, self._project, self._place, self._trust = file, project, f"{server} {place}", trust
        self._objects = HashCache(
            file, f"ingest {self._place} {os.fsencode(folder).decode('utf-8', 'backslashreplace')}"
        )
        self._items: sqlite3.Connection | None = None
        self._flushed = time.monotonic()

    # Files

    def find(self, file: DropFile) -> Known | None:
        """What was noted of this very state of the file."""
        known = self._noted(file) if self._trust else None
        try:
            is_same = known is not None and known.state == state_of(os.stat(file.source))  # noqa: PTH116 - text is fast
        except OSError:
            return None
        return known if is_same else None

    def note(self, file: DropFile, etag: str, xxh128: str) -> None:
        with suppress(OSError):
            status = os.stat(file.source)  # noqa: PTH116 - a hundred thousand of them
            if (status.st_size, status.st_mtime_ns) == (file.stamp.size_bytes, file.stamp.mtime_ns):
                self._objects.note(file.relative, Known(state_of(status), etag, xxh128, xxh128))
        if time.monotonic() - self._flushed > _FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        self._objects.flush()
        self._flushed = time.monotonic()

    def close(self) -> None:
        self._objects.close()
        if self._items is not None:
            self._items.close()

    def _noted(self, file: DropFile) -> Known | None:
        return self._objects.find(file.relative)

    # Items

    def note_item(self, item: DropItem, hashes: Sequence[str]) -> None:
        """All files of ``item`` are in their place, with these hashes."""
        row = (self._project, self._place, item.pattern, len(hashes), item.size_bytes, hashes[0], _digest(hashes))
        with suppress(sqlite3.Error), self._connected() as db:
            db.execute("insert or replace into items values (?, ?, ?, ?, ?, ?, ?, ?)", (*row, time.time()))

    def has_item(self, item: DropItem) -> bool:
        """Whether an item of this name and size has arrived before."""
        asked = "select 1 from items where project = ? and place = ? and pattern = ? and size_bytes = ?"
        with suppress(sqlite3.Error):
            own = (self._project, self._place, item.pattern, item.size_bytes)
            return self._connected().execute(asked, own).fetchone() is not None
        return False

    def find_duplicate(self, item: DropItem) -> str | None:
        """See EarlierDeliveries. Files are only read where an earlier item had as many of the same size."""
        try:
            found = self._items_of_size(item)
            if found:
                first = self._hash(item.files[0])
                found = [row for row in found if row[2] == first]
            if found:
                digest = _digest([self._hash(file) for file in item.files])
                found = [row for row in found if row[3] == digest]
        except (OnePieceError, sqlite3.Error):
            return None
        return f"{found[0][0].partition(' ')[2]}/{found[0][1]}" if found else None

    def _items_of_size(self, item: DropItem) -> list[tuple[str, str, str, str]]:
        asked = "select place, pattern, first_xxh128, digest from items where project = ? and size_bytes = ?"
        own = (self._place, item.pattern)
        rows = self._connected().execute(
            f"{asked} and files = ? and not (place = ? and pattern = ?)",
            (self._project, item.size_bytes, len(item.files), *own),
        )
        return rows.fetchall()

    def has_same_bytes(self, item: DropItem) -> bool | None:
        """See EarlierDeliveries."""
        noted = [self._noted(file) for file in item.files]
        if not all(noted):
            return None
        try:
            return all(
                known is not None and known.object_xxh128 == self._hash(file)
                for file, known in zip(item.files, noted, strict=True)
            )
        except OnePieceError:
            return None

    def _hash(self, file: DropFile) -> str:
        known = self.find(file)
        return known.file_xxh128 if known else hash_file(file.path, expected=file.stamp).digests["xxh128"]

    def _connected(self) -> sqlite3.Connection:
        """Without a file that can be used, nothing was delivered before."""
        if self._items is None:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._items = _open(self._file)
            except (sqlite3.Error, OSError):
                self._items = _open(":memory:")
        return self._items


def _open(file: Path | str) -> sqlite3.Connection:
    db = sqlite3.connect(file, timeout=5)
    try:
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = normal")
        db.executescript(_SCHEMA)
    except BaseException:
        db.close()
        raise
    return db


def _digest(hashes: Sequence[str]) -> str:
    hasher = Hasher()
    for each in hashes:
        hasher.update(bytes.fromhex(each))
    return hasher.digests()["xxh128"]
