"""Engines that hand many files at once to somebody else's client, and prove afterwards what it did.

What such a client cannot do goes through the pool: conditions, names that it cannot be told. What it sends is hashed
before, so that the hash is in the metadata, and asked for afterwards; what it fetches goes into the file beside the
target that the pool uses, too, and is read once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from onepiece_core.checksums import Hasher, Stamp, hash_file
from onepiece_core.errors import OnePieceError, OperationCancelled, SourceChanged, StorageError
from onepiece_core.filesystems import make_folders
from onepiece_core.progress import Reporter
from onepiece_core.storage.engine import MTIME_NS, XXH128, Download, Engine, Moved, NotMoved, Upload
from onepiece_core.storage.engines.downloading import modified_ns
from onepiece_core.storage.engines.meter import Meter
from onepiece_core.storage.engines.part_file import PartFile, check_free
from onepiece_core.storage.engines.range_stream import CHECKSUMS, ask, object_changed
from onepiece_core.storage.engines.verification import proof_of
from onepiece_core.storage.s3.store import S3Store, object_info
from onepiece_core.storage.store import ALWAYS

_BATCH = 500
_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Errand:
    """One file for the client: ``path`` to ``key`` with ``metadata``, or ``key`` into the file ``path``."""

    is_upload: bool
    key: str
    path: Path
    metadata: dict[str, str]


class Client(Protocol):
    """Somebody else's way to move files."""

    @property
    def name(self) -> str: ...

    def can_carry(self, item: Upload | Download) -> bool: ...

    def carry(self, errands: list[Errand]) -> dict[int, str]:
        """Move all of them; what went wrong, by their place in the list."""
        ...


class BatchEngine:
    """See :class:`~onepiece_core.storage.engine.Engine`."""

    def __init__(self, client: Client, store: S3Store, pool: Engine) -> None:
        self._client = client
        self._store = store
        self._pool = pool

    @property
    def name(self) -> str:
        return self._client.name

    def move(
        self, items: Iterable[Upload | Download], reporter: Reporter, *, operation: str, total_bytes: int | None = None
    ) -> Iterator[Moved | NotMoved]:
        meter = Meter(reporter, operation, total_bytes)
        stream = iter(items)
        while batch := list(islice(stream, _BATCH)):
            meter.check("transfer")
            ours = [item for item in batch if not self._is_for_the_client(item)]
            if ours:
                for result in self._pool.move(ours, Reporter(), operation=operation):
                    if isinstance(result, Moved):
                        meter.add(result.size_bytes, _phase(result.item), result.item.key)
                    yield result
            yield from self._move(_Batch(self._store, meter), [item for item in batch if self._is_for_the_client(item)])

    def _is_for_the_client(self, item: Upload | Download) -> bool:
        is_free = not isinstance(item, Upload) or item.condition == ALWAYS
        return is_free and self._client.can_carry(item)

    def _move(self, batch: _Batch, items: list[Upload | Download]) -> Iterator[Moved | NotMoved]:
        try:
            ready = [(item, errand) for item in items if (errand := batch.prepare(item))]
            failed = self._client.carry([errand for _, errand in ready]) if ready else {}
            for place, (item, errand) in enumerate(ready):
                batch.prove(item, errand, failed.get(place))
            yield from batch.results
        finally:
            batch.close()


class _Batch:
    """Files before and after the client had them."""

    def __init__(self, store: S3Store, meter: Meter) -> None:
        self._store = store
        self._meter = meter
        self._parts: dict[Path, PartFile] = {}
        self.results: list[Moved | NotMoved] = []

    def close(self) -> None:
        for part in self._parts.values():
            part.discard()

    def prepare(self, item: Upload | Download) -> Errand | None:
        """None when the item was refused, with its result."""
        try:
            return self._prepare_upload(item) if isinstance(item, Upload) else self._prepare_download(item)
        except OnePieceError as error:
            self.results.append(NotMoved(item, error))
            return None

    def prove(self, item: Upload | Download, errand: Errand, failure: str | None) -> None:
        try:
            if isinstance(item, Upload):
                moved = self._prove_upload(item, errand, failure)
            else:
                moved = self._prove_download(item, self._parts[item.path], failure)
            self._meter.add(moved.size_bytes, _phase(item), item.key)
            self.results.append(moved)
        except OperationCancelled:
            raise
        except OnePieceError as error:
            self.results.append(NotMoved(item, error))

    def _prepare_upload(self, item: Upload) -> Errand:
        xxh128 = hash_file(item.path, expected=item.stamp).digests["xxh128"]
        if item.xxh128 is not None and xxh128 != item.xxh128:
            raise SourceChanged(f"the content of {item.path} changed since it was hashed", path=str(item.path))
        return Errand(True, item.key, item.path, {XXH128: xxh128, MTIME_NS: str(item.stamp.mtime_ns)})

    def _prove_upload(self, item: Upload, errand: Errand, failure: str | None) -> Moved:
        info = self._store.find(item.key)
        is_ours = info is not None and info.metadata.get(XXH128) == errand.metadata[XXH128]
        if failure is not None or info is None or not is_ours or info.size_bytes != item.stamp.size_bytes:
            raise StorageError(
                f"{item.path} did not arrive at {self._store.uri}/{item.key}: {failure or 'another object is there'}",
                key=item.key,
            )
        if Stamp.of(item.path.stat()) != item.stamp:
            # The client read it after it was hashed: nobody knows which bytes it sent.
            self._store.delete(item.key)
            raise SourceChanged(f"{item.path} changed while it was sent", path=str(item.path))
        return Moved(item, info.size_bytes, errand.metadata[XXH128], info.etag, info.size_bytes)

    def _prepare_download(self, item: Download) -> Errand:
        check_free(item.path, item.may_replace)
        ask(self._store, item, "HEAD", {})
        make_folders(item.path.parent)
        part = PartFile(item.path)
        part.open()
        self._parts[item.path] = part
        return Errand(False, item.key, part.client_path, {})

    def _prove_download(self, item: Download, part: PartFile, failure: str | None) -> Moved:
        if failure is not None:
            raise StorageError(f"{self._store.uri}/{item.key} did not arrive: {failure}", key=item.key)
        part.take_over(part.client_path)
        reply = ask(self._store, item, "HEAD", CHECKSUMS).reply
        info = object_info(item.key, reply)
        if (info.etag, info.size_bytes, part.size_bytes()) != (item.etag, item.size_bytes, item.size_bytes):
            raise object_changed(self._store, item)
        proof = proof_of(info, reply)
        hasher = Hasher({"xxh128", proof.algorithm or "xxh128"})
        part.read_pieces(0, item.size_bytes, memoryview(bytearray(_PIECE_BYTES)), hasher.update)
        proof.check(hasher.digests(), f"{self._store.uri}/{item.key}")
        part.finish(item.size_bytes, modified_ns(info, item), item.may_replace, is_durable=True)
        return Moved(item, item.size_bytes, hasher.digests()["xxh128"], item.etag, item.size_bytes)


def _phase(item: Upload | Download) -> str:
    return "upload" if isinstance(item, Upload) else "download"
