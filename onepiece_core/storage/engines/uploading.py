"""Files to a bucket: small ones in one request, large ones in parts that a later process can go on with.

A small file is read, hashed and sent with its hash in the metadata. The metadata of parts is given before the first
byte is read, so that a large object carries its hash there only where it was known before; the server keeps and checks
a CRC-32 over all of it, joined from those of the parts (docs/decisions/0008).
"""

from __future__ import annotations

import secrets
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress

from onepiece_core import checksums
from onepiece_core.checksums import Stamp
from onepiece_core.errors import (
    InputMissing,
    ObjectMissing,
    OperationBusy,
    PreconditionFailed,
    SourceChanged,
)
from onepiece_core.storage.engine import MTIME_NS, XXH128, Moved, Upload
from onepiece_core.storage.engines.crc import JoinedCrc32
from onepiece_core.storage.engines.meter import Meter
from onepiece_core.storage.engines.reading import PlannedFile
from onepiece_core.storage.engines.running import LazyThreads
from onepiece_core.storage.engines.transfer_journal import TransferJournal, UploadRecord
from onepiece_core.storage.s3.calls import Call, run_call
from onepiece_core.storage.s3.multipart import MultipartUpload, crc32_base64, part_bytes_for
from onepiece_core.storage.s3.store import S3Store
from onepiece_core.storage.source import Buffers

# Files up to this size are held as they are; up to a part's size they are sent in one request.
SMALL_BYTES = 1024 * 1024
PART_BYTES = 8 * 1024 * 1024
IN_FLIGHT_BYTES = 64 * 1024 * 1024


class Uploader:
    """Sends files to one bucket; used by several threads."""

    def __init__(
        self, store: S3Store, journal: TransferJournal, senders: LazyThreads, meter: Meter, store_id: str
    ) -> None:
        self._store = store
        self._journal = journal
        self._senders = senders
        self._meter = meter
        self._store_id = store_id
        self._buffers = Buffers(IN_FLIGHT_BYTES // PART_BYTES, PART_BYTES)

    def send(self, item: Upload) -> Moved:
        size = item.stamp.size_bytes
        if size > PART_BYTES:
            with self._journal.working_on(self._store_id, item.key, item.path.absolute()):
                return self._send_large(item)
        if size <= SMALL_BYTES:
            return run_call(self._store.pool, self.sending(item))
        with PlannedFile(item) as file, self._buffers.holding() as buffer:
            view = memoryview(buffer)[:size]
            file.read_into(view)
            return run_call(self._store.pool, self._sending(item, file.finish(), view))

    def sending(self, item: Upload) -> Call[Moved]:
        """:meth:`send` of a small file, which is closed again before its request is made."""
        with PlannedFile(item) as file:
            data = file.read()
            xxh128 = file.finish()
        return (yield from self._sending(item, xxh128, data))

    def _sending(self, item: Upload, xxh128: str, data: bytes | memoryview) -> Call[Moved]:
        info = yield from self._store.putting(item.key, data, item.condition, _metadata(item, xxh128))
        self._meter.add(len(data), "upload", item.key)
        return Moved(item, len(data), xxh128, info.etag, len(data))

    def _send_large(self, item: Upload) -> Moved:
        """Once more from the start when the server does not know the upload any more that was begun earlier."""
        record = self._begun(item)
        if record is not None:
            try:
                return _LargeUpload(self._store, self._journal, self._meter, item, record).run(
                    self._senders(), self._buffers_for(record.part_bytes)
                )
            except ObjectMissing:
                self._journal.forget_upload(record.id)
        record = self._begin(item)
        return _LargeUpload(self._store, self._journal, self._meter, item, record).run(
            self._senders(), self._buffers_for(record.part_bytes)
        )

    def _begun(self, item: Upload) -> UploadRecord | None:
        """An upload of this very file that can be continued; one of what the file was before is thrown away."""
        record = self._journal.find_upload(self._store_id, item.key, item.path.absolute())
        if record is None or record.stamp == item.stamp:
            return record
        abandon(self._store, self._journal, record)
        return None

    def _begin(self, item: Upload) -> UploadRecord:
        write_id = secrets.token_hex(8)
        upload = self._store.start_upload(item.key, _metadata(item, item.xxh128), write_id)
        return self._journal.begin_upload(
            self._store_id,
            item.key,
            item.path.absolute(),
            item.stamp,
            part_bytes=part_bytes_for(item.stamp.size_bytes, PART_BYTES),
            upload_id=upload.upload_id,
            write_id=write_id,
            is_whole=upload.is_whole,
            xxh128=item.xxh128,
        )

    def _buffers_for(self, part_bytes: int) -> Buffers:
        return self._buffers if part_bytes == PART_BYTES else Buffers(max(1, IN_FLIGHT_BYTES // part_bytes), part_bytes)


class _LargeUpload:
    """One file in parts: read and hashed in order, sent side by side."""

    def __init__(
        self, store: S3Store, journal: TransferJournal, meter: Meter, item: Upload, record: UploadRecord
    ) -> None:
        self._store = store
        self._journal = journal
        self._meter = meter
        self._item = item
        self._record = record
        self._upload = MultipartUpload(store.pool, item.key, record.upload_id, is_whole=record.is_whole)
        self._crc32 = JoinedCrc32()
        self._sent = 0
        self._lock = threading.Lock()

    def run(self, senders: ThreadPoolExecutor, buffers: Buffers) -> Moved:
        """Raises ObjectMissing when the server does not know the upload any more."""
        try:
            there = self._parts_there()
            with PlannedFile(self._item) as file:
                self._send_parts(file, there, senders, buffers)
                xxh128 = file.finish()
            etag = self._complete(there is None)
        except (InputMissing, SourceChanged, PreconditionFailed):
            # Another file or another object: going on later would not help.
            abandon(self._store, self._journal, self._record)
            raise
        self._journal.forget_upload(self._record.id)
        return Moved(self._item, self._item.stamp.size_bytes, xxh128, etag, self._sent)

    def _parts_there(self) -> set[int] | None:
        """The recorded parts that the server has, too; None: it is done already and only the reply was lost."""
        if not self._record.parts:
            return set()
        try:
            listed = {number: etag for number, etag, _ in self._upload.iter_parts()}
        except ObjectMissing:
            if self._store.find_own(self._item.key, self._record.write_id):
                return None
            raise
        return {number for number, (etag, _) in self._record.parts.items() if listed.get(number) == etag}

    def _send_parts(
        self, file: PlannedFile, there: set[int] | None, senders: ThreadPoolExecutor, buffers: Buffers
    ) -> None:
        size, part_bytes = self._item.stamp.size_bytes, self._record.part_bytes
        flying: deque[tuple[Future[tuple[int, int]], bytearray]] = deque()
        try:
            for number, start in enumerate(range(0, size, part_bytes), 1):
                self._meter.check("upload")
                buffer = buffers.acquire()
                try:
                    view = memoryview(buffer)[: min(part_bytes, size - start)]
                    file.read_into(view)
                    future = senders.submit(self._one_part, number, view, there, buffers, buffer)
                except BaseException:
                    buffers.release(buffer)
                    raise
                flying.append((future, buffer))
                while flying and flying[0][0].done():
                    self._crc32.add(*flying.popleft()[0].result())
            while flying:
                self._crc32.add(*flying.popleft()[0].result())
        finally:
            for future, buffer in flying:
                if future.cancel():
                    buffers.release(buffer)
            wait([future for future, _ in flying])

    def _one_part(
        self, number: int, view: memoryview, there: set[int] | None, buffers: Buffers, buffer: bytearray
    ) -> tuple[int, int]:
        """CRC-32 and size of a part that is at the server now, sent or found there."""
        size = len(view)
        try:
            crc32 = self._kept_part(number, view, there)
            if crc32 is None:
                etag, crc32 = self._upload.send_part(number, view)
                self._journal.record_part(self._record.id, number, etag, crc32)
                with self._lock:
                    self._sent += size
        finally:
            buffers.release(buffer)
        self._meter.add(size, "upload", self._item.key)
        return crc32, size

    def _kept_part(self, number: int, view: memoryview, there: set[int] | None) -> int | None:
        """The CRC-32 of a part that an earlier run has sent and that still is what the file holds."""
        if there is not None and number not in there:
            return None
        etag, recorded = self._record.parts.get(number, ("", -1))
        crc32 = checksums.crc32(view)
        if there is None:
            # The object is complete: what the record has of its parts must be what was read now.
            if recorded not in (-1, crc32):
                raise SourceChanged(f"{self._item.path} changed while it was sent", path=str(self._item.path))
            return crc32
        if crc32 != recorded:
            return None
        self._upload.keep_part(number, f'"{etag}"', crc32_base64(crc32))
        return crc32

    def _complete(self, is_done: bool) -> str:
        item, record = self._item, self._record
        if is_done and (own := self._store.find_own(item.key, record.write_id)):
            return own.etag
        whole = crc32_base64(self._crc32.value) if record.is_whole else None
        info = self._store.complete_upload(
            self._upload,
            item.key,
            item.stamp.size_bytes,
            item.condition,
            _metadata(item, item.xxh128),
            record.write_id,
            whole,
        )
        return info.etag


def abandon(store: S3Store, journal: TransferJournal, record: UploadRecord) -> None:
    """Free the parts of an upload that nobody will complete, and forget it."""
    MultipartUpload(store.pool, record.key, record.upload_id).abort()
    journal.forget_upload(record.id)


def abandon_outdated(store: S3Store, journal: TransferJournal, store_id: str) -> None:
    """Free what was begun of files that have changed or gone since, unless somebody is at it."""
    for record in journal.list_uploads(store_id):
        try:
            is_same = Stamp.of(record.path.stat()) == record.stamp
        except OSError:
            is_same = False
        if not is_same:
            with suppress(OperationBusy), journal.working_on(store_id, record.key, record.path):
                abandon(store, journal, record)


def _metadata(item: Upload, xxh128: str | None) -> dict[str, str]:
    metadata = {MTIME_NS: str(item.stamp.mtime_ns)}
    return metadata if xxh128 is None else {XXH128: xxh128, **metadata}
