"""Listings, page by page, parsed without building an XML tree."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote_plus

from onepiece_core.errors import StorageError
from onepiece_core.storage.s3.pool import Pool, Request, server_time
from onepiece_core.storage.store import ObjectInfo

_CONTENTS = re.compile(rb"<Contents>(.*?)</Contents>", re.DOTALL)
_FOLDERS = re.compile(rb"<CommonPrefixes>\s*<Prefix>(.*?)</Prefix>", re.DOTALL)
_FIELDS = {
    name: re.compile(f"<{name}>(.*?)</{name}>".encode(), re.DOTALL) for name in ("Key", "Size", "ETag", "LastModified")
}
_TRUNCATED = re.compile(rb"<IsTruncated>\s*true\s*</IsTruncated>")
_TOKEN = re.compile(rb"<NextContinuationToken>(.*?)</NextContinuationToken>", re.DOTALL)
# How AWS and SeaweedFS write an object: a page of it is taken apart at once.
_ETAG = r"<ETag>(?:&quot;|&#34;|\")?([^<&\"]*)[^<]*</ETag>"
_WHOLE = (
    (re.compile(rf"<Contents><Key>([^<]*)</Key>{_ETAG}<Size>(\d+)</Size>.*?<LastModified>([^<]*)<"), (0, 2, 1, 3)),
    (
        re.compile(rf"<Contents><Key>([^<]*)</Key><LastModified>([^<]*)</LastModified>{_ETAG}.*?<Size>(\d+)<"),
        (0, 3, 2, 1),
    ),
)


class Listed(NamedTuple):
    """One line of a listing. ``modified`` is as the server writes it; :func:`epoch_seconds` reads it."""

    key: str
    size_bytes: int
    etag: str
    modified: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a listing, in the server's own order, with the keys that end in ``/``.

    Attributes:
        token: leads to the next page; None: this is the last.
        server: what the server calls itself.
        server_seconds: the server's clock.
    """

    rows: list[Listed]
    token: str | None
    server: str
    server_seconds: float | None


def read_page(pool: Pool, prefix: str, *, start_after: str = "", token: str | None = None, size: int = 1000) -> Page:
    """One page of the keys that start with ``prefix``, behind ``start_after`` or where ``token`` leads."""
    query = {"list-type": "2", "encoding-type": "url", "max-keys": str(size)}
    if prefix:
        query["prefix"] = prefix
    if token is not None:
        query["continuation-token"] = token
    elif start_after:
        query["start-after"] = start_after
    reply = pool.send(Request("list", "GET", "", query, {})).reply
    next_token = _next_token(pool, prefix, reply.body)
    return Page(_rows(reply.body), next_token, reply.headers.get("server", ""), server_time(reply))


def epoch_seconds(modified: str) -> float:
    """Seconds since the epoch of a listing's ``LastModified``."""
    try:
        return datetime.fromisoformat(modified).timestamp()
    except ValueError as bad:
        raise StorageError(f"the server lists an object with the time {modified!r}") from bad


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
        token = _next_token(pool, prefix, page)
        yield page
        if token is None:
            return
        query["continuation-token"] = token


def _next_token(pool: Pool, prefix: str, page: bytes) -> str | None:
    if b"<ListBucketResult" not in page:
        raise StorageError(f"the listing of s3://{pool.target.bucket}/{prefix} is not one", bucket=pool.target.bucket)
    if not _TRUNCATED.search(page):
        return None
    token = _TOKEN.search(page)
    if token is None:
        raise StorageError(f"the listing of s3://{pool.target.bucket}/{prefix} stops", bucket=pool.target.bucket)
    return html.unescape(token.group(1).decode())


def _objects(page: bytes) -> Iterator[ObjectInfo]:
    for row in _rows(page):
        if not row.key.endswith("/"):
            yield ObjectInfo(row.key, row.size_bytes, row.etag, epoch_seconds(row.modified))


def _rows(page: bytes) -> list[Listed]:
    """Each object of a page; a page written as no server that we know of writes it is read field by field."""
    text, count = page.decode(), page.count(b"<Contents>")
    is_plain = not ("%" in text or "+" in text or "&amp;" in text)
    for expression, (key, size, etag, modified) in _WHOLE:
        found = expression.findall(text)
        if len(found) != count:
            continue
        if is_plain:
            return [Listed(row[key], int(row[size]), row[etag], row[modified]) for row in found]
        return [
            Listed(unquote_plus(html.unescape(row[key])), int(row[size]), row[etag], row[modified]) for row in found
        ]
    return [
        Listed(
            key=_text(_field(contents, "Key")),
            size_bytes=int(_field(contents, "Size")),
            etag=html.unescape(_field(contents, "ETag").decode()).strip('"'),
            modified=_field(contents, "LastModified").decode(),
        )
        for contents in _CONTENTS.findall(page)
    ]


def _field(contents: bytes, name: str) -> bytes:
    match = _FIELDS[name].search(contents)
    if match is None:
        raise StorageError(f"the server lists an object without {name}")
    return match.group(1)


def _text(encoded: bytes) -> str:
    return unquote_plus(html.unescape(encoded.decode()))
