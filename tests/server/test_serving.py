"""Trafalgar as a process: started, asked, killed, ended; over the real record and the local farm."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from onepiece_core.errors import AuditBroken, CredentialsUnusable
from onepiece_server.audit import AuditLog
from onepiece_server.auth.keys import ROLES
from onepiece_server.auth.storage import add_key, list_keys, revoke_key, rotate_key
from tests.support.trafalgar import command, environment, job_body, make_folder, serving


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_folder(tmp_path, "[render]\npoll_seconds = 0.1\n[farms.local]\nworkers = 2\nidle_seconds = 1\n")


def wait(client: httpx.Client, job_id: str) -> dict[str, object]:
    until = time.monotonic() + 60
    while True:
        job: dict[str, object] = client.get(f"/render/v1/jobs/{job_id}").raise_for_status().json()
        if job["ended_at"]:
            return job
        assert time.monotonic() < until, job
        time.sleep(0.05)


def test_a_job_is_sent_followed_and_its_log_read(root: Path) -> None:
    with serving(root) as (_, client):
        answer = client.post("/render/v1/jobs", json=job_body('echo "frames $1"', frames="1-4", chunk_size=2))
        assert answer.status_code == 201, answer.text
        job = answer.json()
        assert (job["farm"], job["tasks"], job["user"]) == ("local", 2, "boss")
        assert wait(client, job["job_id"])["status"] == "succeeded"
        assert "frames 3-4" in client.get(f"/render/v1/jobs/{job['job_id']}/tasks/1/log").text
        health = client.get("/health").json()
        assert health["store"]["history_size"] == 1
        assert {farm["name"]: farm["available"] for farm in health["farms"]}["local"] is True
        assert httpx.get(f"{client.base_url}/health", trust_env=False).json() == {"status": "ok"}
        assert 'trafalgar_jobs{farm="local",status="succeeded"} 1' in client.get("/metrics").text
        refused = client.post("/render/v1/jobs", json=job_body(output="/etc"))
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "paths.escapes")


def test_workers_end_when_what_started_them_is_killed_and_the_port_is_free_again(root: Path) -> None:
    with serving(root, workers=2) as (process, client):
        workers = psutil.Process(process.pid).children(recursive=True)
        port = client.base_url.port
        process.kill()
        gone, alive = psutil.wait_procs(workers, timeout=30)
        assert (bool(gone), alive) == (True, [])
    with serving(root, port=port or 0) as (_, client):
        assert client.get("/ready").status_code == 200


def test_a_killed_server_keeps_every_job_that_it_acknowledged(root: Path) -> None:
    acknowledged: list[str] = []
    for kill in range(3):
        with serving(root) as (process, client), ThreadPoolExecutor(4) as pool:

            def post(number: int, client: httpx.Client = client) -> str | None:
                try:
                    line = f"echo {number} >> {root}/runs"
                    answer = client.post("/render/v1/jobs", json=job_body(line, name=f"k{number}"))
                    return str(answer.json()["job_id"]) if answer.status_code == 201 else None
                except httpx.HTTPError:
                    return None

            sent = [pool.submit(post, number) for number in range(100 * kill, 100 * kill + 30)]
            for answered in sent[: 4 * kill + 3]:
                answered.result()
            process.send_signal(signal.SIGKILL)
            acknowledged += [job_id for each in sent if (job_id := each.result())]
    with serving(root) as (_, client):
        until = time.monotonic() + 90
        while True:
            jobs = client.get("/render/v1/jobs", params={"limit": 200}).json()["items"]
            if all(job["ended_at"] for job in jobs):
                break
            assert time.monotonic() < until, [job for job in jobs if not job["ended_at"]][:2]
            time.sleep(0.2)
    assert set(acknowledged) <= {job["job_id"] for job in jobs}
    runs = (root / "runs").read_text().split()
    assert sorted(f"k{run}" for run in runs) == sorted(job["name"] for job in jobs)


def test_a_server_with_streams_open_ends_when_it_is_told_to(root: Path) -> None:
    with serving(root) as (process, client), client.stream("GET", "/render/v1/jobs/stream") as stream:
        assert next(stream.iter_lines())
        process.terminate()
        assert process.wait(timeout=20) in (0, -signal.SIGTERM)


def test_changes_leave_entries_that_cannot_be_forged(root: Path) -> None:
    with serving(root) as (_, client):
        client.post("/render/v1/jobs", json=job_body())
        client.delete("/render/v1/jobs/nobody")
        httpx.post(f"{client.base_url}/render/v1/jobs", json=job_body(), trust_env=False)
    path = root / "state" / "server" / "audit.db"
    audit = AuditLog(path)
    told = [(entry.data["caller"], entry.data["method"], entry.data["status"]) for entry in audit.entries()]
    assert told == [("boss", "POST", 201), ("boss", "DELETE", 404), (None, "POST", 401)]
    assert audit.verify() == 3
    with sqlite3.connect(path) as db:
        (data,) = db.execute("select data from entries where seq = 1").fetchone()
        db.execute("update entries set data = ? where seq = 1", (data.replace("boss", "nina"),))
    with pytest.raises(AuditBroken, match="entry 1"):
        audit.verify()
    audit.close()


def test_a_server_does_not_start_over_a_record_that_is_none_and_says_so(root: Path) -> None:
    add_key(root / "state" / "server" / "credentials.json", "boss", ROLES)
    record = root / "state" / "render" / "jobs.db"
    record.parent.mkdir(parents=True)
    record.write_text("somebody's notes " * 1000)
    run = subprocess.run(
        command(root, 0, 2), env=environment(root), cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode != 0
    assert "RenderStoreBroken" in run.stderr
    assert record.read_text() == "somebody's notes " * 1000


def test_a_server_without_keys_does_not_start_and_dev_is_for_this_machine(root: Path) -> None:
    run = subprocess.run(
        command(root, 0, 1), env=environment(root), cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode != 0
    assert "The server has no keys" in run.stderr


def test_keys_are_made_renewed_and_taken_away(tmp_path: Path) -> None:
    file = tmp_path / "server" / "keys.json"
    made = add_key(file, "farm-wrangler", ["render:read", "render:manage"], days=30)
    assert made.secret not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CredentialsUnusable):
        add_key(file, "farm-wrangler", ["render:read"])
    assert rotate_key(file, "farm-wrangler").secret != made.secret
    (key,) = list_keys(file)
    assert (key.key, key.roles, key.expires_at is not None) == (
        "farm-wrangler",
        frozenset({"render:read", "render:manage"}),
        True,
    )
    revoke_key(file, "farm-wrangler")
    assert list_keys(file) == []
    assert json.loads(file.read_text()) == {"keys": []}
    with pytest.raises(CredentialsUnusable):
        revoke_key(file, "farm-wrangler")
