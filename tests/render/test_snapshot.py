"""The record as JSON for people, and older histories that are taken over once."""

from __future__ import annotations

import json
import os
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.config.models import RenderSettings, Settings
from onepiece_core.errors import JobMissing, RenderStoreFailed
from onepiece_core.render.model import JobFilter
from onepiece_core.render.opening import open_service
from onepiece_core.render.request import RenderRequest
from onepiece_core.render.service import RenderService
from onepiece_core.render.snapshot import Snapshot
from onepiece_core.render.sqlite_store import sqlite_store
from onepiece_core.testing.job_store_contract import new_job

OLD: list[Any] = [
    {"job_id": "a1", "farm_type": "mock", "status": "completed", "dcc": "maya", "scene": "x.ma", "frames": "1-10"},
    {"id": "a2", "farm": "tractor", "status": "RUNNING", "created_at": "2025-03-01T10:00:00", "priority": 70},
    {"job_id": "a3", "farm": "mock", "status": "error", "created_at": 1740823200.0, "user": "Añá", "extra": {"x": 1}},
]


def opened(path: Path, tmp_path: Path, **more: object) -> RenderService:
    settings = Settings(
        render=RenderSettings(jobs_path=path, farm="mock", **more),  # type: ignore[arg-type]
        farms={"mock": {"task_seconds": 0.0}},
    )
    return open_service(settings, tmp_path / "state", dict(os.environ))


def listed(service: RenderService) -> dict[str, str]:
    return {job.job_id: job.status for job in service.list_jobs(JobFilter()).items}


def submit(service: RenderService) -> str:
    told = {"template": "command", "parameters": {"Command": "true"}}
    return service.submit(RenderRequest.model_validate(told)).job_id


@pytest.mark.parametrize("form", ["list", "jobs", "by id"])
def test_an_old_history_is_taken_over_once(form: str, tmp_path: Path) -> None:
    history = tmp_path / "jobs.json"
    by_id = {entry.get("job_id", entry.get("id")): entry for entry in OLD}
    history.write_text(json.dumps({"list": [*OLD, "no job", {}], "jobs": {"jobs": OLD}, "by id": by_id}[form]))
    before = history.read_bytes()
    with closing(opened(history, tmp_path)) as service:
        assert listed(service) == {"a3": "failed", "a2": "lost", "a1": "succeeded"}
        assert service.get("a3").user == "Añá"
        assert service.get("a2").created_at == 1740823200.0
    assert (tmp_path / "jobs.imported.json").read_bytes() == before
    assert {job["job_id"] for job in json.loads(history.read_text())["jobs"]} == {"a1", "a2", "a3"}
    with closing(opened(history, tmp_path)) as service:
        service.store.prune(keep=1, hours=None)
    with closing(opened(history, tmp_path)) as service:
        assert list(listed(service)) == ["a3"], "what was forgotten does not come back"
        with pytest.raises(JobMissing):
            service.get("a1")


@pytest.mark.parametrize("text", ["", "[1, 2", "3", '"x"', "\x00\xff", "[" * 100_000], ids=lambda text: text[:3])
def test_what_is_no_history_is_refused_and_left_as_it_is(text: str, tmp_path: Path) -> None:
    history = tmp_path / "jobs.json"
    history.write_bytes(text.encode("latin-1"))
    with pytest.raises(RenderStoreFailed, match=r"no history"):
        opened(history, tmp_path)
    assert history.read_bytes() == text.encode("latin-1")


def test_the_snapshot_says_what_the_record_says(tmp_path: Path) -> None:
    history = tmp_path / "deep" / "jobs.json"
    with closing(opened(history, tmp_path)) as service:
        job_ids = [submit(service) for _ in range(3)]
        listed(service)
    told = json.loads(history.read_text())
    assert told["schema"] == "onepiece.render-jobs.1"
    assert [job["job_id"] for job in told["jobs"]] == job_ids[::-1]
    assert {job["status"] for job in told["jobs"]} == {"succeeded"}
    assert (tmp_path / "deep" / "jobs.db").exists()


def test_the_snapshot_is_not_written_again_at_once_nor_without_changes(tmp_path: Path) -> None:
    path = tmp_path / "jobs.json"
    with closing(sqlite_store(tmp_path / "jobs.db")) as store:
        snapshot = Snapshot(path, store)
        store.add(new_job(1))
        snapshot.keep()
        first = path.read_bytes()
        store.add(new_job(2))
        snapshot.keep()
        assert path.read_bytes() == first
        snapshot.keep(now=True)
        assert len(json.loads(path.read_bytes())["jobs"]) == 2
        path.unlink()
        snapshot.keep(now=True)
        assert not path.exists()


def test_a_snapshot_that_cannot_be_written_stops_no_job(tmp_path: Path) -> None:
    history = tmp_path / "jobs.json"
    with closing(opened(history, tmp_path)) as service:
        listed(service)
        history.unlink(missing_ok=True)
        history.mkdir()
        job_id = submit(service)
        until = time.monotonic() + 30
        while service.get(job_id).status != "succeeded":
            assert time.monotonic() < until


def test_the_service_tells_how_much_history_it_keeps(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "jobs.json", tmp_path, jobs_history_limit=2, jobs_retention_hours=1.5)) as service:
        for _ in range(4):
            submit(service)
        service.poller.once()
        listed(service)
        health = service.health()
    assert (health.history_limit, health.retention_hours, health.history_size) == (2, 1.5, 2)
    assert health.pruned_by_limit == 2
