"""Trafalgar as a process of the test's own: its folder, its keys, a client, and what its pretended farm was given."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from onepiece_server.auth.keys import ROLES
from onepiece_server.auth.storage import add_key, rotate_key
from tests.support.ports import free_port

_SERVE = """
import os, sys
from pathlib import Path
from onepiece_core.config import ConfigSources, load_settings
from onepiece_server.run import serve
if __name__ == "__main__":
    root = Path(sys.argv[1])
    settings = load_settings(ConfigSources(dict(os.environ), home=root, workspace=root))
    serve(settings, root / "state", os.environ, port=int(sys.argv[2]), workers=int(sys.argv[3]), dev=len(sys.argv) > 4)
"""
# A trigger before the insert fires for a job that is there already, too.
_COUNTED = """
create table if not exists jobs (id text primary key, is_ended integer, data text not null);
create table if not exists taken (id text not null);
create trigger if not exists counted before insert on jobs begin insert into taken values (new.id); end;
"""

Served = tuple["subprocess.Popen[bytes]", httpx.Client]


def make_folder(root: Path, config: str) -> Path:
    """A show and the configuration of a server, whose state will lie in ``root / "state"``."""
    show = root / "show"
    show.mkdir(parents=True)
    (root / "onepiece.toml").write_text(f'[roots.show]\nlinux = "{show}"\n{config}')
    (root / "serve.py").write_text(_SERVE)
    return root


@contextmanager
def serving(root: Path, *, workers: int = 1, port: int = 0) -> Iterator[Served]:
    """A server that is ready, and a client that may do everything."""
    keys = root / "state" / "server" / "credentials.json"
    made = rotate_key(keys, "boss") if keys.exists() else add_key(keys, "boss", ROLES)
    port = port or free_port()
    process = subprocess.Popen(command(root, port, workers), env=environment(root), cwd=root)
    headers = {"X-API-Key": made.key, "X-API-Secret": made.secret}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False, timeout=30) as client:
        try:
            wait_until_ready(process, client)
            yield process, client
        finally:
            process.terminate()
            process.wait(timeout=30)


def command(root: Path, port: int, workers: int) -> list[str]:
    return [sys.executable, str(root / "serve.py"), str(root), str(port), str(workers)]


def environment(root: Path) -> dict[str, str]:
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("ONEPIECE_", "TRAFALGAR_"))}
    return {**keep, "HOME": str(root), "PYTHONPATH": str(Path(__file__).parents[2])}


def wait_until_ready(process: subprocess.Popen[bytes], client: httpx.Client) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            client.get("/ready").raise_for_status()
            return
        except httpx.HTTPError:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)


def job_body(line: str = "true", **more: object) -> dict[str, object]:
    return {"template": "command", "parameters": {"Command": line}, "output": "show:renders", **more}


def all_jobs(client: httpx.Client) -> list[dict[str, object]]:
    """The whole history, page by page."""
    found: list[dict[str, object]] = []
    cursor: str | None = None
    while True:
        asked: dict[str, str | int] = {"limit": 500, **({"cursor": cursor} if cursor else {})}
        page = client.get("/render/v1/jobs", params=asked).raise_for_status().json()
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def count_what_mock_takes(state: Path) -> None:
    """Before its first start: the pretended farm's own file keeps an entry for every job that it is given."""
    path = _mock_file(state)
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(_COUNTED)


def taken_by_mock(state: Path) -> Counter[str]:
    """How often the pretended farm was given each job."""
    with closing(sqlite3.connect(_mock_file(state))) as db:
        return Counter(job_id for (job_id,) in db.execute("select id from taken"))


def _mock_file(state: Path) -> Path:
    return state / "farms" / "mock" / "mock.db"
