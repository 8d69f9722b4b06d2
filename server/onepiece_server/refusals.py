"""Refused requests (401, 403, 413, 429) in the audit log, summed: a flood of them writes two entries a minute.

The first one of a caller or an address is written at once, those that follow within a minute together, with their
number. A server that is killed loses the number of its last minute, never the first entry.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from onepiece_core.errors import AuditBroken
from onepiece_core.log import get_logger
from onepiece_server.audit import REFUSED, AuditLog

log = get_logger(__name__)

_WINDOW_SECONDS = 60.0
_SWEEP_SECONDS = 5.0
# Callers and addresses that are told apart within a minute; those beyond are counted together.
_KINDS_KEPT = 1000
_OTHERS = "others"

Kind = tuple[str, str | None, int]  # address, caller, status


@dataclass(slots=True)
class _Count:
    since: float
    more: int
    last: dict[str, Any]


class Refusals:
    """Any thread may call it."""

    def __init__(self, audit: AuditLog, clock: Callable[[], float] = time.time) -> None:
        self._audit, self._clock = audit, clock
        self._lock = threading.Lock()
        self._counts: dict[Kind, _Count] = {}

    def note(self, *, address: str, caller: str | None, status: int, method: str, path: str) -> None:
        """Returns once it is written, or counted."""
        told = {"address": address, "caller": caller, "status": status, "method": method, "path": path[:500]}
        kind, now, due = (address, caller, status), self._clock(), []
        with self._lock:
            if kind not in self._counts and len(self._counts) >= _KINDS_KEPT:
                kind = (_OTHERS, None, status)
                told |= {"address": _OTHERS, "caller": None}
            count = self._counts.get(kind)
            if count is not None and 0 <= now - count.since < _WINDOW_SECONDS:
                count.more += 1
                count.last = told
                return
            if count is not None:
                due += _summed(count)
            self._counts[kind] = _Count(now, 0, told)
        self._write([*due, {**told, "count": 1}])

    def sweep(self, *, all_of_them: bool = False) -> None:
        """Write the sums whose minute is over."""
        now, due = self._clock(), []
        with self._lock:
            for kind, count in list(self._counts.items()):
                if all_of_them or not 0 <= now - count.since < _WINDOW_SECONDS:
                    due += _summed(count)
                    del self._counts[kind]
        self._write(due)

    @asynccontextmanager
    async def swept(self) -> AsyncIterator[None]:
        """Meanwhile sums are written when they are due; at its end all of them."""
        ended = asyncio.Event()

        async def sweeping() -> None:
            while not ended.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), _SWEEP_SECONDS)
                await asyncio.to_thread(self.sweep, all_of_them=ended.is_set())

        task = asyncio.create_task(sweeping())
        try:
            yield
        finally:
            ended.set()
            await task

    def _write(self, entries: list[dict[str, Any]]) -> None:
        try:
            for told in entries:
                self._audit.write(**told)
        except AuditBroken as error:
            log.error("server.audit_failed", happened=error.report.message)


def _summed(count: _Count) -> list[dict[str, Any]]:
    return [{**count.last, "count": count.more, "since": count.since}] if count.more else []


class RefusalsNoted:
    """ASGI: before everything that may refuse."""

    def __init__(self, app: ASGIApp, *, refusals: Refusals) -> None:
        self._app, self._refusals = app, refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        is_answered = False

        async def sending(message: Message) -> None:
            nonlocal is_answered
            status = None if is_answered else _status(message)
            is_answered = True
            if status in REFUSED:
                await asyncio.to_thread(self._note, scope, status)
            await send(message)

        await self._app(scope, receive, sending)

    def _note(self, scope: Scope, status: int) -> None:
        caller = (scope.get("state") or {}).get("caller")
        self._refusals.note(
            address=str((scope.get("client") or ("unknown",))[0]),
            caller=caller.name if caller else None,
            status=status,
            method=scope.get("method", "WEBSOCKET"),
            path=scope["path"],
        )


def _status(message: Message) -> int | None:
    if message["type"] == "websocket.close":  # instead of an answer to its handshake
        return 403
    return message.get("status")
