"""Listings, page by page, parsed without building an XML tree."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import unquote_plus

from onepiece_core.errors import StorageError
from onepiece_core.storage.s3.pool import Pool, Request
from onepiece_core.storage.store import ObjectInfo

_CONTENTS = re.compile(rb"<Contents>(.*?)</Contents>", re.DOTALL)
_FOLDERS = re.compile(rb"<CommonPrefixes>\s*<Prefix>(.*?)</Prefix>", re.DOTALL)
_FIELDS = {
    name: re.compile(f"<{name}>(.*?)</{name}>".encode(), re.DOTALL) for name in ("Key", "Size", "ETag", "LastModified")
}
_TRUNCATED = re.compile(rb"<IsTruncated>\s*true\s*</IsTruncated>")
_TOKEN = re.compile(rb"<NextContinuationToken>(.*?)</NextContinuationToken>", re.DOTALL)


def iter_objects(pool: Pool, prefix: str) -> Iterator[ObjectInfo]:
    """The objects in the order of their keys' bytes. Keys that end in ``/`` mark folders and are left out.

    AWS lists in that order and is streamed. SeaweedFS lists folder by folder (``a/b`` before ``a-b``), so
    that a listing of an endpoint that is not AWS is collected and sorted first.
    """
    found = (info for page in _iter_pages(pool, prefix, "") for info in _objects(page))
    yield from sorted(found, key=lambda info: info.key.encode()) if pool.target.is_custom else found


def iter_folders(pool: Pool, prefix: str) -> Iterator[str]:
    """The common prefixes up to the next ``/``, in the order of their bytes.

    SeaweedFS goes on naming a folder after its last object was deleted, so that each one is looked into.
    """
    found = sorted(
        (_text(match) for page in _iter_pages(pool, prefix, "/") for match in _FOLDERS.findall(page)), key=str.encode
    )
    for folder in found:
        if not pool.target.is_custom or any(_objects(next(_iter_pages(pool, folder, "", page_size=2)))):
            yield folder


def _iter_pages(pool: Pool, prefix: str, delimiter: str, *, page_size: int = 1000) -> Iterator[bytes]:
    query = {"list-type": "2", "encoding-type": "url", "max-keys": str(page_size)}
    if prefix:
        query["prefix"] = prefix
    if delimiter:
        query["delimiter"] = delimiter
    while True:
        request = Request("list", "GET", "", query, {})
        page = pool.send(request).reply.body
        if b"<ListBucketResult" not in page:
            raise StorageError(
                f"the listing of s3://{pool.target.bucket}/{prefix} is not one", bucket=pool.target.bucket
            )
        yield page
        if not _TRUNCATED.search(page):
            return
        token = _TOKEN.search(page)
        if token is None:
            raise StorageError(f"the listing of s3://{pool.target.bucket}/{prefix} stops", bucket=pool.target.bucket)
        query["continuation-token"] = html.unescape(token.group(1).decode())


def _objects(page: bytes) -> Iterator[ObjectInfo]:
    for contents in _CONTENTS.findall(page):
        key = _text(_field(contents, "Key"))
        if key.endswith("/"):
            continue
        yield ObjectInfo(
            key=key,
            size_bytes=int(_field(contents, "Size")),
            etag=html.unescape(_field(contents, "ETag").decode()).strip('"'),
            modified=datetime.fromisoformat(_field(contents, "LastModified").decode()).timestamp(),
        )


def _field(contents: bytes, name: str) -> bytes:
    match = _FIELDS[name].search(contents)
    if match is None:
        raise StorageError(f"the server lists an object without {name}")
    return match.group(1)


def _text(encoded: bytes) -> str:
    return unquote_plus(html.unescape(encoded.decode()))
