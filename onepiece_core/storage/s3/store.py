"""One S3 bucket as a Store."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from onepiece_core import checksums
from onepiece_core.errors import ObjectMissing, PreconditionFailed, StorageError
from onepiece_core.storage.s3 import listing
from onepiece_core.storage.s3.calls import Call, run_call
from onepiece_core.storage.s3.client import Target
from onepiece_core.storage.s3.errors import find_element
from onepiece_core.storage.s3.multipart import MultipartUpload, copy_in_parts, crc32_base64
from onepiece_core.storage.s3.pool import DEFAULT_PATIENCE, Outcome, Patience, Pool, Request, http_time, server_time
from onepiece_core.storage.s3.signing import encode_path
from onepiece_core.storage.s3.wire import Reply, Throttle, WireError
from onepiece_core.storage.source import Buffers, CheckedFile
from onepiece_core.storage.store import ALWAYS, Condition, ObjectInfo, OnBytes, ignore_bytes

# A file up to this size is read, checked and sent in one piece; a larger one in parts of at least this size.
PART_BYTES = 8 * 1024 * 1024
# Files up to this size are simply held; what is larger shares the buffers, so that memory stays bounded.
_SMALL_BYTES = 1024 * 1024
_BUFFERS = 8
_METADATA = "x-amz-meta-"
# Tells a write of ours whose reply was lost from somebody else's.
_WRITE_ID = "write-id"
_READ_ATTEMPTS = 5


class S3Store:
    """A bucket. Every byte sent carries a CRC-32 that the server checks.

    Conditions: ``If-None-Match: *`` and ``If-Match`` are sent on PutObject, CompleteMultipartUpload and
    CopyObject, ``x-amz-copy-source-if-match`` on CopyObject. AWS and SeaweedFS 4 honour all of them; on an
    endpoint that is not AWS a conditional copy also looks at the destination first.
    """

    def __init__(
        self,
        target: Target,
        *,
        patience: Patience = DEFAULT_PATIENCE,
        part_bytes: int = PART_BYTES,
        throttle: Throttle | None = None,
    ) -> None:
        self._pool = Pool(target, patience, throttle=throttle)
        self._patience = patience
        self._bucket = target.bucket
        self._part_bytes = part_bytes
        self._buffers = Buffers(_BUFFERS, part_bytes)

    @property
    def uri(self) -> str:
        return f"s3://{self._bucket}"

    @property
    def pool(self) -> Pool:
        """The connections, for what a Store has no words for."""
        return self._pool

    def throttled(self, throttle: Throttle) -> S3Store:
        """The same bucket over connections whose rate is held down."""
        return S3Store(self._pool.target, patience=self._patience, part_bytes=self._part_bytes, throttle=throttle)

    def close(self) -> None:
        """Close the idle connections; the store may still be used."""
        self._pool.close()

    def now(self) -> float:
        request = Request("reach", "HEAD", "", {}, {})
        reply = self._pool.ask(request).reply
        # Even a refusal carries the date; only a server that is not there has no clock.
        date = server_time(reply)
        if date is None:
            raise self._pool.error(request, reply)
        return date

    def iter_objects(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return listing.iter_objects(self._pool, prefix)

    def iter_folders(self, prefix: str) -> Iterator[str]:
        return listing.iter_folders(self._pool, prefix)

    def list_page(
        self, prefix: str, *, start_after: str = "", token: str | None = None, size: int = 1000
    ) -> listing.Page:
        """One page of a listing as the server gives it: its own order, start and end as asked for."""
        return listing.read_page(self._pool, prefix, start_after=start_after, token=token, size=size)

    @property
    def is_aws(self) -> bool:
        """Whether this is AWS itself, as far as its address tells."""
        return not self._pool.target.is_custom

    @property
    def endpoint(self) -> str:
        """The server's address."""
        return self._pool.target.address.url

    def find(self, key: str) -> ObjectInfo | None:
        reply = self._pool.send(Request("read", "HEAD", key, {}, {}), expect=(200, 404)).reply
        return object_info(key, reply) if reply.status == 200 else None

    def read(self, key: str) -> tuple[bytes, ObjectInfo]:
        reply = self._pool.send(Request("read", "GET", key, {}, {})).reply
        return reply.body, object_info(key, reply)

    def iter_bytes(self, key: str) -> Iterator[bytes]:
        """Goes on where it was when the connection breaks, as long as the object is the same."""
        request = Request("read", "GET", key, {}, {}, stream=True)
        outcome = self._pool.send(request)
        return self._iter_bytes(key, outcome)

    def _iter_bytes(self, key: str, outcome: Outcome) -> Iterator[bytes]:
        info, offset, broken = object_info(key, outcome.reply), 0, 0
        while True:
            try:
                for piece in self._pool.iter_body(outcome):
                    offset += len(piece)
                    yield piece
            except (OSError, WireError) as cause:
                broken += 1
                if broken >= _READ_ATTEMPTS:
                    raise StorageError(
                        f"{self.uri}/{key} ended early, after {offset} of {info.size_bytes} bytes", key=key
                    ) from cause
            if offset >= info.size_bytes:
                return
            headers = {"range": f"bytes={offset}-", "if-match": f'"{info.etag}"'}
            outcome = self._pool.send(Request("read", "GET", key, {}, headers, stream=True), expect=(206,))

    def put(
        self,
        key: str,
        data: bytes | memoryview,
        *,
        condition: Condition = ALWAYS,
        metadata: Mapping[str, str] | None = None,
    ) -> ObjectInfo:
        return self._put(key, data, condition, metadata or {})

    def put_file(
        self,
        key: str,
        path: Path,
        *,
        size_bytes: int,
        xxh128: str,
        condition: Condition = ALWAYS,
        metadata: Mapping[str, str] | None = None,
        on_bytes: OnBytes = ignore_bytes,
    ) -> ObjectInfo:
        """See Store. The content is always checked before it becomes visible: small files are held whole."""
        with CheckedFile(path, size_bytes, xxh128) as source:
            if size_bytes > self._part_bytes:
                return self._put_parts(key, source, condition, metadata or {}, on_bytes)
            if size_bytes <= _SMALL_BYTES:
                data = source.read(size_bytes)
                source.finish()
                info = self._put(key, data, condition, metadata or {})
            else:
                with self._buffers.holding() as buffer:
                    view = source.read_into(buffer, size_bytes)
                    source.finish()
                    info = self._put(key, view, condition, metadata or {})
        on_bytes(size_bytes)
        return info

    def copy(self, source: str, source_etag: str, key: str, *, condition: Condition = ALWAYS) -> ObjectInfo:
        self._check_destination(key, condition)
        headers = {
            "x-amz-copy-source": encode_path(f"/{self._bucket}/{source}"),
            "x-amz-copy-source-if-match": f'"{source_etag}"',
            **_conditions(condition),
        }
        request = Request("copy", "PUT", key, {}, headers)
        outcome = self._pool.ask(request)
        reply = outcome.reply
        words = find_element(reply.body, "Code")
        if reply.status == 400 and words == "InvalidRequest":
            # More than 5 GiB: only in parts.
            return self._copy_large(source, source_etag, key, condition)
        if reply.status == 412 and outcome.was_unanswered and (there := self.find(key)) and there.etag == source_etag:
            return there
        etag = find_element(reply.body, "ETag")
        # CopyObject may answer 200 and then fail.
        if reply.status != 200 or words or etag is None:
            raise self._pool.error(request, reply)
        return self._found(key)

    def delete(self, key: str) -> None:
        self._pool.send(Request("delete", "DELETE", key, {}, {}), expect=(200, 204, 404))

    def _copy_large(self, source: str, source_etag: str, key: str, condition: Condition) -> ObjectInfo:
        info = self._found(source)
        if info.etag != source_etag:
            raise PreconditionFailed(f"{self.uri}/{source} has changed", bucket=self._bucket, key=source)
        copy_in_parts(self._pool, info, key, _conditions(condition))
        return self._found(key)

    def _put(self, key: str, data: bytes | memoryview, condition: Condition, metadata: Mapping[str, str]) -> ObjectInfo:
        return run_call(self._pool, self.putting(key, data, condition, metadata))

    def putting(
        self, key: str, data: bytes | memoryview, condition: Condition, metadata: Mapping[str, str]
    ) -> Call[ObjectInfo]:
        """:meth:`put`, for whoever makes the request himself."""
        write_id = "" if condition == ALWAYS else secrets.token_hex(8)
        headers = {
            "content-type": "application/octet-stream",
            "x-amz-checksum-crc32": crc32_text(data),
            **_conditions(condition),
            **_metadata_headers(metadata, write_id),
        }
        request = Request("write", "PUT", key, {}, headers, body=data)
        outcome = yield request
        reply = outcome.reply
        if reply.status == 200:
            return _written(key, len(data), reply, metadata)
        if there := self._own_write(key, outcome, write_id):
            return there
        raise self._refused(request, reply, condition)

    def _put_parts(
        self, key: str, source: CheckedFile, condition: Condition, metadata: Mapping[str, str], on_bytes: OnBytes
    ) -> ObjectInfo:
        write_id = secrets.token_hex(8)
        upload = MultipartUpload.start(self._pool, key, _metadata_headers(metadata, write_id))
        try:
            upload.send_parts(source, self._part_bytes, self._buffers, on_bytes)
            source.finish()
            return self.complete_upload(upload, key, source.size_bytes, condition, metadata, write_id)
        except BaseException:
            upload.abort()
            raise

    def start_upload(self, key: str, metadata: Mapping[str, str], write_id: str) -> MultipartUpload:
        """An upload whose parts the caller sends, and which it completes with one checksum over all of them.

        Args:
            write_id: by which :meth:`find_own` knows the object again.
        """
        return MultipartUpload.start(self._pool, key, _metadata_headers(metadata, write_id), want_whole=True)

    def complete_upload(
        self,
        upload: MultipartUpload,
        key: str,
        size_bytes: int,
        condition: Condition,
        metadata: Mapping[str, str],
        write_id: str,
        whole_crc32: str | None = None,
    ) -> ObjectInfo:
        """Make the parts one visible object, if ``condition`` holds."""
        request, outcome = upload.complete(_conditions(condition), whole_crc32=whole_crc32)
        etag = find_element(outcome.reply.body, "ETag")
        if outcome.reply.status == 200 and etag:
            return _written(key, size_bytes, outcome.reply, metadata, etag)
        if there := self._own_write(key, outcome, write_id):
            return there
        raise self._refused(request, outcome.reply, condition)

    def find_own(self, key: str, write_id: str) -> ObjectInfo | None:
        """The object at ``key`` if the write ``write_id`` made it."""
        reply = self._pool.send(Request("read", "HEAD", key, {}, {}), expect=(200, 404)).reply
        return object_info(key, reply) if reply.headers.get(_METADATA + _WRITE_ID) == write_id else None

    def _own_write(self, key: str, outcome: Outcome, write_id: str) -> ObjectInfo | None:
        """The object, when an attempt whose reply was lost had written it and the repetition met it."""
        if not write_id or not outcome.was_unanswered or outcome.reply.status not in (404, 409, 412):
            return None
        return self.find_own(key, write_id)

    def _refused(self, request: Request, reply: Reply, condition: Condition) -> StorageError:
        error = self._pool.error(request, reply)
        # AWS answers If-Match on a key that is gone with 404.
        if isinstance(error, ObjectMissing) and condition.if_match is not None:
            return PreconditionFailed(f"{self.uri}/{request.key} is gone", bucket=self._bucket, key=request.key)
        return error

    def _check_destination(self, key: str, condition: Condition) -> None:
        # AWS honours conditions on CopyObject; of other servers it is not known.
        if condition == ALWAYS or not self._pool.target.is_custom:
            return
        there = self.find(key)
        etag = there.etag if there else None
        if (condition.if_absent and there) or (condition.if_match and condition.if_match != etag):
            raise PreconditionFailed(f"{self.uri}/{key} is not as expected", bucket=self._bucket, key=key)

    def _found(self, key: str) -> ObjectInfo:
        info = self.find(key)
        if info is None:
            raise ObjectMissing(f"there is no object {self.uri}/{key}", bucket=self._bucket, key=key)
        return info


def crc32_text(data: bytes | memoryview) -> str:
    """CRC-32 as S3's headers carry it."""
    return crc32_base64(checksums.crc32(data))


def _conditions(condition: Condition) -> dict[str, str]:
    if condition.if_absent:
        return {"if-none-match": "*"}
    return {"if-match": f'"{condition.if_match}"'} if condition.if_match is not None else {}


def _metadata_headers(metadata: Mapping[str, str], write_id: str) -> dict[str, str]:
    headers = {f"{_METADATA}{name.lower()}": value for name, value in metadata.items()}
    return {**headers, f"{_METADATA}{_WRITE_ID}": write_id} if write_id else headers


def _metadata(reply: Reply) -> dict[str, str]:
    found = {name.removeprefix(_METADATA): value for name, value in reply.headers.items() if name.startswith(_METADATA)}
    found.pop(_WRITE_ID, None)
    return found


def object_info(key: str, reply: Reply) -> ObjectInfo:
    """What the headers of a whole reply to GET or HEAD say."""
    return ObjectInfo(
        key=key,
        size_bytes=int(reply.headers.get("content-length", "0")),
        etag=reply.headers.get("etag", "").strip('"'),
        modified=http_time(reply.headers.get("last-modified", "")) or 0.0,
        metadata=_metadata(reply),
    )


def _written(
    key: str, size_bytes: int, reply: Reply, metadata: Mapping[str, str], etag: str | None = None
) -> ObjectInfo:
    return ObjectInfo(
        key=key,
        size_bytes=size_bytes,
        etag=(etag or reply.headers.get("etag", "")).strip('"'),
        modified=server_time(reply) or time.time(),
        metadata={name.lower(): value for name, value in metadata.items()},
    )
