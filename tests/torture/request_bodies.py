"""Bodies that are too large, that have no length, that hardly arrive and that end too early."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil

from tests.support.trafalgar import all_jobs, job_body, make_folder, serving
from tests.torture.server_kills import CONFIG

_JOBS = "/render/v1/jobs"
_MIB = 1024 * 1024
_LARGE = 50
_MOST_MORE = 20
_SLOW_SECONDS = 4


def send_bodies(root: Path, large: int, slow: int) -> Counter[str]:
    """``large`` of 50 MB with and without a length, then ``slow`` that send a byte a second. Raises AssertionError."""
    make_folder(root, f"{CONFIG}body_seconds = {_SLOW_SECONDS}\n")
    with serving(root) as (process, client):
        client.post(_JOBS, json=job_body()).raise_for_status()
        endings = _send_large(process, client, large)
        before = psutil.Process(process.pid).num_fds()
        endings += _send_slow(client, slow) + _end_too_early(client, slow)
        endings += _send_no_head(client, slow)
        until = time.monotonic() + 60
        while psutil.Process(process.pid).num_fds() > before:
            assert time.monotonic() < until, f"more than {before} files are open"
            time.sleep(0.05)
    return endings


def _send_large(process: subprocess.Popen[bytes], client: httpx.Client, count: int) -> Counter[str]:
    def send(number: int) -> httpx.Response:
        piece = b"x" * _MIB
        content = piece * _LARGE if number % 2 else (piece for _ in range(_LARGE))
        return client.post(_JOBS, content=content, headers={"Content-Type": "application/json"})

    before = _peak(process, anew=True)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(count)))
    assert {(each.status_code, each.json()["error"]["code"]) for each in answers} == {(413, "server.body_too_large")}
    more = (_peak(process) - before) / _MIB
    assert more <= _MOST_MORE, f"{more:.0f} MiB for bodies that are refused"
    return Counter({"too large, refused": count})


def _peak(process: subprocess.Popen[bytes], *, anew: bool = False) -> int:
    """The most memory that the server had, in bytes; ``anew``: from now on."""
    folder = Path("/proc", str(process.pid))
    if anew:
        (folder / "clear_refs").write_text("5")
    line = next(line for line in (folder / "status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _send_slow(client: httpx.Client, count: int) -> Counter[str]:
    """They are let go, and hold up nobody meanwhile."""
    connections = [_begin(client, 1000, b"") for _ in range(count)]
    is_over = threading.Event()

    def trickle() -> None:
        while not is_over.wait(1):
            for each in connections:
                try:
                    each.send(b" ")
                except OSError:  # the server has closed it
                    pass

    trickling = threading.Thread(target=trickle)
    trickling.start()
    try:
        for _ in range(10):
            client.post(_JOBS, json=job_body()).raise_for_status()
        for each in connections:
            status, error = _answer(each)
            assert (status, error) == (408, "server.body_too_slow")
    finally:
        is_over.set()
        trickling.join()
        for each in connections:
            each.close()
    return Counter({"too slow, refused": count})


def _end_too_early(client: httpx.Client, count: int) -> Counter[str]:
    """What has arrived would be a job; it is not all that was said to come."""
    known = len(all_jobs(client))
    for number in range(count):
        _begin(client, 100_000, json.dumps(job_body(name=f"early {number}")).encode()).close()
    for _ in range(3):
        client.post(_JOBS, json=job_body()).raise_for_status()
    assert len(all_jobs(client)) == known + 3
    return Counter({"ended too early, no job": count})


def _send_no_head(client: httpx.Client, count: int) -> Counter[str]:
    """They send nothing, or a part of a first or of a second request's head, and are let go."""
    url = client.base_url
    connections = [socket.create_connection((url.host, url.port or 80), timeout=60) for _ in range(count)]
    for number, each in enumerate(connections):
        if number % 3 == 2:
            each.sendall(f"GET /ready HTTP/1.1\r\nHost: {url.host}\r\n\r\n".encode())
            assert b" 200 " in each.recv(65_536)
        if number % 3:
            each.sendall(b"GET /ready HTTP/1.1\r\nX-Slow: ")
    with client.stream("GET", f"{_JOBS}/stream") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: snapshot"
        for each in connections:
            assert all(b" 200 " not in piece for piece in _pieces(each))
            each.close()
        client.post(_JOBS, json=job_body()).raise_for_status()
        assert any(line == "event: created" for line in lines)  # who waits for an answer is not let go
    return Counter({"no request, let go": count})


def _begin(client: httpx.Client, length: int, content: bytes) -> socket.socket:
    url = client.base_url
    connection = socket.create_connection((url.host, url.port or 80), timeout=60)
    keys = "".join(f"{name}: {client.headers[name]}\r\n" for name in ("X-API-Key", "X-API-Secret"))
    head = f"POST {_JOBS} HTTP/1.1\r\nHost: {url.host}\r\n{keys}Content-Type: application/json\r\n"
    connection.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode() + content)
    return connection


def _answer(connection: socket.socket) -> tuple[int, str]:
    answer = b"".join(_pieces(connection))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), str(json.loads(body)["error"]["code"])


def _pieces(connection: socket.socket) -> Iterator[bytes]:
    """Until the server closes the connection; it may do so with bytes of ours unread."""
    try:
        while piece := connection.recv(65_536):
            yield piece
    except ConnectionResetError:
        return
