"""How large a request may be, and how many may come."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onepiece_core.errors import BodyTooLarge, RateLimited
from onepiece_server.errors import envelope

_CALLERS_KEPT = 10_000


class Rate:
    """So many requests of one caller in a minute, in each process of the server."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._clock, self._lock = per_minute, clock, Lock()
        self._left: dict[str, tuple[float, float]] = {}  # caller: (requests left, when that was)

    def narrower(self, per_minute: int) -> Rate:
        """Another count, of what fewer are allowed of."""
        return Rate(min(per_minute, self._per_minute), self._clock)

    def take(self, caller: str) -> None:
        """Raises RateLimited."""
        now = self._clock()
        with self._lock:
            left, at = self._left.pop(caller, (float(self._per_minute), now))
            left = min(self._per_minute, left + (now - at) * self._per_minute / 60)
            self._left[caller] = (left - 1 if left >= 1 else left, now)
            if len(self._left) > _CALLERS_KEPT:
                del self._left[next(iter(self._left))]
        if left < 1:
            seconds = int((1 - left) * 60 / self._per_minute) + 1
            raise RateLimited("Too many requests", retry_after_seconds=seconds)


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
