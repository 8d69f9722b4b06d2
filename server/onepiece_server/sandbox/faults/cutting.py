"""Connections that are cut without an answer, under uvicorn."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORT = "onepiece.transport"


class CuttingProtocol(H11Protocol):
    """Hands the connection to the application, for :func:`cut`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, _TRANSPORT: transport}


def cut(scope: Scope, how: str | None = None) -> None:
    """End a request's connection without an answer: a reset, or in order when ``how`` is ``close``."""
    transport = scope["state"][_TRANSPORT]
    if how == "close":
        transport.close()
    else:
        reset(transport)


def reset(transport: asyncio.WriteTransport) -> None:
    """Cut a connection with a RST: its other end learns of an error, not of an end."""
    line = transport.get_extra_info("socket")
    if line is not None and not transport.is_closing():
        layout = "hh" if sys.platform == "win32" else "ii"
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(layout, 1, 0))
    transport.abort()
