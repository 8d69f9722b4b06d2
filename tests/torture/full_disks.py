"""The disk of a server fills while clients submit: what is refused was never on the farm, and it takes jobs again."""

from __future__ import annotations

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support.disks import fill, small_filesystem
from tests.support.trafalgar import all_jobs, count_what_mock_takes, job_body, make_folder, serving, taken_by_mock
from tests.torture.server_kills import CONFIG

_JOBS = "/render/v1/jobs"
_CLIENTS = 4
_MIB, _MIB_A_ROUND = 16, 2
_REFUSALS = 8


@dataclass
class Sent:
    taken: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


def fill_disks(root: Path, rounds: int, seed: int) -> Counter[str]:
    """``rounds`` times for the disk of the record, and for that of the whole state. Raises AssertionError."""
    draw, endings = random.Random(seed), Counter[str]()
    for what in ("record", "state"):
        with _server(root / what, what, _MIB + rounds * _MIB_A_ROUND) as (client, disk, state):
            everything = Sent()
            for number in range(rounds):
                sent = _fill_while_submitting(client, disk, f"{what}-{number}", draw)
                _check_refused(client, sent, state)
                (disk / "filler").unlink()
                _submit_refused_again(client, sent)
                everything.taken |= sent.taken
                endings[f"{what}: full, refused, and taken again"] += 1
            _check_all(client, everything, state)
    return endings


@contextmanager
def _server(root: Path, what: str, mebibytes: int) -> Iterator[tuple[httpx.Client, Path, Path]]:
    """A client, the disk that is small, and the server's state."""
    state = root / "state"
    disk = state if what == "state" else root / "disk"
    store = f'jobs_path = "{disk / "jobs.db"}"'
    make_folder(root, CONFIG.replace("[render]", f"[render]\n{store}"))
    with small_filesystem(disk, mebibytes):
        count_what_mock_takes(state)
        with serving(root) as (_, client):
            yield client, disk, state
        with closing(sqlite3.connect(disk / "jobs.db")) as db:
            assert db.execute("pragma integrity_check").fetchall() == [("ok",)]


def _fill_while_submitting(client: httpx.Client, disk: Path, name: str, draw: random.Random) -> Sent:
    sent = Sent()
    with ThreadPoolExecutor(_CLIENTS) as pool:
        submitting = [pool.submit(_submit_until_refused, client, f"{name}-{who}", sent) for who in range(_CLIENTS)]
        time.sleep(draw.uniform(0.0, 0.2))
        fill(disk)
        for each in submitting:
            each.result()
    return sent


def _submit_until_refused(client: httpx.Client, name: str, sent: Sent) -> None:
    refused, number = 0, 0
    while refused < _REFUSALS:
        key = f"{name}-{number}"
        number += 1
        answer = _post(client, key)
        if answer.status_code == 201:
            sent.taken[key] = answer.json()["job_id"]
            continue
        assert answer.status_code in (503, 507), answer.text
        assert answer.json()["error"]["code"] in ("render.store_unavailable", "storage.disk_full"), answer.text
        assert answer.headers["Retry-After"]
        sent.refused.append(key)
        refused += 1


def _post(client: httpx.Client, key: str) -> httpx.Response:
    return client.post(_JOBS, json=job_body(name=key), headers={"Idempotency-Key": key})


def _check_refused(client: httpx.Client, sent: Sent, state: Path) -> None:
    ready = client.get("/ready")
    assert (ready.status_code, ready.json()["error"]["code"]) == (503, "render.store_unavailable")
    assert client.get("/health").json()["status"] == "degraded"
    recorded = {str(job["name"]): str(job["job_id"]) for job in all_jobs(client)}
    assert sent.taken.items() <= recorded.items()
    assert not set(sent.refused) & set(recorded)
    assert set(taken_by_mock(state)) <= set(recorded.values())


def _submit_refused_again(client: httpx.Client, sent: Sent) -> None:
    until = time.monotonic() + 30
    while client.get("/ready").status_code != 200:
        assert time.monotonic() < until, "the server does not take jobs again"
        time.sleep(0.05)
    for key in sent.refused:
        answer = _post(client, key)
        assert answer.status_code == 201, answer.text
        sent.taken[key] = answer.json()["job_id"]


def _check_all(client: httpx.Client, everything: Sent, state: Path) -> None:
    until = time.monotonic() + 60
    jobs = all_jobs(client)
    while any(job["raw_state"] == "pending" for job in jobs):
        assert time.monotonic() < until, "jobs are still pending"
        time.sleep(0.2)
        jobs = all_jobs(client)
    assert {str(job["name"]): str(job["job_id"]) for job in jobs} == everything.taken
    assert taken_by_mock(state) == Counter(everything.taken.values())
