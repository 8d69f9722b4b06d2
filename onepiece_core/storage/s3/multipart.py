"""Large objects in parts: nothing is visible until the last call, which carries the condition."""

from __future__ import annotations

import base64
import zlib
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from html import escape

from onepiece_core.errors import StorageError
from onepiece_core.log import get_logger
from onepiece_core.storage.s3.errors import find_element
from onepiece_core.storage.s3.pool import Outcome, Pool, Request
from onepiece_core.storage.s3.signing import encode_path
from onepiece_core.storage.source import Buffers, CheckedFile
from onepiece_core.storage.store import ObjectInfo, OnBytes

# S3 takes 10,000 parts.
_MAX_PARTS = 9_000
_MIB = 1024 * 1024
# Parts of one file that are on their way together.
_PARALLEL_PARTS = 4
# The largest part that may be copied inside S3 is 5 GiB.
_COPY_PART_BYTES = 1024 * _MIB


class MultipartUpload:
    """One upload on its way: start, send_parts, then complete or abort."""

    def __init__(self, pool: Pool, key: str, upload_id: str) -> None:
        self._pool = pool
        self._key = key
        self._upload_id = upload_id
        self._parts: dict[int, tuple[str, str]] = {}

    @classmethod
    def start(
        cls, pool: Pool, key: str, metadata_headers: Mapping[str, str], *, is_copy: bool = False
    ) -> MultipartUpload:
        checksum = {} if is_copy else {"x-amz-checksum-algorithm": "CRC32"}
        headers = {"content-type": "application/octet-stream", **checksum, **metadata_headers}
        reply = pool.send(Request("write", "POST", key, {"uploads": ""}, headers)).reply
        upload_id = find_element(reply.body, "UploadId")
        if upload_id is None:
            raise StorageError(f"s3://{pool.target.bucket}/{key}: the server gave no upload id", key=key)
        return cls(pool, key, upload_id)

    def send_parts(self, source: CheckedFile, part_bytes: int, buffers: Buffers, on_bytes: OnBytes) -> None:
        """Read ``source`` in order; its parts travel side by side."""
        wanted, part_bytes = part_bytes, _part_bytes(source.size_bytes, part_bytes)
        if part_bytes > wanted:
            buffers = Buffers(2, part_bytes)

        def send(number: int, buffer: bytearray, data: memoryview) -> None:
            try:
                self._send_part(number, data)
            finally:
                buffers.release(buffer)
            on_bytes(len(data))

        with ThreadPoolExecutor(_PARALLEL_PARTS, thread_name_prefix="onepiece-part") as senders:
            flying: deque[Future[None]] = deque()
            for number, start in enumerate(range(0, source.size_bytes, part_bytes), 1):
                if len(flying) >= _PARALLEL_PARTS:
                    flying.popleft().result()
                count = min(part_bytes, source.size_bytes - start)
                buffer = buffers.acquire()
                try:
                    data = source.read_into(buffer, count)
                except BaseException:
                    buffers.release(buffer)
                    raise
                flying.append(senders.submit(send, number, buffer, data))
            for future in flying:
                future.result()

    def copy_part(self, number: int, headers: Mapping[str, str]) -> None:
        request = Request("copy", "PUT", self._key, self._query(number), headers)
        reply = self._pool.send(request).reply
        etag = find_element(reply.body, "ETag")
        if etag is None:
            raise self._pool.error(request, reply)
        self._parts[number] = (etag, "")

    def complete(self, condition_headers: Mapping[str, str]) -> tuple[Request, Outcome]:
        """Make the object visible, if the condition holds. The caller judges the reply: a 200 may carry an error."""
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(etag)}</ETag>"
            + (f"<ChecksumCRC32>{crc}</ChecksumCRC32>" if crc else "")
            + "</Part>"
            for number, (etag, crc) in sorted(self._parts.items())
        )
        body = (
            f'<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{parts}</CompleteMultipartUpload>'
        ).encode()
        headers = {"content-type": "application/xml", **condition_headers}
        request = Request("write", "POST", self._key, {"uploadId": self._upload_id}, headers, body)
        return request, self._pool.ask(request)

    def abort(self) -> None:
        """Free the parts; a failure here is logged, for the error that led here counts."""
        try:
            self._pool.send(
                Request("write", "DELETE", self._key, {"uploadId": self._upload_id}, {}), expect=(200, 204, 404)
            )
        except StorageError as failed:
            get_logger(__name__).warning("s3.abort_failed", key=self._key, reason=failed.report.message)

    def _send_part(self, number: int, data: memoryview) -> None:
        crc = base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()
        request = Request("write", "PUT", self._key, self._query(number), {"x-amz-checksum-crc32": crc}, data)
        etag = self._pool.send(request).reply.headers.get("etag", "")
        self._parts[number] = (etag, crc)

    def _query(self, number: int) -> dict[str, str]:
        return {"partNumber": str(number), "uploadId": self._upload_id}


def copy_in_parts(
    pool: Pool,
    source: ObjectInfo,
    key: str,
    condition_headers: Mapping[str, str],
    *,
    part_bytes: int = _COPY_PART_BYTES,
) -> None:
    """Copy an object that is too large for CopyObject. Raises PreconditionFailed when ``source`` has changed."""
    metadata = {f"x-amz-meta-{name}": value for name, value in source.metadata.items()}
    upload = MultipartUpload.start(pool, key, metadata, is_copy=True)
    headers = {
        "x-amz-copy-source": encode_path(f"/{pool.target.bucket}/{source.key}"),
        "x-amz-copy-source-if-match": f'"{source.etag}"',
    }
    try:
        for number, start in enumerate(range(0, source.size_bytes, part_bytes), 1):
            last = min(start + part_bytes, source.size_bytes) - 1
            upload.copy_part(number, {**headers, "x-amz-copy-source-range": f"bytes={start}-{last}"})
        request, outcome = upload.complete(condition_headers)
        if outcome.reply.status != 200 or not find_element(outcome.reply.body, "ETag"):
            raise pool.error(request, outcome.reply)
    except BaseException:
        upload.abort()
        raise


def _part_bytes(size_bytes: int, wanted: int) -> int:
    """At least ``wanted``, and so large that the parts are not too many; whole MiB."""
    least = -(-size_bytes // _MAX_PARTS)
    return max(wanted, -(-least // _MIB) * _MIB if least > wanted else wanted)
