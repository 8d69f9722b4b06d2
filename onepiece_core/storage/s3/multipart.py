"""Large objects in parts: nothing is visible until the last call, which carries the condition."""

from __future__ import annotations

import base64
import re
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from html import escape

from onepiece_core import checksums
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
_WHOLE = "FULL_OBJECT"
_PART = re.compile(rb"<Part>.*?</Part>", re.DOTALL)
# Parts of one file that are on their way together.
_PARALLEL_PARTS = 4
# The largest part that may be copied inside S3 is 5 GiB.
_COPY_PART_BYTES = 1024 * _MIB


class MultipartUpload:
    """One upload on its way: start, send_parts, then complete or abort.

    Attributes:
        upload_id: what the server calls it; with it a later process can go on.
        is_whole: the object gets one CRC-32 over all of it, which ``complete`` gives, instead of one over those
            of its parts.
    """

    def __init__(self, pool: Pool, key: str, upload_id: str, *, is_whole: bool = False) -> None:
        self._pool = pool
        self._key = key
        self.upload_id = upload_id
        self.is_whole = is_whole
        self._parts: dict[int, tuple[str, str]] = {}

    @classmethod
    def start(
        cls,
        pool: Pool,
        key: str,
        metadata_headers: Mapping[str, str],
        *,
        is_copy: bool = False,
        want_whole: bool = False,
    ) -> MultipartUpload:
        """``want_whole``: ask for one checksum over the whole object; ``is_whole`` tells what the server answered."""
        checksum = {} if is_copy else {"x-amz-checksum-algorithm": "CRC32"}
        if want_whole:
            checksum["x-amz-checksum-type"] = _WHOLE
        headers = {"content-type": "application/octet-stream", **checksum, **metadata_headers}
        reply = pool.send(Request("write", "POST", key, {"uploads": ""}, headers)).reply
        upload_id = find_element(reply.body, "UploadId")
        if upload_id is None:
            raise StorageError(f"s3://{pool.target.bucket}/{key}: the server gave no upload id", key=key)
        return cls(pool, key, upload_id, is_whole=reply.headers.get("x-amz-checksum-type") == _WHOLE)

    def send_parts(self, source: CheckedFile, part_bytes: int, buffers: Buffers, on_bytes: OnBytes) -> None:
        """Read ``source`` in order; its parts travel side by side."""
        wanted, part_bytes = part_bytes, part_bytes_for(source.size_bytes, part_bytes)
        if part_bytes > wanted:
            buffers = Buffers(2, part_bytes)

        def send(number: int, buffer: bytearray, data: memoryview) -> None:
            try:
                self.send_part(number, data)
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

    def keep_part(self, number: int, etag: str, crc32: str) -> None:
        """A part that an earlier run has sent."""
        self._parts[number] = (etag, crc32)

    def iter_parts(self) -> Iterator[tuple[int, str, int]]:
        """Number, etag and size of the parts that the server holds. Raises ObjectMissing when the upload is gone."""
        marker = "0"
        while True:
            query = {"uploadId": self.upload_id, "part-number-marker": marker}
            page = self._pool.send(Request("read", "GET", self._key, query, {})).reply.body
            for part in _PART.findall(page):
                fields = [find_element(part, name) or "" for name in ("PartNumber", "ETag", "Size")]
                yield int(fields[0]), fields[1].strip('"'), int(fields[2])
            following = find_element(page, "NextPartNumberMarker")
            if find_element(page, "IsTruncated") != "true" or not following or following == marker:
                return
            marker = following

    def complete(
        self, condition_headers: Mapping[str, str], *, whole_crc32: str | None = None
    ) -> tuple[Request, Outcome]:
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
        if whole_crc32 is not None:
            headers |= {"x-amz-checksum-crc32": whole_crc32, "x-amz-checksum-type": _WHOLE}
        request = Request("write", "POST", self._key, {"uploadId": self.upload_id}, headers, body)
        return request, self._pool.ask(request)

    def abort(self) -> None:
        """Free the parts; a failure here is logged, for the error that led here counts."""
        try:
            self._pool.send(
                Request("write", "DELETE", self._key, {"uploadId": self.upload_id}, {}), expect=(200, 204, 404)
            )
        except StorageError as failed:
            get_logger(__name__).warning("s3.abort_failed", key=self._key, reason=failed.report.message)

    def send_part(self, number: int, data: memoryview) -> tuple[str, int]:
        """Its etag and CRC-32."""
        crc32 = checksums.crc32(data)
        crc = crc32_base64(crc32)
        request = Request("write", "PUT", self._key, self._query(number), {"x-amz-checksum-crc32": crc}, data)
        etag = self._pool.send(request).reply.headers.get("etag", "")
        self._parts[number] = (etag, crc)
        return etag.strip('"'), crc32

    def _query(self, number: int) -> dict[str, str]:
        return {"partNumber": str(number), "uploadId": self.upload_id}


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


def crc32_base64(crc32: int) -> str:
    """A CRC-32 as S3 writes it."""
    return base64.b64encode(crc32.to_bytes(4, "big")).decode()


def part_bytes_for(size_bytes: int, wanted: int) -> int:
    """At least ``wanted``, and so large that the parts are not too many; whole MiB."""
    least = -(-size_bytes // _MAX_PARTS)
    return max(wanted, -(-least // _MIB) * _MIB if least > wanted else wanted)
