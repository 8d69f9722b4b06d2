"""The tests that every Farm passes, whatever runs behind it. Needs pytest and a shell.

What a farm's capabilities deny must be refused with the error that they promise.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onepiece_core.errors import (
    CancellationUnsupported,
    FarmUnavailable,
    JobConflict,
    JobUnknownToFarm,
    NotImplementedByFarm,
    TaskUnknown,
)
from onepiece_core.farm.job import FarmJob, JobSnapshot
from onepiece_core.farm.protocol import Farm
from onepiece_core.farm.states import TaskState, is_terminal

# The frame of the task is the script's $f. OpenJD writes a chunk of one frame as 7-7.
TEMPLATE: Mapping[str, Any] = {
    "specificationVersion": "jobtemplate-2023-09",
    "extensions": ["TASK_CHUNKING"],
    "name": "contract",
    "parameterDefinitions": [
        {"name": "Script", "type": "STRING"},
        {"name": "Frames", "type": "STRING"},
        {"name": "ChunkSize", "type": "INT"},
    ],
    "steps": [
        {
            "name": "Render",
            "parameterSpace": {
                "taskParameterDefinitions": [
                    {
                        "name": "Frame",
                        "type": "CHUNK[INT]",
                        "range": "{{Param.Frames}}",
                        "chunks": {"defaultTaskCount": "{{Param.ChunkSize}}", "rangeConstraint": "CONTIGUOUS"},
                    }
                ]
            },
            "script": {
                "actions": {
                    "onRun": {
                        "command": "sh",
                        "args": ["-c", "f=${1%-*}; {{Param.Script}}", "sh", "{{Task.Param.Frame}}"],
                    }
                }
            },
        }
    ],
}

SLEEP = "echo waiting; exec sleep 300"


@dataclass
class FarmLab:
    """A farm to try out, and what a test may do to it.

    Attributes:
        farm: running and empty.
        folder: for what jobs write; the farm's machines see it too.
        again: the same farm as another process opens it.
        stop, start: the farm's own service goes away and comes back; None where there is no such thing.
        seconds: the longest a few short tasks may take.
    """

    farm: Farm
    folder: Path
    again: Callable[[], Farm]
    stop: Callable[[], None] | None = None
    start: Callable[[], None] | None = None
    seconds: float = 60.0

    def job(self, job_id: str, script: str, *, frames: int = 1, **more: Any) -> FarmJob:
        """One frame a task, from 1."""
        template = copy.deepcopy(dict(TEMPLATE))
        if more.get("timeout_seconds"):
            # As a job's template is filled: see onepiece_core.farm.expand.
            template["steps"][0]["script"]["actions"]["onRun"]["timeout"] = more["timeout_seconds"]
        return FarmJob(
            id=job_id,
            name=f"contract {job_id}",
            template=template,
            parameters={"Script": script, "Frames": f"1-{frames}", "ChunkSize": "1"},
            tasks=tuple(f"{frame}-{frame}" for frame in range(1, frames + 1)),
            directory=self.folder,
            **more,
        )

    def wait(self, handle: str, *states: str) -> JobSnapshot:
        """Until the job is in one of ``states``, or has ended."""
        until = time.monotonic() + self.seconds
        while True:
            now = self.farm.read_jobs([handle])[handle]
            if now.state in states or (not states and is_terminal(now.state)):
                return now
            assert time.monotonic() < until, now
            time.sleep(0.05)

    def states(self, handle: str) -> list[TaskState]:
        return [task.state for task in self.farm.list_tasks(handle)]

    def log(self, handle: str, task: int, attempt: int | None = None) -> str:
        return self.farm.read_log(handle, task, attempt=attempt, offset=0, limit=1_000_000).text


class FarmContract:
    """Subclass it and give it the fixture ``lab``."""

    @pytest.fixture
    def lab(self) -> FarmLab:
        raise NotImplementedError

    def test_ten_tasks_of_which_one_fails(self, lab: FarmLab) -> None:
        lab.farm.check_available()
        script = 'echo "frame $f begins"; test "$f" != 7 || { echo "no licence" >&2; exit 3; }; echo "frame $f ends"'
        handle = lab.farm.submit(lab.job("ten", script, frames=10))
        ended = lab.wait(handle)
        assert (ended.handle, ended.state, dict(ended.counts)) == (handle, "failed", {"succeeded": 9, "failed": 1})
        tasks = lab.farm.list_tasks(handle)
        assert [(task.index, task.frames) for task in tasks] == [
            (index, f"{index + 1}-{index + 1}") for index in range(10)
        ]
        assert [task.state for task in tasks] == [*["succeeded"] * 6, "failed", *["succeeded"] * 3]
        assert all(task.attempt == 1 and task.raw_state for task in tasks)
        assert all(task.started_at and task.ended_at and task.started_at <= task.ended_at for task in tasks)
        assert ended.raw_state

    def test_logs_are_read_whole_in_parts_and_from_their_end(self, lab: FarmLab) -> None:
        self.needs(lab, "logs")
        handle = lab.farm.submit(lab.job("logs", 'for n in 1 2 3 4 5; do echo "línea $n of $f: ✓"; done', frames=2))
        lab.wait(handle)
        whole = lab.farm.read_log(handle, 1, attempt=None, offset=0, limit=1_000_000)
        assert whole.is_complete
        assert all(f"línea {n} of 2: ✓" in whole.text for n in range(1, 6))
        assert "of 1:" not in whole.text
        parts, offset = [], 0
        while True:
            part = lab.farm.read_log(handle, 1, attempt=None, offset=offset, limit=50)
            assert part.is_complete or part.next_offset > part.offset == offset
            parts.append(part.text)
            offset = part.next_offset
            if part.is_complete:
                break
        assert "".join(parts) == whole.text
        tail = lab.farm.read_log(handle, 1, attempt=None, offset=-20, limit=1000)
        assert tail.text
        assert whole.text.endswith(tail.text)
        assert len(tail.text.encode()) <= 20
        with pytest.raises(TaskUnknown):
            lab.log(handle, 2)

    def test_a_job_that_is_asked_for_again_is_there_once(self, lab: FarmLab) -> None:
        marks = lab.folder / "marks"
        marks.mkdir()
        job = lab.job("once", f"mktemp {marks}/XXXXXX")
        assert lab.farm.find("once") is None
        handle = lab.farm.submit(job)
        assert lab.farm.submit(job) == handle
        assert lab.again().submit(job) == handle
        assert lab.farm.find("once") == handle
        lab.wait(handle)
        assert len(list(marks.iterdir())) == 1

    def test_tasks_are_tried_again_as_often_as_the_job_says(self, lab: FarmLab) -> None:
        counter = lab.folder / "tries"
        script = f"echo again >> {counter}; test $(wc -l < {counter}) = 3"
        handle = lab.farm.submit(lab.job("tries", script, max_attempts=3))
        assert lab.wait(handle).state == "succeeded"
        assert [task.attempt for task in lab.farm.list_tasks(handle)] == [3]

    def test_a_task_gets_the_jobs_variables_and_only_its_own_frames(self, lab: FarmLab) -> None:
        script = f'echo "$f $SHOW" >> {lab.folder}/said'
        handle = lab.farm.submit(lab.job("variables", script, frames=3, environment={"SHOW": "Frost Giant"}))
        assert lab.wait(handle).state == "succeeded"
        said = (lab.folder / "said").read_text().splitlines()
        assert sorted(said) == ["1 Frost Giant", "2 Frost Giant", "3 Frost Giant"]

    def test_what_takes_too_long_fails(self, lab: FarmLab) -> None:
        handle = lab.farm.submit(lab.job("long", SLEEP, timeout_seconds=1))
        assert lab.wait(handle).state == "failed"

    def test_failed_tasks_are_retried_and_the_others_left_alone(self, lab: FarmLab) -> None:
        gate = lab.folder / "gate"
        script = f'echo "$f" >> {lab.folder}/runs; test "$f" != 2 || test -e {gate}'
        handle = lab.farm.submit(lab.job("retry", script, frames=3))
        lab.wait(handle)
        if not lab.farm.capabilities.retry:
            with pytest.raises(NotImplementedByFarm):
                lab.farm.retry(handle)
            return
        with pytest.raises(JobConflict):
            lab.farm.retry(handle, [0])
        gate.touch()
        lab.farm.retry(handle)
        assert lab.wait(handle, "succeeded").state == "succeeded"
        assert sorted((lab.folder / "runs").read_text().split()) == ["1", "2", "2", "3"]
        with pytest.raises(JobConflict):
            lab.farm.retry(handle)

    def test_a_running_job_is_cancelled_with_all_that_it_started(self, lab: FarmLab) -> None:
        if not lab.farm.capabilities.cancellation:
            handle = lab.farm.submit(lab.job("cancel", "true"))
            with pytest.raises(CancellationUnsupported):
                lab.farm.cancel(handle)
            return
        alive = lab.folder / "alive"
        handle = lab.farm.submit(lab.job("cancel", f"touch {alive}; {SLEEP}", frames=4))
        lab.wait(handle, "running")
        until = time.monotonic() + lab.seconds
        while not alive.exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        lab.farm.cancel(handle)
        ended = lab.wait(handle, "cancelled")
        assert dict(ended.counts) == {"cancelled": 4}
        lab.farm.cancel(handle)

    def test_one_task_is_cancelled_and_the_others_go_on(self, lab: FarmLab) -> None:
        if not lab.farm.capabilities.task_cancellation:
            handle = lab.farm.submit(lab.job("one", "true"))
            with pytest.raises(CancellationUnsupported):
                lab.farm.cancel(handle, [0])
            return
        handle = lab.farm.submit(lab.job("one", f'test "$f" != 1 || {{ {SLEEP}; }}', frames=3))
        lab.wait(handle, "running")
        lab.farm.cancel(handle, [0])
        assert dict(lab.wait(handle).counts) == {"cancelled": 1, "succeeded": 2}

    def test_a_held_job_begins_when_it_is_released(self, lab: FarmLab) -> None:
        if not lab.farm.capabilities.hold:
            handle = lab.farm.submit(lab.job("held", "true"))
            with pytest.raises(NotImplementedByFarm):
                lab.farm.hold(handle)
            return
        handle = lab.farm.submit(lab.job("held", "true", frames=2, is_held=True))
        assert lab.wait(handle, "held").state == "held"
        time.sleep(0.3)
        assert lab.farm.read_jobs([handle])[handle].state == "held"
        lab.farm.release(handle)
        assert lab.wait(handle).state == "succeeded"

    def test_a_job_waits_for_those_that_it_depends_on(self, lab: FarmLab) -> None:
        if not lab.farm.capabilities.dependencies:
            first = lab.farm.submit(lab.job("first", "true"))
            with pytest.raises(NotImplementedByFarm):
                lab.farm.submit(lab.job("second", "true", depends_on=(first,)))
            return
        order = lab.folder / "order"
        first = lab.farm.submit(lab.job("first", f"sleep 0.5; echo first >> {order}"))
        second = lab.farm.submit(lab.job("second", f"echo second >> {order}", depends_on=(first,)))
        assert lab.wait(second).state == "succeeded"
        assert order.read_text().split() == ["first", "second"]

    def test_the_priority_of_a_job_can_be_changed(self, lab: FarmLab) -> None:
        handle = lab.farm.submit(lab.job("priority", "true", is_held=lab.farm.capabilities.hold))
        if not lab.farm.capabilities.change_priority:
            with pytest.raises(NotImplementedByFarm):
                lab.farm.set_priority(handle, 90)
            return
        lab.farm.set_priority(handle, 90)
        if lab.farm.capabilities.hold:
            lab.farm.release(handle)
        assert lab.wait(handle).state == "succeeded"

    def test_a_job_is_checked_without_being_submitted(self, lab: FarmLab) -> None:
        job = lab.job("checked", "true")
        if not lab.farm.capabilities.check:
            with pytest.raises(NotImplementedByFarm):
                lab.farm.check(job)
            return
        lab.farm.check(job)
        assert lab.farm.find("checked") is None

    def test_unknown_jobs_are_told_from_known_ones(self, lab: FarmLab) -> None:
        handle = lab.farm.submit(lab.job("known", "true"))
        lab.wait(handle)
        stranger = "9" * len(handle) if handle.isdecimal() else f"{handle[:-4]}zzzz"
        assert set(lab.farm.read_jobs([stranger, handle])) == {handle}
        assert lab.farm.read_jobs([]) == {}
        assert lab.farm.find("unknown") is None
        with pytest.raises(JobUnknownToFarm):
            lab.farm.list_tasks(stranger)
        if lab.farm.capabilities.cancellation:
            with pytest.raises(JobUnknownToFarm):
                lab.farm.cancel(stranger)

    def test_jobs_are_found_again_by_another_process(self, lab: FarmLab) -> None:
        handles = [lab.farm.submit(lab.job(f"job-{number}", "true", frames=2)) for number in range(3)]
        for handle in handles:
            lab.wait(handle)
        other = lab.again()
        assert [other.find(f"job-{number}") for number in range(3)] == handles
        assert {handle: job.state for handle, job in other.read_jobs(handles).items()} == dict.fromkeys(
            handles, "succeeded"
        )

    def test_many_jobs_at_once_are_each_there_once(self, lab: FarmLab) -> None:
        jobs = [lab.job(f"many-{number % 5}", "true") for number in range(15)]
        with ThreadPoolExecutor(5) as pool:
            handles = list(pool.map(lab.farm.submit, jobs))
        assert len(set(handles)) == 5
        assert {lab.wait(handle).state for handle in set(handles)} == {"succeeded"}

    def test_a_farm_that_is_away_says_so_and_knows_its_jobs_when_it_is_back(self, lab: FarmLab) -> None:
        if lab.stop is None or lab.start is None:
            return
        handle = lab.farm.submit(lab.job("before", "true"))
        lab.wait(handle)
        lab.stop()
        try:
            with pytest.raises(FarmUnavailable):
                lab.farm.check_available()
            with pytest.raises(FarmUnavailable):
                lab.farm.read_jobs([handle])
            with pytest.raises(FarmUnavailable):
                lab.farm.submit(lab.job("during", "true"))
        finally:
            lab.start()
        until = time.monotonic() + lab.seconds
        while True:
            try:
                lab.farm.check_available()
                break
            except FarmUnavailable:
                assert time.monotonic() < until
                time.sleep(0.1)
        assert lab.farm.read_jobs([handle])[handle].state == "succeeded"
        ended = lab.wait(lab.farm.submit(lab.job("during", "true")))
        assert ended.state == "succeeded", ended

    @staticmethod
    def needs(lab: FarmLab, capability: str) -> None:
        if not getattr(lab.farm.capabilities, capability):
            pytest.xfail(f"{lab.farm.name} has no {capability}")
