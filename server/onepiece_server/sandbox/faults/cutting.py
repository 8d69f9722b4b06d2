"""Connections that are cut without an answer."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Mapping
from typing import Any

# Where a request's ASGI state has its connection.
TRANSPORT = "onepiece.transport"


def cut(scope: Mapping[str, Any], how: str | None = None) -> None:
    """End a request's connection without an answer: a reset, or in order when ``how`` is ``close``."""
    transport = scope["state"][TRANSPORT]
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
