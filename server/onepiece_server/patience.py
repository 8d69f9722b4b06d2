"""Connections that bring no request: uvicorn by itself would wait for the head of one for ever."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol


class PatientProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """One connection. A request's head has as long to arrive as a connection may lie idle between two requests."""

    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        _send_at_once(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self._has_request():
            self._unwatch()
        elif self._due is None:
            self._due = asyncio.get_running_loop().call_later(self.timeout_keep_alive, self._give_up)

    def _unwatch(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _has_request(self) -> bool:
        cycle: Any = self.cycle
        return cycle is not None and not cycle.response_complete

    def _give_up(self) -> None:
        transport = self.transport
        # A WebSocket has another protocol by now.
        if transport.get_protocol() is self and not self._has_request() and not transport.is_closing():
            transport.close()


def _send_at_once(transport: asyncio.BaseTransport) -> None:
    """asyncio does so only for sockets that it opened itself, not for the one that several workers share.

    Else the second part of an answer waits for the client to acknowledge the first: 40 ms on a connection that is kept.
    """
    found = transport.get_extra_info("socket")
    if found is not None and found.family in (socket.AF_INET, socket.AF_INET6):
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
