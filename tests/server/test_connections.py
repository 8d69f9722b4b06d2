"""Connections of a server whose workers share one socket."""

from __future__ import annotations

import asyncio
import socket
from threading import Thread
from typing import Any

import httpx
import uvicorn
from starlette.types import Receive, Scope, Send

from onepiece_server.patience import PatientProtocol


async def _hello(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def test_no_part_of_an_answer_waits_for_the_one_before() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(_hello, http=PatientProtocol, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    thread = Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", trust_env=False) as client:
            assert client.get("/").text == "hello"
            (connection,) = server.server_state.connections
            transport: Any = connection.transport
            opened = transport.get_extra_info("socket")
            assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
