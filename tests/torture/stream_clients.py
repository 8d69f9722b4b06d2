"""Clients of the event streams come and go, in every way: the server keeps nothing of them and ends with them there."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import struct
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
from websockets.asyncio.client import ClientConnection, connect

from tests.support.trafalgar import job_body, make_folder, serving
from tests.torture.server_kills import CONFIG

_STREAM, _TWIN, _JOBS = "/render/v1/jobs/stream", "/render/v1/jobs/ws", "/render/v1/jobs"
_SECONDS = 60
_RESET = struct.pack("ii", 1, 0)  # linger 0: closing resets the connection


def come_and_go(root: Path, count: int, times: int) -> Counter[str]:
    """``count`` clients of each kind, ``times`` times, and once more while the server is told to end."""
    make_folder(root, CONFIG)
    endings = Counter[str]()
    with serving(root) as (process, client):
        for _ in range(150):
            client.post(_JOBS, json=job_body(name="n" * 200, hold=True)).raise_for_status()
        asyncio.run(_one_time(client, 2))  # what is opened once and kept
        before = _open_files(process)
        for _ in range(times):
            endings.update(asyncio.run(_one_time(client, count)))
            _wait_for(lambda: _open_files(process) <= before, f"more than {before} files are open")
        asyncio.run(_end_with_all(process, client, count))
        endings["there when the server ended"] += 2 * count
    return endings


def _open_files(process: subprocess.Popen[bytes]) -> int:
    return int(psutil.Process(process.pid).num_fds())


def _wait_for(is_so: Callable[[], bool], otherwise: str) -> None:
    until = time.monotonic() + _SECONDS
    while not is_so():
        assert time.monotonic() < until, otherwise
        time.sleep(0.05)


async def _one_time(client: httpx.Client, count: int) -> Counter[str]:
    """All come, all are told of a new job, all go."""
    streams = await asyncio.gather(*[_open_stream(client) for _ in range(count)])
    twins = await asyncio.gather(*[_open_twin(client) for _ in range(count)])
    answer = await asyncio.to_thread(client.post, _JOBS, json=job_body(hold=True))
    wanted = answer.raise_for_status().json()["job_id"]
    heard = [_hear_on_stream(reader, wanted) for reader, _ in streams] + [_hear_on_twin(twin, wanted) for twin in twins]
    async with asyncio.timeout(_SECONDS):
        await asyncio.gather(*heard)
    for number, (_, writer) in enumerate(streams):
        await _leave_stream(writer, resets=number % 2 == 0)
    async with asyncio.timeout(_SECONDS):
        await asyncio.gather(*[_leave_twin(twin, resets=number % 2 == 0) for number, twin in enumerate(twins)])
    return Counter({"SSE, told of a job, gone": count, "WebSocket, told of a job, gone": count})


async def _end_with_all(process: subprocess.Popen[bytes], client: httpx.Client, count: int) -> None:
    """Among them some that never read what they are sent."""
    deaf = [await _send_request(client, small=True) for _ in range(3)]
    streams = await asyncio.gather(*[_open_stream(client) for _ in range(count)])
    twins = await asyncio.gather(*[_open_twin(client) for _ in range(count)])
    process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(process.wait, timeout=10)
    assert process.returncode in (0, -signal.SIGTERM)
    async with asyncio.timeout(_SECONDS):
        for reader, writer in streams:
            assert (await reader.read()).endswith(b"0\r\n\r\n"), "a stream was cut off"
            writer.close()
        await asyncio.gather(*[twin.wait_closed() for twin in twins])
        assert {twin.close_code for twin in twins} == {1012}, "a WebSocket was not told that the server ends"
    for _, writer in deaf:
        writer.close()


async def _send_request(client: httpx.Client, *, small: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    url = client.base_url
    connection = socket.socket()
    if small:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, (url.host, url.port or 80))
    reader, writer = await asyncio.open_connection(sock=connection, limit=4096 if small else 1 << 22)
    keys = "".join(f"{name}: {value}\r\n" for name, value in _keys(client).items())
    writer.write(f"GET {_STREAM} HTTP/1.1\r\nHost: {url.host}\r\n{keys}\r\n".encode())
    await writer.drain()
    return reader, writer


async def _open_stream(client: httpx.Client) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await _send_request(client, small=False)
    async with asyncio.timeout(_SECONDS):
        assert b" 200 " in await reader.readline()
        await reader.readuntil(b"event: snapshot\n")
    return reader, writer


async def _open_twin(client: httpx.Client) -> ClientConnection:
    at = f"{str(client.base_url).replace('http', 'ws', 1).rstrip('/')}{_TWIN}"
    twin = await connect(at, additional_headers=_keys(client), proxy=None, open_timeout=_SECONDS)
    assert json.loads(await twin.recv())["event"] == "snapshot"
    return twin


def _keys(client: httpx.Client) -> dict[str, str]:
    return {name: client.headers[name] for name in ("X-API-Key", "X-API-Secret")}


async def _hear_on_stream(reader: asyncio.StreamReader, job_id: str) -> None:
    while True:
        line = await reader.readline()
        assert line, "the stream has ended"
        if line.startswith(b"data: ") and json.loads(line[6:]).get("job_id") == job_id:
            return


async def _hear_on_twin(twin: ClientConnection, job_id: str) -> None:
    while (json.loads(await twin.recv())["data"] or {}).get("job_id") != job_id:
        pass


async def _leave_stream(writer: asyncio.StreamWriter, *, resets: bool) -> None:
    if resets:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        writer.transport.abort()
    else:
        writer.close()
        await writer.wait_closed()


async def _leave_twin(twin: ClientConnection, *, resets: bool) -> None:
    if resets:
        twin.transport.abort()
    await twin.close()
