"""AWS Deadline Cloud by boto3, against a service on loopback that is checked by AWS's own model."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.errors import (
    FarmConfigurationError,
    FarmUnauthorized,
    FarmUnavailable,
    JobConflict,
    JobRejected,
    JobUnknownToFarm,
    NotImplementedByFarm,
)
from onepiece_core.farm.engines.deadline_cloud import open_farm
from onepiece_core.farm.job import FarmJob, JobSnapshot
from onepiece_core.farm.protocol import Farm, FarmSetup
from onepiece_core.farm.states import is_terminal
from tests.support.deadline_service import Service, deadline_service

SCRIPT = """
case {{Task.Param.Frame}} in *3*) echo "frame 3 is broken"; test -e "{{Param.Fixed}}" || exit 7;; esac
echo "rendering {{Task.Param.Frame}} for $SHOW"
"""


def template(script: str = SCRIPT) -> dict[str, Any]:
    frames = {
        "name": "Frame",
        "type": "CHUNK[INT]",
        "range": "{{Param.Frames}}",
        "chunks": {"defaultTaskCount": "{{Param.ChunkSize}}", "rangeConstraint": "CONTIGUOUS"},
    }
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "extensions": ["TASK_CHUNKING"],
        "name": "Test",
        "parameterDefinitions": [
            {"name": "Frames", "type": "STRING", "default": "1-10"},
            {"name": "ChunkSize", "type": "INT", "default": 1},
            {"name": "Fixed", "type": "STRING", "default": "/nowhere"},
        ],
        "steps": [
            {
                "name": "Render",
                "parameterSpace": {"taskParameterDefinitions": [frames]},
                "script": {
                    "embeddedFiles": [{"name": "Run", "type": "TEXT", "data": script}],
                    "actions": {"onRun": {"command": "sh", "args": ["{{Task.File.Run}}"]}},
                },
            }
        ],
    }


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with deadline_service(tmp_path / "service") as running:
        yield running


@pytest.fixture
def farm(service: Service, tmp_path: Path) -> Farm:
    return open_farm(FarmSetup(tmp_path / "state", service.options, service.environ))


@pytest.fixture
def job(tmp_path: Path) -> FarmJob:
    parameters = {"Frames": "1-6", "ChunkSize": "2", "Fixed": str(tmp_path / "fixed")}
    tasks = ("1-2", "3-4", "5-6")
    return FarmJob(
        "op1", "FG_ep010 comp", template(), parameters, tasks, tmp_path, environment={"SHOW": "FG"}, priority=70
    )


def wait(farm: Farm, handle: str, state: str | None = None, seconds: float = 30.0) -> JobSnapshot:
    until = time.monotonic() + seconds
    while True:
        now = farm.read_jobs([handle])[handle]
        if now.state == state or (state is None and is_terminal(now.state)):
            return now
        assert time.monotonic() < until, now
        time.sleep(0.05)


def test_a_job_is_rendered_and_its_failed_task_again(farm: Farm, job: FarmJob, tmp_path: Path) -> None:
    handle = farm.submit(job)
    ended = wait(farm, handle)
    assert (ended.state, ended.raw_state) == ("failed", "FAILED")
    assert dict(ended.counts) == {"succeeded": 2, "failed": 1}
    tasks = farm.list_tasks(handle)
    assert [(task.index, task.frames, task.state) for task in tasks] == [
        (0, "1-2", "succeeded"),
        (1, "3-4", "failed"),
        (2, "5-6", "succeeded"),
    ]
    assert "rendering 5-6 for FG" in farm.read_log(handle, 2, attempt=None, offset=0, limit=10_000).text
    (tmp_path / "fixed").touch()
    farm.retry(handle)
    assert wait(farm, handle).state == "succeeded"
    assert "rendering 3-4" not in farm.read_log(handle, 1, attempt=1, offset=0, limit=10_000).text
    assert "rendering 3-4" in farm.read_log(handle, 1, attempt=2, offset=0, limit=10_000).text
    with pytest.raises(JobConflict):
        farm.retry(handle)


def test_a_log_is_read_in_parts_and_from_its_end(farm: Farm, job: FarmJob, tmp_path: Path) -> None:
    (tmp_path / "fixed").touch()
    handle = farm.submit(replace(job, template=template('for n in 1 2 3 4 5 6 7 8 9; do echo "zeile $n äöü"; done')))
    wait(farm, handle)
    whole = farm.read_log(handle, 0, attempt=None, offset=0, limit=100_000)
    assert whole.is_complete
    assert whole.text.count("äöü") == 9
    parts, offset = [], 0
    while True:
        part = farm.read_log(handle, 0, attempt=None, offset=offset, limit=17)
        parts.append(part.text)
        if part.is_complete:
            break
        assert part.next_offset > offset
        offset = part.next_offset
    assert "".join(parts) == whole.text
    for length in range(1, 40):
        tail = farm.read_log(handle, 0, attempt=None, offset=-length, limit=1000)
        assert whole.text.endswith(tail.text)
        assert tail.next_offset == len(whole.text.encode())


def test_a_job_asked_for_twice_is_there_once_and_found_by_its_id(farm: Farm, service: Service, job: FarmJob) -> None:
    assert farm.find("op1") is None
    handle = farm.submit(job)
    assert farm.submit(job) == handle
    assert len(service.farm.jobs) == 1
    assert farm.find("op1") == handle
    assert farm.find("op") is None


def test_a_held_job_waits_is_released_and_cancelled(farm: Farm, job: FarmJob) -> None:
    handle = farm.submit(replace(job, is_held=True, template=template("sleep 60")))
    assert farm.read_jobs([handle])[handle].state == "held"
    farm.set_priority(handle, 90)
    farm.release(handle)
    wait(farm, handle, "running")
    farm.cancel(handle)
    ended = wait(farm, handle)
    assert (ended.state, dict(ended.counts)) == ("cancelled", {"cancelled": 3})
    farm.cancel(handle)


def test_one_task_is_cancelled_and_the_others_go_on(farm: Farm, job: FarmJob, tmp_path: Path) -> None:
    script = "case {{Task.Param.Frame}} in 1-2) sleep 60;; esac"
    handle = farm.submit(replace(job, template=template(script)))
    wait(farm, handle, "running")
    farm.cancel(handle, [0])
    assert dict(wait(farm, handle).counts) == {"cancelled": 1, "succeeded": 2}


def test_attempts_are_counted(farm: Farm, job: FarmJob) -> None:
    handle = farm.submit(replace(job, max_attempts=3))
    wait(farm, handle)
    assert [task.attempt for task in farm.list_tasks(handle)] == [1, 3, 1]


def test_what_the_service_refuses_is_rejected(farm: Farm, job: FarmJob, service: Service) -> None:
    with pytest.raises(JobRejected):
        farm.submit(replace(job, template={**template(), "steps": []}))
    with pytest.raises(JobRejected):
        farm.submit(replace(job, priority=-1))
    with pytest.raises(NotImplementedByFarm):
        farm.submit(replace(job, depends_on=("job-1",)))
    assert not service.farm.jobs


def test_unknown_jobs_are_told(farm: Farm) -> None:
    nobody = "job-" + "f" * 32
    assert farm.read_jobs([nobody]) == {}
    for ask in (farm.list_tasks, farm.cancel, farm.hold, farm.release, farm.retry):
        with pytest.raises(JobUnknownToFarm):
            ask(nobody)


def test_a_service_that_is_away_or_says_no(farm: Farm, service: Service, job: FarmJob) -> None:
    farm.check_available()
    service.denies = True
    with pytest.raises(FarmUnauthorized):
        farm.check_available()
    service.denies, service.answers = False, False
    with pytest.raises(FarmUnavailable):
        farm.submit(job)
    service.answers = True
    farm.submit(job)
    assert len(service.farm.jobs) == 1


def test_options_that_are_missing_or_unknown_are_named(tmp_path: Path) -> None:
    with pytest.raises(FarmConfigurationError, match="farm_id"):
        open_farm(FarmSetup(tmp_path, {"queue_id": "queue-1"}, {}))
    with pytest.raises(FarmConfigurationError, match="colour"):
        open_farm(FarmSetup(tmp_path, {"farm_id": "f", "queue_id": "q", "colour": "red"}, {}))
