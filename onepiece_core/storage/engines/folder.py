"""Both ways between files and a folder that is a store: copies, verified like everything else."""

from __future__ import annotations

from onepiece_core.checksums import Hasher, hash_file
from onepiece_core.errors import SourceChanged, StorageError, VerifyMismatch
from onepiece_core.filesystems import make_folders
from onepiece_core.storage.engine import MTIME_NS, XXH128, Download, Moved, NotMoved, Upload
from onepiece_core.storage.engines.bandwidth import Bandwidth
from onepiece_core.storage.engines.downloading import modified_ns
from onepiece_core.storage.engines.meter import Meter
from onepiece_core.storage.engines.part_file import PartFile, check_free
from onepiece_core.storage.store import Store


class FolderMover:
    """Works with any store through its protocol alone; nothing is continued by a later run."""

    def __init__(self, store: Store, meter: Meter, bandwidth: Bandwidth | None, *, is_durable: bool) -> None:
        self._store = store
        self._meter = meter
        self._bandwidth = bandwidth
        self._is_durable = is_durable

    def move(self, item: Upload | Download) -> list[Moved | NotMoved]:
        return [self._send(item) if isinstance(item, Upload) else self._fetch(item)]

    def _send(self, item: Upload) -> Moved:
        """The file is hashed before it is copied, for the metadata are written first."""
        xxh128 = hash_file(item.path, expected=item.stamp).digests["xxh128"]
        if item.xxh128 is not None and xxh128 != item.xxh128:
            raise SourceChanged(f"the content of {item.path} changed since it was hashed", path=str(item.path))
        info = self._store.put_file(
            item.key,
            item.path,
            size_bytes=item.stamp.size_bytes,
            xxh128=xxh128,
            condition=item.condition,
            metadata={XXH128: xxh128, MTIME_NS: str(item.stamp.mtime_ns)},
            on_bytes=lambda count: self._count(count, "upload", item.key),
        )
        return Moved(item, item.stamp.size_bytes, xxh128, info.etag, item.stamp.size_bytes)

    def _fetch(self, item: Download) -> Moved:
        check_free(item.path, item.may_replace)
        info = self._store.find(item.key)
        uri = f"{self._store.uri}/{item.key}"
        if info is None or (info.etag, info.size_bytes) != (item.etag, item.size_bytes):
            raise SourceChanged(f"{uri} is not the file any more that was planned to be fetched", uri=uri)
        make_folders(item.path.parent)
        hasher, done = Hasher(), 0
        with PartFile(item.path) as part:
            for piece in self._store.iter_bytes(item.key):
                hasher.update(piece)
                part.write(memoryview(piece), done)
                done += len(piece)
                self._count(len(piece), "download", item.key)
            xxh128 = hasher.digests()["xxh128"]
            if done != item.size_bytes:
                raise StorageError(f"{uri} has {done} bytes, not {item.size_bytes}", uri=uri)
            if info.metadata.get(XXH128, xxh128) != xxh128:
                raise VerifyMismatch(f"{uri} is not what was stored: its hash is another one", uri=uri)
            part.finish(done, modified_ns(info, item), item.may_replace, is_durable=self._is_durable)
        return Moved(item, item.size_bytes, xxh128, item.etag, item.size_bytes)

    def finish(self) -> list[Moved | NotMoved]:
        return []

    def _count(self, count: int, phase: str, key: str) -> None:
        if self._bandwidth:
            self._bandwidth.take(count)
        self._meter.add(count, phase, key)
