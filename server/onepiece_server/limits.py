"""How large a request may be, and how long it may take to arrive."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onepiece_core.errors import BodyTooLarge, BodyTooSlow, ServerError
from onepiece_server.errors import envelope

# More than anybody sends by mistake.
_DRAINED_BYTES = 64 * 1024 * 1024
_DRAINED_SECONDS = 10.0


class BodyLimit:
    """ASGI: a request's body is read at most this far and for so long; beyond, the answer is 413 or 408."""

    def __init__(self, app: ASGIApp, *, maximum: int, seconds: float) -> None:
        self._app, self._maximum, self._seconds = app, maximum, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        has_more = True

        async def noting() -> Message:
            nonlocal has_more
            message = await receive()
            has_more = bool(message.get("more_body"))
            return message

        try:
            async with asyncio.timeout(self._seconds):
                body = await self._read(scope, noting)
        except TimeoutError:
            slow = BodyTooSlow(f"A request's body may take {self._seconds:g} seconds", seconds=self._seconds)
            await _refuse(slow, scope, receive, send)
            return
        except BodyTooLarge as large:
            if has_more:
                await self._drain(receive)
            await _refuse(large, scope, receive, send)
            return
        if body is None:
            return  # the client has gone: what came of it is not what was meant
        sent = False

        async def again() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)

    async def _drain(self, receive: Receive) -> None:
        """Take the rest and keep nothing: who still sends while the connection is closed never sees the answer."""
        left = _DRAINED_BYTES
        with suppress(TimeoutError):
            async with asyncio.timeout(min(self._seconds, _DRAINED_SECONDS)):
                while left > 0:
                    message = await receive()
                    left -= len(message.get("body", b""))
                    if not message.get("more_body"):
                        return

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """None where the client went away before the end. Raises BodyTooLarge."""
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        if lengths and lengths[0].isdigit() and int(lengths[0]) > self._maximum:
            raise self._too_large()
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > self._maximum:
                raise self._too_large()
            if not message.get("more_body"):
                return bytes(body)

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"A request may have {self._maximum} bytes", maximum=self._maximum)


def _has_body(scope: Scope) -> bool:
    """A request that names neither its length nor an encoding has none (RFC 9112, section 6.3)."""
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


async def _refuse(error: ServerError, scope: Scope, receive: Receive, send: Send) -> None:
    """Something of the body may be unread: the connection cannot be used for another request."""
    await envelope(error.report, {"Connection": "close"})(scope, receive, send)
