"""uvicorn's protocol, with a connection that the application can reach."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

from onepiece_server.sandbox.faults.cutting import TRANSPORT


class CuttingProtocol(H11Protocol):
    """Hands the connection to the application, for :func:`cutting.cut`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport}
