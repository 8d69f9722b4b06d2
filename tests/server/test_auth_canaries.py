"""Secrets that a server is given anywhere, and that it must never show."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from onepiece_core.config.environment import VARIABLES, is_secret
from onepiece_server.auth.keys import ROLES
from onepiece_server.auth.storage import add_key
from tests.support.ports import free_port
from tests.support.trafalgar import command, environment, job_body, make_folder, wait_until_ready

CONFIG = """
[farms.local]
idle_seconds = 1
[farms.mock]
surprise = "canary-of-a-farm"
[farms.opencue]
password = "canary-of-another-farm"
[notify]
smtp_password = "canary-of-the-mail"
"""


@dataclass
class Watched:
    """A server, all that it said, and who it was."""

    process: subprocess.Popen[bytes]
    client: httpx.Client
    root: Path
    log: Path
    said: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, **more: object) -> httpx.Response:
        answer = self.client.request(method, path, **more)  # type: ignore[arg-type]
        self.said.append(f"{answer.status_code}\n{answer.headers}\n{answer.text}")
        return answer


def secret_environment() -> dict[str, str]:
    """A canary in each variable that holds a secret, the record's address aside: it would be used."""
    given = {
        names[0]: f"canary-{names[0].lower()}"
        for key, names in VARIABLES.items()
        if is_secret(key) and key != ("render", "database_url")
    }
    inline = [{"key": "inline", "secret": "canary-of-a-key-in-clear", "roles": ["render:read"]}]
    return {**given, "TRAFALGAR_SERVICE_CREDENTIALS": json.dumps(inline)}


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    root = make_folder(tmp_path, CONFIG)
    made = add_key(root / "state" / "server" / "credentials.json", "boss", ROLES)
    port, log = free_port(), root / "server.log"
    environ = {**environment(root), **secret_environment()}
    with log.open("wb") as out:
        process = subprocess.Popen(command(root, port, 2), env=environ, cwd=root, stdout=out, stderr=out)
    headers = {"X-API-Key": made.key, "X-API-Secret": made.secret}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False, timeout=30) as client:
        try:
            wait_until_ready(process, client)
            yield Watched(process, client, root, log)
        finally:
            process.terminate()
            process.wait(timeout=30)


def test_no_secret_is_shown_anywhere(watched: Watched) -> None:
    inline = watched.ask("GET", "/jobs", headers={"X-API-Key": "inline", "X-API-Secret": "canary-of-a-key-in-clear"})
    assert inline.status_code == 200, "the canaries are in force"
    _send_in_headers(watched)
    _send_in_bodies_and_queries(watched)
    _break_the_keys(watched)
    log = _run_a_task_that_tells_its_environment(watched)
    for path in ("/health", "/metrics", "/openapi.json", "/farms", "/jobs", "/jobs/metrics", "/"):
        assert watched.ask("GET", path).status_code == 200
    commands = list(_command_lines(watched.process.pid))
    watched.process.terminate()
    watched.process.wait(30)
    kept = b"".join(
        path.read_bytes() for path in (watched.root / "state" / "server").iterdir() if path.suffix != ".json"
    )
    shown = {
        "answers": "\n".join(watched.said),
        "log": watched.log.read_text(),
        "audit and sessions": kept.decode("latin-1"),
        "processes": "\n".join(commands),
        "a task's environment": log,
    }
    assert len(watched.said) > 25
    assert str(watched.root / "serve.py") in shown["processes"]
    hits = {where: text[max(0, text.find("canary") - 80) :][:200] for where, text in shown.items() if "canary" in text}
    assert hits == {}


def _command_lines(pid: int) -> Iterator[str]:
    """Of the server and all that it started."""
    server = psutil.Process(pid)
    for process in (server, *server.children(recursive=True)):
        try:
            yield " ".join(process.cmdline())
        except psutil.Error:  # a worker of the farm that has just ended
            continue


def _send_in_headers(watched: Watched) -> None:
    tried = [
        {"X-API-Key": "boss", "X-API-Secret": "canary-of-a-header"},
        {"X-API-Key": "canary-of-a-header", "X-API-Secret": "wrong"},
        {"Authorization": "Bearer canary-of-a-header"},
        {"Authorization": "Bearer boss.canary-of-a-header"},
        {"Authorization": "Basic canary-of-a-header"},
        {"Cookie": "trafalgar_session=canary-of-a-header"},
        {"Idempotency-Key": "canary of a header that is no key"},
        {"Last-Event-ID": "canary-of-a-header"},
        {"Origin": "https://canary.example", "Referer": "https://canary.example/"},
    ]
    for headers in tried:
        watched.ask("POST", "/jobs", json={"template": "none"}, headers=headers)
        watched.ask("GET", "/jobs", headers=headers)
    at = f"{str(watched.client.base_url).replace('http', 'ws')}/jobs/ws?token=canary-of-a-query"
    with pytest.raises(InvalidStatus), connect(at, additional_headers=tried[2], proxy=None):
        pass


def _send_in_bodies_and_queries(watched: Watched) -> None:
    bodies = [
        b'{"canary-of-a-body": ',
        b'"canary-of-a-body"',
        b'{"template": "command", "secret": "canary-of-a-body"}',
        b'{"template": "command", "priority": "canary-of-a-body"}',
        b'{"template": "command", "environment": ["canary-of-a-body"]}',
        b"canary-of-a-body" * 100_000,
    ]
    for body in bodies:
        answer = watched.ask("POST", "/jobs", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (413, 422), answer.text
    for query in ("limit=canary-of-a-query", "token=canary-of-a-query", "cursor=canary-of-a-query"):
        watched.ask("GET", f"/jobs?{query}")
        watched.ask("DELETE", f"/jobs/none?{query}")


def _break_the_keys(watched: Watched) -> None:
    file = watched.root / "state" / "server" / "credentials.json"
    whole = file.read_text()
    for broken in ('{"keys": "canary-of-a-file"}', '[{"key": "x", "secret": "canary of a file"}]', "canary-of-a-file"):
        file.write_text(broken)
        assert watched.ask("GET", "/health").json()["status"] == "degraded"
    file.write_text(whole)


def _run_a_task_that_tells_its_environment(watched: Watched) -> str:
    job = watched.ask("POST", "/jobs", json=job_body("env; echo told")).json()
    log, until = "", time.monotonic() + 60
    while "told" not in log:
        assert time.monotonic() < until, log
        time.sleep(0.05)
        log = watched.client.get(f"/jobs/{job['job_id']}/tasks/0/log").text
    # Renderers may need AWS's own: what they read may lie there.
    return "\n".join(line for line in log.splitlines() if not line.startswith("AWS_"))
