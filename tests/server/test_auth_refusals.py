"""What was refused is in the audit log, and a flood of it does not fill the log."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from onepiece_core.config.models import ServerSettings, Settings
from onepiece_server.app import create_app
from onepiece_server.audit import AuditLog
from onepiece_server.auth.keys import Credential, Keys
from onepiece_server.refusals import Refusals
from tests.server.conftest import SECRET, served
from tests.support.memory_jobs import MemoryJobs

KEY = {"X-API-Key": "ann", "X-API-Secret": SECRET}


def entries(path: Path) -> list[dict[str, Any]]:
    audit = AuditLog(path)
    try:
        assert audit.verify() >= 0
        return [entry.data for entry in audit.entries(10_000)]
    finally:
        audit.close()


def test_each_kind_of_refusal_is_written_and_a_flood_is_summed(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    audit = AuditLog(path)
    settings = Settings(server=ServerSettings(max_body_bytes=2048, requests_per_minute=200))
    keys = Keys([Credential(key="ann", secret=SECRET, roles=frozenset({"render:read"}))])
    app = create_app(settings, MemoryJobs(), keys, state_dir=tmp_path, audit=audit, close=audit.close)
    answers: Counter[int] = Counter()
    with served(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        for number in range(150):
            answers[client.get(f"/jobs/{number}", headers={"X-API-Key": "ann", "X-API-Secret": "no"}).status_code] += 1
        answers[client.post("/jobs", headers=KEY, content=b"x" * 3000).status_code] += 1
        answers[client.post("/jobs", headers=KEY, json={"template": "command"}).status_code] += 1
        with pytest.raises(InvalidStatus):
            connect(f"{address.replace('http', 'ws')}/jobs/ws", proxy=None).close()
        answers[401] += 1
        while not answers[429]:
            answers[client.get("/jobs", headers=KEY).status_code] += 1
    refused = Counter({status: number for status, number in answers.items() if status >= 400})
    assert set(refused) == {401, 403, 413, 429}
    told = entries(path)
    summed: Counter[int] = Counter()
    for entry in told:
        summed[entry["status"]] += entry["count"]
    assert summed == refused
    assert len(told) <= 7
    assert {(entry["address"], entry["caller"], entry["status"]) for entry in told} == {
        ("127.0.0.1", None, 401),
        ("127.0.0.1", "ann", 413),
        ("127.0.0.1", "ann", 403),
        ("127.0.0.1", None, 429),
    }


def test_sums_are_written_by_the_minute_and_many_addresses_become_one(tmp_path: Path) -> None:
    path, now = tmp_path / "audit.db", [1000.0]
    audit = AuditLog(path)
    refusals = Refusals(audit, lambda: now[0])

    def note(address: str, times: int = 1) -> None:
        for _ in range(times):
            refusals.note(address=address, caller=None, status=401, method="GET", path="/jobs")

    note("192.0.2.1", 5)
    now[0] += 30
    note("192.0.2.1", 5)
    refusals.sweep()
    assert [entry["count"] for entry in entries(path)] == [1]
    now[0] += 31
    refusals.sweep()
    assert [(entry["count"], entry.get("since")) for entry in entries(path)] == [(1, None), (9, 1000.0)]
    for number in range(1500):
        note(f"2001:db8::{number:x}")
    refusals.sweep(all_of_them=True)
    found = entries(path)[2:]
    assert len(found) == 1000 + 2
    assert sum(entry["count"] for entry in found) == 1500
    assert {entry["address"] for entry in found if entry["address"] == "others"} == {"others"}
    now[0] -= 10_000  # a clock that is set back keeps nothing waiting
    note("192.0.2.1")
    assert entries(path)[-1]["address"] == "192.0.2.1"
    audit.close()
