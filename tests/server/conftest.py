from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from onepiece_core.config.models import RenderSettings, ServerSettings, Settings
from onepiece_server.app import create_app
from onepiece_server.audit import AuditLog
from onepiece_server.auth.keys import ROLES, Credential, Keys
from onepiece_server.patience import PatientProtocol
from tests.support.memory_jobs import MemoryJobs

SECRET = "a long secret of a test"


@contextmanager
def served(app: FastAPI, *, root_path: str = "") -> Iterator[str]:
    """Its address, on loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, http=PatientProtocol, log_level="error", timeout_graceful_shutdown=1, root_path=root_path
    )
    server = uvicorn.Server(config)
    thread = Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture
def jobs() -> MemoryJobs:
    return MemoryJobs()


@pytest.fixture
def address(jobs: MemoryJobs, tmp_path: Path) -> Iterator[str]:
    """A real server on loopback; the key ROLE-with-dashes has that role alone."""
    keys = [Credential(key=role.replace(":", "-"), secret=SECRET, roles=frozenset({role})) for role in ROLES]
    keys.append(Credential(key="old", secret=SECRET, roles=frozenset(ROLES), expires_at=1.0))
    settings = Settings(server=ServerSettings(max_body_bytes=2048), render=RenderSettings(sse_keepalive_interval=0.2))
    state = tmp_path / "state"
    audit = AuditLog(state / "server" / "audit.db")
    app = create_app(settings, jobs, Keys(keys), state_dir=state, audit=audit, close=audit.close)
    with served(app) as address:
        yield address


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """May do everything."""
    headers = {"X-API-Key": "dashboard-manage", "X-API-Secret": SECRET}
    with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=20) as client:
        yield client
