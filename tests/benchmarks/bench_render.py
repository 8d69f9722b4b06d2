"""Render jobs over HTTP: how the rate of durable submits and of lists holds as the record grows, and events to many.

    .venv/bin/python -m tests.benchmarks.bench_render [--seconds 4] [--turns 7] [--clients 200]

A real server (one process, authentication and audit on, farm ``mock``) at 1,000 and at 50,000 jobs, in turn; beside it
the baseline: a route of the same framework that rewrites its whole history as JSON, atomically, on each submit. A job
is the same record for both.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from onepiece_core.render.model import Job
from onepiece_server.auth.keys import ROLES
from onepiece_server.auth.storage import add_key

SERVE = """
import os, sys
from pathlib import Path
from onepiece_core.config import ConfigSources, load_settings
from onepiece_server.run import serve
root = Path(sys.argv[1])
settings = load_settings(ConfigSources(dict(os.environ), home=root, workspace=root))
serve(settings, root / "state", os.environ, port=int(sys.argv[2]))
"""
BASELINE = """
import json, os, sys, threading, uuid
import uvicorn
from fastapi import FastAPI
app, path, jobs, lock, record = FastAPI(), sys.argv[1], [], threading.Lock(), json.loads(sys.argv[4])
for number in range(int(sys.argv[3])):
    jobs.append({**record, "job_id": uuid.uuid4().hex, "name": f"n{number}"})
@app.post("/jobs", status_code=201)
def submit(body: dict) -> dict:
    with lock:
        jobs.append({**record, "job_id": uuid.uuid4().hex, **body})
        with open(path + ".tmp", "w") as file:
            json.dump(jobs, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(path + ".tmp", path)
        return jobs[-1]
@app.get("/ready")
def ready() -> dict:
    return {}
uvicorn.run(app, port=int(sys.argv[2]), log_level="error")
"""
BODY = {"template": "command", "parameters": {"Command": "true"}, "farm": "mock", "hold": True}


@contextmanager
def process(words: list[str], environ: dict[str, str], url: str) -> Iterator[None]:
    child = subprocess.Popen([sys.executable, *words], env=environ, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                httpx.get(f"{url}/ready", trust_env=False, timeout=30)
                break
            except httpx.HTTPError:
                assert child.poll() is None, "the server ended"
                time.sleep(0.05)
        yield
    finally:
        child.terminate()
        child.wait()


def _port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def ours(root: Path, size: int) -> Iterator[httpx.Client]:
    root.mkdir()
    (root / "onepiece.toml").write_text("[render]\npoll_seconds = 5\n[server]\nrequests_per_minute = 10000000\n")
    made = add_key(root / "state" / "server" / "credentials.json", "bench", ROLES)
    _fill(root / "state" / "render" / "jobs.db", size)
    headers = {"X-API-Key": made.key, "X-API-Secret": made.secret}
    with (
        _served(root) as url,
        httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60) as client,
    ):
        yield client


@contextmanager
def _served(root: Path) -> Iterator[str]:
    port = _port()
    environ = {**os.environ, "HOME": str(root), "PYTHONPATH": str(Path.cwd())}
    url = f"http://127.0.0.1:{port}"
    serve = root / "serve.py"
    serve.write_text(SERVE)
    with process([str(serve), str(root), str(port)], environ, url):
        yield url


def _fill(path: Path, size: int) -> None:
    from onepiece_core.render.sqlite_store import sqlite_store

    store, now = sqlite_store(path), time.time()
    jobs = [_job(f"old{number}", number, now) for number in range(size)]
    store.import_jobs(jobs)
    jobs = [job.model_copy(update={"status": "succeeded", "handle": job.job_id, "ended_at": now}) for job in jobs]
    for start in range(0, size, 1000):
        store.save(jobs[start : start + 1000])
    store.close()


def _job(job_id: str, number: int, now: float) -> Job:
    return Job(job_id=job_id, farm="mock", status="queued", raw_state="pending", name=f"n{number}",
               template="command", priority=50, created_at=now, updated_at=now)  # fmt: skip


@contextmanager
def baseline(root: Path, size: int) -> Iterator[httpx.Client]:
    root.mkdir()
    script, port, record = root / "baseline.py", _port(), _job("", 0, time.time()).model_dump_json()
    script.write_text(BASELINE)
    url = f"http://127.0.0.1:{port}"
    with (
        process([str(script), str(root / "jobs.json"), str(port), str(size), record], dict(os.environ), url),
        httpx.Client(base_url=url, trust_env=False, timeout=60) as client,
    ):
        yield client


def rate(client: httpx.Client, method: str, path: str, seconds: float, body: object = None, callers: int = 16) -> float:
    """Answers a second of some callers, who cost next to nothing themselves: server and bench share a machine."""
    data = b"" if body is None else json.dumps(body).encode()
    kept = [f"{name}: {value}" for name, value in client.headers.items() if name.lower().startswith("x-api")]
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *kept, "Content-Type: application/json"]
    request = "\r\n".join([*lines, f"Content-Length: {len(data)}", "", ""]).encode() + data

    def ask(until: float) -> int:
        count = 0
        with socket.create_connection(("127.0.0.1", client.base_url.port or 80), timeout=60) as connection:
            while time.monotonic() < until:
                connection.sendall(request)
                _read_answer(connection)
                count += 1
        return count

    began = time.monotonic()
    with ThreadPoolExecutor(callers) as pool:
        counts = list(pool.map(ask, [began + seconds] * callers))
    return sum(counts) / (time.monotonic() - began)


def _read_answer(connection: socket.socket) -> None:
    found = b""
    while b"\r\n\r\n" not in found:
        part = connection.recv(65_536)
        assert part, "the server closed the connection"
        found += part
    head, _, rest = found.partition(b"\r\n\r\n")
    assert head.split(b" ", 2)[1].startswith(b"2"), head
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(rest) < length:
        rest += connection.recv(65_536)


def verdict(name: str, ratios: list[float], least: float) -> None:
    low, middle, high = statistics.quantiles(ratios, n=4)
    told = "kept" if low >= least else "NOT kept" if high < least else "no verdict: the spread is too wide"
    print(f"  {name}: {middle:.2f} ({low:.2f}-{high:.2f}), at least {least}: {told}", flush=True)


def streams(client: httpx.Client, clients: int) -> list[socket.socket]:
    head = f"GET /render/v1/jobs/stream HTTP/1.1\r\nHost: x\r\nX-API-Key: {client.headers['X-API-Key']}\r\n"
    head += f"X-API-Secret: {client.headers['X-API-Secret']}\r\n\r\n"
    sockets = [socket.create_connection(("127.0.0.1", client.base_url.port or 80)) for _ in range(clients)]
    for each in sockets:
        each.sendall(head.encode())
        each.settimeout(20)
    return sockets


def restarts(root: Path) -> None:
    """How long a server over a record of 50,000 jobs takes until it answers."""
    found = []
    for _ in range(3):
        began = time.monotonic()
        with _served(root):
            found.append(time.monotonic() - began)
    print(f"  restart with 50,000 jobs: {statistics.median(found):.2f} s until /ready, limit 2")


def events(client: httpx.Client, clients: int) -> None:
    """How long an event takes until each of many streams has it."""
    sockets = streams(client, clients)
    time.sleep(3)
    for each in sockets:
        each.recv(1 << 22)
    worst = []
    for turn in range(5):
        name = f"event-{turn}-{os.getpid()}".encode()
        began = time.monotonic()
        client.post("/render/v1/jobs", json={**BODY, "name": name.decode()}).raise_for_status()
        for each in sockets:
            data = b""
            while name not in data:
                data += each.recv(65_536)
        worst.append(time.monotonic() - began)
    for each in sockets:
        each.close()
    print(f"  an event at the last of {clients} streams after {1000 * statistics.median(worst):.0f} ms, limit 250")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--clients", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        root = Path(name)
        small, large = (stack.enter_context(ours(root / f"ours{size}", size)) for size in (1_000, 50_000))
        few, many = (stack.enter_context(baseline(root / f"base{size}", size)) for size in (1_000, 50_000))

        def submit(client: httpx.Client) -> float:
            return rate(client, "POST", "/render/v1/jobs", options.seconds, BODY)

        def listing(client: httpx.Client) -> float:
            return rate(client, "GET", "/render/v1/jobs?limit=50", options.seconds)

        def plain(client: httpx.Client) -> float:
            return rate(client, "POST", "/jobs", options.seconds, {"name": "n", "frames": "1-10"})

        def attended(path: str) -> float:
            sockets = streams(large, 20)
            try:
                return rate(large, "GET", path, options.seconds)
            finally:
                for each in sockets:
                    each.close()

        for client in (small, large):
            client.post("/render/v1/jobs", json=BODY).raise_for_status()  # what is loaded once
        found: dict[str, list[float]] = {}
        for _ in range(options.turns):
            for told, value in (
                ("POST at 1,000", submit(small)), ("POST at 50,000", submit(large)),
                ("JSON rewrite at 1,000", plain(few)), ("JSON rewrite at 50,000", plain(many)),
                ("GET at 1,000", listing(small)), ("GET at 50,000", listing(large)),
                ("GET at 50,000, 20 streams", attended("/render/v1/jobs?limit=50")),
                ("an empty route, 20 streams", attended("/")),
            ):  # fmt: skip
                found.setdefault(told, []).append(value)
        for told, values in found.items():
            print(f"  {told:28} {statistics.median(values):8.1f} a second")

        def pairs(one: str, other: str) -> list[float]:
            return [mine / theirs for mine, theirs in zip(found[one], found[other], strict=True)]

        verdict("POST, 50,000 / 1,000", pairs("POST at 50,000", "POST at 1,000"), 0.7)
        verdict("POST, ours / JSON rewrite at 1,000", pairs("POST at 1,000", "JSON rewrite at 1,000"), 4)
        verdict("POST, ours / JSON rewrite at 50,000", pairs("POST at 50,000", "JSON rewrite at 50,000"), 100)
        verdict("GET, 50,000 / 1,000", pairs("GET at 50,000", "GET at 1,000"), 0.7)
        verdict(
            "GET / an empty route, 20 streams", pairs("GET at 50,000, 20 streams", "an empty route, 20 streams"), 0.3
        )
        events(small, options.clients)
        stack.close()
        restarts(root / "ours50000")
        print(json.dumps({"turns": options.turns, "seconds": options.seconds}))


if __name__ == "__main__":
    main()
