"""How large a request may be."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onepiece_core.errors import BodyTooLarge
from onepiece_server.errors import envelope


class BodyLimit:
    """ASGI: a request's body is read at most this far; beyond, the answer is 413."""

    def __init__(self, app: ASGIApp, *, maximum: int) -> None:
        self._app, self._maximum = app, maximum

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await self._read(scope, receive)
        if body is None:
            error = BodyTooLarge(f"A request may have {self._maximum} bytes", maximum=self._maximum)
            await envelope(error.report, {"Connection": "close"})(scope, receive, send)
            return
        sent = False

        async def again() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        if lengths and lengths[0].isdigit() and int(lengths[0]) > self._maximum:
            return None
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self._maximum:
                return None
            if not message.get("more_body"):
                return bytes(body)
