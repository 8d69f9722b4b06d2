"""Trafalgar is killed while clients submit: what it acknowledged is there, and each job is on its farm once."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from onepiece_server.audit import AuditLog
from tests.support.postgres import postgres_server
from tests.support.trafalgar import all_jobs, count_what_mock_takes, job_body, make_folder, serving, taken_by_mock

CONFIG = """
[render]
farm = "mock"
poll_seconds = 0.1
[farms.mock]
task_seconds = 0.0
[server]
requests_per_minute = 1000000
"""
_JOBS = "/render/v1/jobs"
_CLIENTS = 6
_MOST_OF_A_CLIENT = 40


@dataclass
class Sent:
    """What clients know: the jobs of their idempotency keys, and the keys whose answer never came."""

    answered: dict[str, str] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)


def kill_servers(root: Path, count: int, seed: int, *, database_url: str | None = None) -> Counter[str]:
    """``count`` kills; how each left what was under way. Raises AssertionError for a job lost or doubled.

    ``database_url``: the record is in PostgreSQL.
    """
    draw, endings, before, whole = random.Random(seed), Counter[str](), Sent(), Sent()
    record = "" if database_url is None else f'database_url = "{database_url}"'
    make_folder(root, CONFIG.replace("[render]", f"[render]\n{record}"))
    count_what_mock_takes(root / "state")
    for number in range(count):
        now = Sent()
        with serving(root, workers=2 if number % 4 == 3 else 1) as (process, client):
            endings.update(_ask_again(client, before, whole, draw))
            with ThreadPoolExecutor(_CLIENTS) as pool:
                names = [f"k{number}-{who}" for who in range(_CLIENTS)]
                submitting = [pool.submit(_submit_until_it_dies, client, name, now) for name in names]
                time.sleep(draw.uniform(0.02, 0.5))
                _kill(process)
                for each in submitting:
                    each.result()
        before = now
    with serving(root) as (_, client):
        endings.update(_ask_again(client, before, whole, draw))
        _check_all(root, client, whole)
    if database_url is None:
        with closing(sqlite3.connect(root / "state" / "render" / "jobs.db")) as db:
            assert db.execute("pragma integrity_check").fetchall() == [("ok",)]
    return endings


def kill_servers_of_postgres(root: Path, count: int, seed: int) -> Counter[str]:
    with postgres_server() as database:
        return kill_servers(root, count, seed, database_url=database.new_database())


def _submit_until_it_dies(client: httpx.Client, name: str, sent: Sent) -> None:
    for number in range(_MOST_OF_A_CLIENT):
        key = f"{name}-{number}"
        try:
            answer = _post(client, key)
        except httpx.HTTPError:
            sent.unanswered.append(key)
            return
        assert answer.status_code == 201, answer.text
        sent.answered[key] = answer.json()["job_id"]


def _post(client: httpx.Client, key: str) -> httpx.Response:
    return client.post(_JOBS, json=job_body(name=key), headers={"Idempotency-Key": key})


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The server and its workers, at one moment as far as that can be."""
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    for worker in workers:
        worker.kill()
    process.wait()


def _ask_again(client: httpx.Client, sent: Sent, whole: Sent, draw: random.Random) -> Counter[str]:
    """After a kill: the jobs that were acknowledged are there, and a key that is sent again gives its job."""
    if not sent.answered and not sent.unanswered:
        return Counter()
    for job_id in sent.answered.values():
        client.get(f"{_JOBS}/{job_id}").raise_for_status()
    for key in draw.sample(sorted(sent.answered), min(5, len(sent.answered))):
        again = _post(client, key)
        assert (again.status_code, again.json()["job_id"]) == (200, sent.answered[key])
    statuses = Counter[int]()
    for key in sent.unanswered:
        answer = _post(client, key).raise_for_status()
        statuses[answer.status_code] += 1
        sent.answered[key] = answer.json()["job_id"]
    whole.answered |= sent.answered
    found = "some of them recorded" if statuses[200] else "none of them recorded"
    return Counter([f"killed with answers under way, {found}" if statuses else "killed when all was answered"])


def _check_all(root: Path, client: httpx.Client, whole: Sent) -> None:
    until = time.monotonic() + 60
    jobs = all_jobs(client)
    while any(job["raw_state"] == "pending" for job in jobs):
        assert time.monotonic() < until, "jobs are still pending"
        time.sleep(0.2)
        jobs = all_jobs(client)
    assert {str(job["name"]): str(job["job_id"]) for job in jobs} == whole.answered
    assert len(jobs) == len(whole.answered)
    assert {job["status"] for job in jobs} <= {"queued", "running", "succeeded"}
    assert taken_by_mock(root / "state") == Counter(whole.answered.values())
    with closing(AuditLog(root / "state" / "server" / "audit.db")) as audit:
        told = Counter(entry.data["status"] for entry in audit.entries(audit.verify()))
    assert told[200] + told[201] >= len(whole.answered)
