"""A request's body on its way to the application: looked into, kept for later or thrown away."""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections import deque
from typing import IO

from starlette.types import Message, Receive

from onepiece_server.sandbox.faults.calls import UNKNOWN, CallRecord, name_or_unknown

# Every client that is known names the method first.
_HEAD = re.compile(rb'\s*\{\s*"method_name"\s*:\s*"([^"\\]{0,100})"')
_HEAD_BYTES = 256
_PIECE_BYTES = 256 * 1024
_IN_MEMORY_BYTES = 1024 * 1024

_GONE: Message = {"type": "http.disconnect"}


class Incoming:
    """An ASGI ``receive`` that counts, and gives what was looked at once more."""

    def __init__(self, receive: Receive, record: CallRecord) -> None:
        self._receive = receive
        self._record = record
        self._seen: deque[Message] = deque()
        self._is_whole = False

    async def __call__(self) -> Message:
        return self._seen.popleft() if self._seen else await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._record.bytes_in += len(message.get("body", b""))
            self._is_whole = not message.get("more_body", False)
        return message

    async def method_name(self, *, search_bytes: int) -> str:
        """The wire method that the body names; ``?`` when it names none.

        A body that does not begin with it is read up to ``search_bytes``.
        """
        begin = await self._look(_HEAD_BYTES)
        found = _HEAD.match(begin)
        if found:
            return name_or_unknown(found[1].decode("ascii", "replace"))
        if not search_bytes:
            return UNKNOWN
        body = await self._look(search_bytes)
        return await asyncio.to_thread(_named_anywhere, body) if self._is_whole else UNKNOWN

    async def _look(self, size: int) -> bytes:
        """At least the first ``size`` bytes, or all there are; they are given once more later."""
        pieces = [message.get("body", b"") for message in self._seen]
        while sum(map(len, pieces)) < size and not self._is_whole:
            message = await self._next()
            self._seen.append(message)
            if message["type"] != "http.request":
                break
            pieces.append(message.get("body", b""))
        return b"".join(pieces)

    async def gone(self) -> None:
        """Wait until the client has left. What it still sends is thrown away."""
        while (await self())["type"] != "http.disconnect":
            pass

    async def drain(self) -> None:
        """Read the rest of the body and throw it away."""
        while not self._is_whole:
            if (await self._next())["type"] == "http.disconnect":
                return

    async def kept(self) -> Kept | None:
        """The whole body, out of the client's hands; None when it left before the end."""
        # SIM115: it is closed with the Kept.
        file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115
        while True:
            message = await self()
            if message["type"] != "http.request":
                file.close()
                return None
            file.write(message.get("body", b""))
            if not message.get("more_body", False):
                file.seek(0)
                return Kept(file)


class Kept:
    """A body to be carried out later: an ASGI ``receive`` that does not need the client."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._is_over = False

    async def __call__(self) -> Message:
        if self._is_over:
            return _GONE
        piece = self._file.read(_PIECE_BYTES)
        self._is_over = len(piece) < _PIECE_BYTES
        return {"type": "http.request", "body": piece, "more_body": not self._is_over}

    def close(self) -> None:
        self._file.close()


def _named_anywhere(body: bytes) -> str:
    try:
        call = json.loads(body)
    except (ValueError, RecursionError):
        return UNKNOWN
    name = call.get("method_name") if isinstance(call, dict) else None
    return name_or_unknown(name) if isinstance(name, str) else UNKNOWN
