"""In front of the sandbox's S3 server: lets everything pass but what is planned to go wrong.

Bodies stream through. The Host header stays as it came, for it is signed. Only a studio that was started for it
(``sandbox up --s3-faults``) has this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from typing import IO, Any, TypeVar
from urllib.parse import unquote

from onepiece_server.sandbox.faults import s3_answers
from onepiece_server.sandbox.faults.admin import MAX_PLAN_BYTES, Admin, Asked
from onepiece_server.sandbox.faults.cutting import reset
from onepiece_server.sandbox.faults.messages import (
    MAX_HEAD_BYTES,
    PIECE_BYTES,
    Head,
    NoMessage,
    answer_body,
    has_body,
    read_head,
    request_body,
)
from onepiece_server.sandbox.faults.paths import PATHS
from onepiece_server.sandbox.faults.plan import Rule

T = TypeVar("T")

HOST = "127.0.0.1"
_IN_MEMORY_BYTES = 1024 * 1024
# How long to wait for the rest of a body whose answer has come already.
_REST_SECONDS = 30.0


class _Over(Exception):
    """Nothing more is said on this connection."""


@dataclass
class _Line:
    """One connection, of a client or to the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, piece: bytes) -> None:
        self.writer.write(piece)
        await self.writer.drain()

    def cut(self, rule: Rule) -> None:
        """End it: by a reset, but the half of a body that was sent shall arrive."""
        if (rule.cut or ("close" if rule.fault == "truncate" else "reset")) == "reset":
            reset(self.writer.transport)

    async def gone(self) -> None:
        """Wait until the other end has left; what it still sends is thrown away."""
        while await self.reader.read(PIECE_BYTES):
            pass


@dataclass
class _Client:
    """A client's connection, its request of now and the server's connection that serves it."""

    line: _Line
    head: Head
    server: _Line | None = None
    arrived: float = field(default_factory=time.monotonic)

    @property
    def method(self) -> str:
        return self.head.start[0]

    @property
    def waits_to_send(self) -> bool:
        """It has a body that comes only after it was asked for."""
        is_empty = self.head.length == 0 and not self.head.is_chunked
        return self.head.headers.get("expect", "").lower() == "100-continue" and not is_empty

    @property
    def key(self) -> str | None:
        """The object's key; None for a bucket."""
        _, _, key = unquote(self.head.start[1].partition("?")[0]).lstrip("/").partition("/")
        return key or None


class S3FaultProxy:
    """``serve`` is for one connection."""

    def __init__(self, server_port: int, admin: Admin) -> None:
        self._server_port = server_port
        self._admin = admin
        self._later: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, server = _Line(reader, writer), None
        try:
            while (head := await read_head(reader)) is not None:
                client = _Client(line, head, server)
                try:
                    await self._request(client)
                finally:
                    server = client.server
        except NoMessage as error:
            with contextlib.suppress(OSError):
                await line.send(s3_answers.plain(400, str(error)))
        except (_Over, OSError, EOFError):
            return
        finally:
            for each in (line, server):
                if each is not None:
                    each.writer.close()

    async def _request(self, client: _Client) -> None:
        if client.head.start[1].partition("?")[0] in PATHS and _is_owner(client.head):
            await self._administer(client)
            return
        rule = self._admin.decider.next(client.method, client.key)
        if rule is None:
            await self._pass(client)
        elif rule.fault in s3_answers.STATUS:
            await self._refuse(client, rule)
        else:
            await self._spoil(client, rule)

    async def _administer(self, client: _Client) -> None:
        body = b""
        async for piece in request_body(client.line.reader, client.head):
            body += piece
            if len(body) > MAX_PLAN_BYTES or client.head.is_chunked:
                raise NoMessage("a plan has a length, and not such a one")
        path, _, query = client.head.start[1].partition("?")
        asked = Asked(client.method, path, query, client.head.headers.get("authorization", ""), body)
        status, told = await self._admin.answer(asked)
        await client.line.send(s3_answers.document(status, json.dumps(told).encode()))

    async def _refuse(self, client: _Client, rule: Rule) -> None:
        """Answer instead of the server. A body that waits to be asked for is not sent any more."""
        is_over = client.waits_to_send
        if not is_over:
            async for _ in request_body(client.line.reader, client.head):
                pass
        await client.line.send(s3_answers.refusal(rule, client.method, is_over=is_over))
        if is_over:
            raise _Over

    async def _spoil(self, client: _Client, rule: Rule) -> None:
        if rule.fault == "slow":
            await asyncio.sleep(rule.seconds or 0)
            await self._pass(client)
            return
        if rule.fault == "truncate":
            await self._pass(client, cut_short=True)
        elif rule.fault == "drop_reply":
            await self._pass(client, silent=True)
        elif rule.fault == "hang":
            await _hold(client.line, rule.seconds)
        elif rule.fault == "commit_late":
            await self._commit_late(client, rule.seconds or 0)
        client.line.cut(rule)
        raise _Over

    async def _pass(self, client: _Client, *, cut_short: bool = False, silent: bool = False) -> None:
        """Let the server carry out a request."""
        server = client.server = await self._server(client)
        await server.send(client.head.raw)
        rest = asyncio.create_task(_flow(request_body(client.line.reader, client.head), server))
        try:
            head, was_asked = await _unless_broken(rest, self._answer(client, server))
            if not silent:
                await client.line.send(head.raw)
            body = answer_body(server.reader, head, client.method)
            await _flow(_cut_short(body, head, client.method) if cut_short else body, None if silent else client.line)
            if client.waits_to_send and not was_asked:
                raise _Over  # a body that nobody asked for does not come
            await asyncio.wait_for(rest, _REST_SECONDS)
        finally:
            await _ended(rest)
        if head.ends_connection or (has_body(head, client.method) and head.length is None and not head.is_chunked):
            raise _Over

    async def _answer(self, client: _Client, server: _Line) -> tuple[Head, bool]:
        """The head of the final answer, and whether the server asked for the body before it."""
        was_asked = False
        while True:
            head = await read_head(server.reader)
            if head is None:
                raise _Over
            if head.status >= 200:
                return head, was_asked
            was_asked = True
            await client.line.send(head.raw)

    async def _server(self, client: _Client) -> _Line:
        if client.server is not None and not client.server.reader.at_eof():
            return client.server
        if client.server is not None:
            client.server.writer.close()
        return _Line(*await asyncio.open_connection(HOST, self._server_port, limit=MAX_HEAD_BYTES))

    async def _commit_late(self, client: _Client, seconds: float) -> None:
        """Take the whole request, hold the connection, and do it when the client knows nothing of it."""
        if client.waits_to_send:
            await client.line.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        # It is closed by whoever carries the request out.
        file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115
        async for piece in request_body(client.line.reader, client.head):
            file.write(piece)
        file.seek(0)
        due = client.arrived + seconds
        task = asyncio.create_task(self._carry_out(client, file, due))
        self._later.add(task)
        task.add_done_callback(self._later.discard)
        await _hold(client.line, due - time.monotonic())

    async def _carry_out(self, client: _Client, file: IO[bytes], due: float) -> None:
        await asyncio.sleep(due - time.monotonic())
        server = _Line(*await asyncio.open_connection(HOST, self._server_port, limit=MAX_HEAD_BYTES))
        with file, contextlib.closing(server.writer), contextlib.suppress(OSError, NoMessage):
            await server.send(client.head.raw)
            while piece := file.read(PIECE_BYTES):
                await server.send(piece)
            while (head := await read_head(server.reader)) is not None and head.status < 200:
                pass


async def _flow(pieces: AsyncIterator[bytes], line: _Line | None) -> None:
    """Send a body on; None: throw it away."""
    async for piece in pieces:
        if line is not None:
            await line.send(piece)


async def _cut_short(pieces: AsyncIterator[bytes], head: Head, method: str) -> AsyncIterator[bytes]:
    """The first half of a body; of one without a length the first piece."""
    left = (head.length or 0) // 2 if has_body(head, method) else 0
    async for piece in pieces:
        yield piece[:left] if head.length is not None else piece
        left -= len(piece)
        if left <= 0:
            return


async def _unless_broken(rest: asyncio.Task[None], answer: Coroutine[Any, Any, T]) -> T:
    """The answer; what the client sends on meanwhile must be a body."""
    task = asyncio.create_task(answer)
    try:
        await asyncio.wait({rest, task}, return_when=asyncio.FIRST_COMPLETED)
        broken = rest.exception() if rest.done() else None
        if isinstance(broken, NoMessage):
            raise broken
        return await task
    finally:
        task.cancel()


async def _ended(task: asyncio.Task[None]) -> None:
    """End the sending of a body; what went wrong with it, the answer tells."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, OSError, NoMessage):
        await task


async def _hold(line: _Line, seconds: float | None) -> None:
    try:
        await asyncio.wait_for(line.gone(), seconds)
    except TimeoutError:
        return


def _is_owner(head: Head) -> bool:
    """Whether a request is for us; a bucket may have the name of our path, but its owner signs otherwise."""
    return head.headers.get("authorization", "").lower().startswith("bearer")
