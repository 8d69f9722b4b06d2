"""HTTP/1.1 messages as they pass through: a head is read, a body flows on in pieces and is never held."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

MAX_HEAD_BYTES = 64 * 1024
PIECE_BYTES = 256 * 1024


class NoMessage(Exception):
    """What came is no HTTP message."""


@dataclass(frozen=True)
class Head:
    """The head of a request or an answer.

    Attributes:
        raw: the head as it came, with the empty line.
        start: the three parts of its first line.
        headers: with names in lower case.
    """

    raw: bytes
    start: tuple[str, str, str]
    headers: dict[str, str]

    @property
    def is_chunked(self) -> bool:
        return "chunked" in self.headers.get("transfer-encoding", "").lower()

    @property
    def length(self) -> int | None:
        """Bytes of the body; None when the head does not say."""
        text = self.headers.get("content-length")
        if text is None:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise NoMessage("the content-length is no number")
        return int(text)

    @property
    def status(self) -> int:
        """Of an answer."""
        if not self.start[1].isdigit():
            raise NoMessage("an answer without a status")
        return int(self.start[1])

    @property
    def ends_connection(self) -> bool:
        return self.headers.get("connection", "").lower() == "close"


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """The next message's head; None when the connection is over.

    Raises:
        NoMessage: it is none, or too large.
    """
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError as error:
        raise NoMessage("the head is too large") from error
    if len(raw) > MAX_HEAD_BYTES:
        raise NoMessage("the head is too large")
    first, *lines = raw.decode("latin-1").split("\r\n")
    start = [*first.split(" ", 2), "", ""]
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Head(raw, (start[0], start[1], start[2]), headers)


async def request_body(reader: asyncio.StreamReader, head: Head) -> AsyncIterator[bytes]:
    """The body of a request, in pieces, as it is on the wire."""
    pieces = _chunked(reader) if head.is_chunked else _counted(reader, head.length or 0)
    async for piece in pieces:
        yield piece


async def answer_body(reader: asyncio.StreamReader, head: Head, method: str) -> AsyncIterator[bytes]:
    """The body of an answer to ``method``, in pieces, as it is on the wire."""
    if not has_body(head, method):
        return
    if head.is_chunked:
        pieces = _chunked(reader)
    elif head.length is None:
        pieces = _until_the_end(reader)
    else:
        pieces = _counted(reader, head.length)
    async for piece in pieces:
        yield piece


def has_body(head: Head, method: str) -> bool:
    """Whether a body follows the head of an answer."""
    return method != "HEAD" and head.status not in (204, 304) and head.status >= 200


async def _counted(reader: asyncio.StreamReader, size: int) -> AsyncIterator[bytes]:
    while size:
        piece = await reader.read(min(size, PIECE_BYTES))
        if not piece:
            raise NoMessage("the body is cut short")
        size -= len(piece)
        yield piece


async def _until_the_end(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while piece := await reader.read(PIECE_BYTES):
        yield piece


async def _chunked(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while True:
        try:
            line = await reader.readline()
            size = int(line.split(b";")[0], 16)
        except ValueError as error:
            raise NoMessage("a chunk without a size") from error
        if size < 0 or not line.endswith(b"\n"):
            raise NoMessage("a chunk without a size")
        yield line
        if size == 0:
            break
        async for piece in _counted(reader, size + 2):
            yield piece
    try:
        trailers = await reader.readuntil(b"\r\n")
        while trailers != b"\r\n":
            yield trailers
            trailers = await reader.readuntil(b"\r\n")
        yield trailers
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise NoMessage("the body has no end") from error
