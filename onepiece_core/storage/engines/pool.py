"""Our own engine: files over a pool of signed connections, each verified from end to end."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from onepiece_core.checksums import Hasher, Stamp, hash_file
from onepiece_core.errors import (
    AccessDenied,
    BucketMissing,
    OnePieceError,
    OperationCancelled,
    SourceChanged,
    StorageError,
    StorageUnavailable,
    VerifyMismatch,
)
from onepiece_core.filesystems import make_folders, storage_error
from onepiece_core.progress import Reporter
from onepiece_core.storage.engine import MTIME_NS, XXH128, Download, Moved, NotMoved, Upload
from onepiece_core.storage.engines.meter import Meter
from onepiece_core.storage.engines.placing import check_free, part_path, place
from onepiece_core.storage.engines.running import run_on_threads
from onepiece_core.storage.store import ObjectInfo, Store

_JOBS = 16
# So many files in a row that cannot be moved for one of these reasons mean that none can.
_IN_A_ROW = 16
_HOPELESS = (StorageUnavailable, AccessDenied)


class PoolEngine:
    """Moves files with what ``store`` offers: an S3 bucket's pool of connections, or a folder."""

    def __init__(self, store: Store, *, state_dir: Path, jobs: int = 0, bytes_per_second: int | None = None) -> None:
        self._store = store
        self._state_dir = state_dir
        self._jobs = jobs or _JOBS
        self._bytes_per_second = bytes_per_second

    @property
    def name(self) -> str:
        return "pool"

    def move(
        self, items: Iterable[Upload | Download], reporter: Reporter, *, operation: str, total_bytes: int | None = None
    ) -> Iterator[Moved | NotMoved]:
        """See :class:`~onepiece_core.storage.engine.Engine`."""
        meter = Meter(reporter, operation, total_bytes)
        run = _Run(self._store, meter)
        yield from run_on_threads(run.move, items, jobs=self._jobs, stop=threading.Event())


class _Run:
    def __init__(self, store: Store, meter: Meter) -> None:
        self._store = store
        self._meter = meter
        self._hopeless = 0

    def move(self, item: Upload | Download) -> Moved | NotMoved:
        self._meter.check("upload" if isinstance(item, Upload) else "download")
        try:
            moved = self._send(item) if isinstance(item, Upload) else self._fetch(item)
        except (OperationCancelled, BucketMissing):
            raise
        except OnePieceError as error:
            self._hopeless = self._hopeless + 1 if isinstance(error, _HOPELESS) else 0
            if self._hopeless >= _IN_A_ROW:
                raise
            return NotMoved(item, error)
        self._hopeless = 0
        return moved

    def _send(self, item: Upload) -> Moved:
        hashed = hash_file(item.path, expected=item.stamp)
        xxh128 = hashed.digests["xxh128"]
        if item.xxh128 is not None and xxh128 != item.xxh128:
            raise SourceChanged(f"the content of {item.path} changed since it was hashed", path=str(item.path))
        info = self._store.put_file(
            item.key,
            item.path,
            size_bytes=item.stamp.size_bytes,
            xxh128=xxh128,
            condition=item.condition,
            metadata={XXH128: xxh128, MTIME_NS: str(item.stamp.mtime_ns)},
            on_bytes=lambda count: self._meter.add(count, "upload", item.key),
        )
        return Moved(item, item.stamp.size_bytes, xxh128, info.etag, item.stamp.size_bytes)

    def _fetch(self, item: Download) -> Moved:
        check_free(item.path, item.may_replace)
        info = self._store.find(item.key)
        if info is None or info.etag != item.etag or info.size_bytes != item.size_bytes:
            raise SourceChanged(f"{self._store.uri}/{item.key} is not the object any more that was planned")
        make_folders(item.path.parent)
        part = part_path(item.path)
        try:
            xxh128 = self._write_part(item, part, info)
            place(part, item.path, item.may_replace)
        except OSError as error:
            raise storage_error(error, item.path, need_bytes=item.size_bytes) from error
        finally:
            part.unlink(missing_ok=True)
        return Moved(item, item.size_bytes, xxh128, item.etag, item.size_bytes)

    def _write_part(self, item: Download, part: Path, info: ObjectInfo) -> str:
        hasher = Hasher()
        done = 0
        with part.open("wb") as file:
            for piece in self._store.iter_bytes(item.key):
                hasher.update(piece)
                file.write(piece)
                done += len(piece)
                self._meter.add(len(piece), "download", item.key)
            file.flush()
            xxh128 = hasher.digests()["xxh128"]
            if done != item.size_bytes:
                raise StorageError(f"{self._store.uri}/{item.key} has {done} bytes, not {item.size_bytes}")
            if info.metadata.get(XXH128, xxh128) != xxh128:
                raise VerifyMismatch(f"{self._store.uri}/{item.key} is not what was stored: its hash is another one")
            os.fsync(file.fileno())
        mtime_ns = modified_ns(info, item)
        os.utime(part, ns=(mtime_ns, mtime_ns))
        return xxh128


def modified_ns(info: ObjectInfo, item: Download) -> int:
    """The time stamp that a downloaded file gets: the sender's where it was kept."""
    kept = info.metadata.get(MTIME_NS, "")
    return int(kept) if kept.isdecimal() else int(item.modified * 1e9)


def stamp_of(path: Path) -> Stamp:
    """The stamp of the file that ``path`` leads to."""
    return Stamp.of(path.stat())
