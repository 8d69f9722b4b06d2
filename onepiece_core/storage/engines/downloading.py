"""Objects to files: small ones in one request, large ones in ranges that a later process can go on with.

Whatever the size, the bytes are hashed, compared with what the store knows of them, and on the disk before the file
takes its place.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

from onepiece_core import checksums
from onepiece_core.checksums import Hasher
from onepiece_core.errors import PreconditionFailed, SourceChanged, VerifyMismatch
from onepiece_core.filesystems import make_folders
from onepiece_core.storage.engine import MTIME_NS, Download, Moved, NotMoved
from onepiece_core.storage.engines.crc import JoinedCrc32
from onepiece_core.storage.engines.meter import Meter
from onepiece_core.storage.engines.part_file import PartFile, check_free
from onepiece_core.storage.engines.range_stream import (
    CHECKSUMS,
    RangeStream,
    ask,
    judged,
    object_changed,
    request_about,
)
from onepiece_core.storage.engines.running import LazyThreads
from onepiece_core.storage.engines.settling import Settler, Written
from onepiece_core.storage.engines.transfer_journal import DownloadRecord, TransferJournal
from onepiece_core.storage.engines.verification import Proof, proof_of
from onepiece_core.storage.s3.calls import Call, run_call
from onepiece_core.storage.s3.store import S3Store, object_info
from onepiece_core.storage.s3.wire import Reply
from onepiece_core.storage.source import Buffers
from onepiece_core.storage.store import ObjectInfo

# Objects up to this size are fetched in one request and held.
SMALL_BYTES = 1024 * 1024
RANGE_BYTES = 8 * 1024 * 1024
# Ranges of one file that travel or wait to be hashed.
_AHEAD = 12
_PIECE_BYTES = 256 * 1024


class Downloader:
    """Fetches objects of one bucket; used by several threads."""

    def __init__(
        self,
        store: S3Store,
        journal: TransferJournal,
        fetchers: LazyThreads,
        meter: Meter,
        store_id: str,
        *,
        is_durable: bool,
    ) -> None:
        self._store = store
        self._journal = journal
        self._fetchers = fetchers
        self._meter = meter
        self._store_id = store_id
        self._is_durable = is_durable
        self._buffers = Buffers(8, RANGE_BYTES)
        self._folders: set[Path] = set()
        self.settler = Settler()

    def fetch(self, item: Download) -> list[Moved | NotMoved]:
        """What has arrived by now: a small file waits for others, see :class:`Settler`."""
        if item.size_bytes <= SMALL_BYTES:
            return run_call(self._store.pool, self.fetching(item))
        self._prepare(item)
        if item.size_bytes > RANGE_BYTES:
            with PartFile(item.path) as part:
                return [self._fetch_large(item, part)]
        part = PartFile(item.path)
        part.open()
        try:
            with self._buffers.holding() as buffer:
                view = memoryview(buffer)[: item.size_bytes]
                moved = self._write_small(item, part, self._read_whole(item, view), view)
        except BaseException:
            part.discard()
            raise
        return self._settled(Written(item, part, moved))

    def fetching(self, item: Download) -> Call[list[Moved | NotMoved]]:
        """:meth:`fetch` of a small file, in one request."""
        self._prepare(item)
        part = PartFile(item.path)
        part.open()
        try:
            request = request_about(item, "GET", CHECKSUMS)
            reply = judged(self._store, item, request, (yield request)).reply
            moved = self._write_small(item, part, reply, memoryview(reply.body))
        except BaseException:
            part.discard()
            raise
        return self._settled(Written(item, part, moved))

    def _prepare(self, item: Download) -> None:
        check_free(item.path, item.may_replace)
        folder = item.path.parent
        if folder not in self._folders:
            make_folders(folder)
            self._folders.add(folder)

    def _settled(self, written: Written) -> list[Moved | NotMoved]:
        if self._is_durable:
            return self.settler.add(written)
        try:
            written.part.take_place(written.item.may_replace)
        finally:
            written.part.discard()
        return [written.moved]

    def _read_whole(self, item: Download, view: memoryview) -> Reply:
        with closing(RangeStream(self._store, item, 0, len(view))) as stream:
            done = 0
            while count := stream.read_into(view[done:]):
                done += count
            return stream.reply

    def _write_small(self, item: Download, part: PartFile, reply: Reply, data: memoryview) -> Moved:
        info = self._checked_info(item, reply)
        proof = proof_of(info, reply)
        hasher = Hasher({"xxh128", proof.algorithm or "xxh128"})
        hasher.update(data)
        digests = hasher.digests()
        proof.check(digests, f"{self._store.uri}/{item.key}")
        self._meter.add(len(data), "download", item.key)
        part.write(data, 0)
        part.complete(len(data), modified_ns(info, item))
        return Moved(item, len(data), digests["xxh128"], item.etag, len(data))

    def _fetch_large(self, item: Download, part: PartFile) -> Moved:
        reply = ask(self._store, item, "HEAD", CHECKSUMS).reply
        info = self._checked_info(item, reply)
        object_id = f"{self._store_id}/{item.key} {item.etag} {item.size_bytes}"
        path = item.path.absolute()
        record = self._journal.find_download(path, object_id, part.identity)
        if record is None or part.size_bytes() != item.size_bytes:
            part.reserve(item.size_bytes)
            record = self._journal.begin_download(path, object_id, part.identity, RANGE_BYTES)
        part.may_stay = True
        run = _Ranges(self, item, part, record, proof_of(info, reply))
        try:
            xxh128 = run.fetch(self._fetchers())
            part.finish(item.size_bytes, modified_ns(info, item), item.may_replace, is_durable=self._is_durable)
        except (VerifyMismatch, SourceChanged, PreconditionFailed):
            # Going on later would not help.
            part.may_stay = False
            self._journal.forget_download(path)
            raise
        self._journal.forget_download(path)
        return Moved(item, item.size_bytes, xxh128, item.etag, run.fetched)

    def fetch_range(self, item: Download, part: PartFile, start: int, count: int) -> int:
        """Put one range into its place; its CRC-32."""
        self._meter.check("download")
        buffer = memoryview(bytearray(min(_PIECE_BYTES, count)))
        done, crc32 = 0, 0
        with closing(RangeStream(self._store, item, start, count)) as stream:
            while got := stream.read_into(buffer):
                crc32 = checksums.crc32(buffer[:got], crc32)
                part.write(buffer[:got], start + done)
                done += got
        part.start_writing_back(start, count)
        self._meter.add(count, "download", item.key)
        return crc32

    def _checked_info(self, item: Download, reply: Reply) -> ObjectInfo:
        info = object_info(item.key, reply)
        if (info.size_bytes, info.etag) != (item.size_bytes, item.etag):
            raise object_changed(self._store, item)
        return info

    def count_kept(self, item: Download, count: int) -> None:
        """Bytes that an earlier run has fetched."""
        self._meter.add(count, "download", item.key)

    def record_range(self, record: DownloadRecord, number: int, crc32: int) -> None:
        self._journal.record_range(record.id, number, crc32)


class _Ranges:
    """One large object: ranges fetched side by side, hashed in order as they are complete."""

    def __init__(
        self, downloader: Downloader, item: Download, part: PartFile, record: DownloadRecord, proof: Proof
    ) -> None:
        self._downloader = downloader
        self._item = item
        self._part = part
        self._record = record
        self._proof = proof
        self._lock = threading.Lock()
        self.fetched = 0

    def fetch(self, fetchers: ThreadPoolExecutor) -> str:
        """The xxh128 of the whole, once it is proven."""
        joined = JoinedCrc32()
        hasher = Hasher({"xxh128", self._proof.algorithm or "xxh128"} - {"crc32"})
        for number, told in self._in_order(fetchers):
            start, count = self._place(number)
            joined.add(self._checked(number, told) if number in self._record.ranges else told, count)
            self._hash(hasher, start, count)
        digests = {**hasher.digests(), "crc32": f"{joined.value:08x}"}
        self._proof.check(digests, self._item.key)
        return digests["xxh128"]

    def _in_order(self, fetchers: ThreadPoolExecutor) -> Iterator[tuple[int, int]]:
        """Number and CRC-32 of each range as it is in the file; those behind it are on their way meanwhile."""
        count = -(-self._item.size_bytes // self._record.range_bytes)
        missing = (number for number in range(count) if number not in self._record.ranges)
        flying: dict[int, Future[int]] = {}

        def top_up() -> None:
            while len(flying) < _AHEAD and (number := next(missing, None)) is not None:
                flying[number] = fetchers.submit(self._fetch_one, number)

        try:
            for number in range(count):
                top_up()
                future = flying.get(number)
                crc32 = future.result() if future else self._record.ranges[number]
                flying.pop(number, None)
                top_up()
                yield number, crc32
        finally:
            for future in flying.values():
                future.cancel()
            wait(flying.values())

    def _fetch_one(self, number: int) -> int:
        start, count = self._place(number)
        crc32 = self._downloader.fetch_range(self._item, self._part, start, count)
        self._downloader.record_range(self._record, number, crc32)
        with self._lock:
            self.fetched += count
        return crc32

    def _checked(self, number: int, crc32: int) -> int:
        """A range of an earlier run: fetched again when the disk does not hold it any more."""
        start, count = self._place(number)
        found = 0

        def add(piece: memoryview) -> None:
            nonlocal found
            found = checksums.crc32(piece, found)

        self._part.read_pieces(start, count, memoryview(bytearray(_PIECE_BYTES)), add)
        if found != crc32:
            return self._fetch_one(number)
        self._downloader.count_kept(self._item, count)
        return crc32

    def _hash(self, hasher: Hasher, start: int, count: int) -> None:
        self._part.read_pieces(start, count, memoryview(bytearray(_PIECE_BYTES)), hasher.update)

    def _place(self, number: int) -> tuple[int, int]:
        start = number * self._record.range_bytes
        return start, min(self._record.range_bytes, self._item.size_bytes - start)


def modified_ns(info: ObjectInfo, item: Download) -> int:
    """The time stamp that a downloaded file gets: the sender's where it was kept."""
    kept = info.metadata.get(MTIME_NS, "")
    return int(kept) if kept.isdecimal() and len(kept) < 20 else int(item.modified * 1e9)
