"""The queue of this machine and its workers: order, ends, dependencies, and that jobs outlive who submitted them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from onepiece_core.errors import (
    FarmConfigurationError,
    FarmUnavailable,
    JobConflict,
    JobRejected,
    JobUnknownToFarm,
    TaskUnknown,
)
from onepiece_core.farm.engines.local import LocalFarm, open_farm
from onepiece_core.farm.protocol import FarmSetup, Forgetful
from tests.support.local_farms import live_workers, local_farm
from tests.support.local_jobs import shell_job, task_states, wait_for_end, wait_until, whole_log


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "farm"


@pytest.fixture
def farm(folder: Path) -> Iterator[LocalFarm]:
    with local_farm(folder) as opened:
        yield opened


@pytest.fixture
def one_worker(folder: Path) -> Iterator[LocalFarm]:
    with local_farm(folder, workers=1) as opened:
        yield opened


def test_a_failed_task_is_tried_as_often_as_the_job_says_and_keeps_each_log(farm: LocalFarm, tmp_path: Path) -> None:
    script = f"echo attempt >> {tmp_path}/tries; echo this is $(wc -l < {tmp_path}/tries); test -e {tmp_path}/ready"
    farm.submit(shell_job("job", script, tmp_path, max_attempts=3))
    assert wait_for_end(farm, "job")["job"].state == "failed"
    (task,) = farm.list_tasks("job")
    assert (task.attempt, task.exit_code) == (3, 1)
    for attempt in (1, 2, 3):
        assert f"this is {attempt}" in whole_log(farm, "job", attempt=attempt)
    (tmp_path / "ready").touch()
    farm.retry("job")
    assert wait_for_end(farm, "job")["job"].state == "succeeded"
    assert farm.list_tasks("job")[0].attempt == 4


def test_what_nobody_asks_for_any_more_is_forgotten_with_its_logs_and_nothing_else(
    farm: LocalFarm, folder: Path, tmp_path: Path
) -> None:
    farm.submit(shell_job("ended", "echo said", tmp_path, tasks=3))
    farm.submit(shell_job("failed", "exit 1", tmp_path))
    farm.submit(replace(shell_job("waits", "true", tmp_path), depends_on=("failed",)))
    farm.submit(shell_job("runs", "exec sleep 300", tmp_path))
    wait_for_end(farm, "ended", "failed")
    assert isinstance(farm, Forgetful)
    farm.forget(["ended", "failed", "waits", "runs", "unknown"])
    assert [farm.find(job) for job in ("ended", "failed", "waits", "runs")] == [None, "failed", "waits", "runs"]
    with pytest.raises(JobUnknownToFarm):
        farm.list_tasks("ended")
    logs = [path.read_text() for path in folder.glob("logs/**/*.log")]
    assert not [log for log in logs if "said" in log]
    assert "exit code 1" in farm.list_tasks("failed")[0].message
    farm.retry("failed")
    farm.submit(shell_job("ended", "echo again", tmp_path))
    wait_for_end(farm, "ended")
    assert "again" in whole_log(farm, "ended")
    for job in ("runs", "waits"):
        farm.cancel(job)


def test_the_most_urgent_job_comes_first_and_then_the_oldest(one_worker: LocalFarm, tmp_path: Path) -> None:
    order = tmp_path / "order"
    one_worker.submit(shell_job("first", f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done", tmp_path))
    wait_until(lambda: task_states(one_worker, "first") == ["running"])
    for name, priority in (("old", 50), ("new", 50), ("late", 10), ("urgent", 90)):
        one_worker.submit(shell_job(name, f"echo {name} >> {order}", tmp_path, priority=priority))
    one_worker.set_priority("late", 70)
    (tmp_path / "go").touch()
    wait_for_end(one_worker, "old", "new", "late", "urgent")
    assert order.read_text().split() == ["urgent", "late", "old", "new"]


def test_a_job_waits_for_those_it_depends_on_and_a_failed_one_can_be_retried(farm: LocalFarm, tmp_path: Path) -> None:
    farm.submit(shell_job("before", f"test -e {tmp_path}/ready", tmp_path))
    farm.submit(shell_job("after", "true", tmp_path, depends_on=("before",)))
    wait_for_end(farm, "before")
    waiting = farm.read_jobs(["after"])["after"]
    assert (waiting.state, waiting.counts) == ("blocked", {"blocked": 1})
    assert "before" in waiting.message
    (tmp_path / "ready").touch()
    farm.retry("before")
    assert {job.state for job in wait_for_end(farm, "before", "after").values()} == {"succeeded"}


def test_a_job_that_waits_for_an_unknown_one_is_rejected(farm: LocalFarm, tmp_path: Path) -> None:
    with pytest.raises(JobRejected):
        farm.submit(shell_job("job", "true", tmp_path, depends_on=("nobody",)))
    assert farm.find("job") is None


def test_a_held_job_starts_nothing_until_it_is_released(farm: LocalFarm, tmp_path: Path) -> None:
    farm.submit(shell_job("held", f"touch {tmp_path}/held-$1", tmp_path, tasks=2, is_held=True))
    farm.submit(shell_job("other", "true", tmp_path))
    wait_for_end(farm, "other")
    assert task_states(farm, "held") == ["held", "held"]
    assert not list(tmp_path.glob("held-*"))
    farm.release("held")
    assert wait_for_end(farm, "held")["held"].counts == {"succeeded": 2}


def test_one_task_can_be_cancelled_and_retried_alone(one_worker: LocalFarm, tmp_path: Path) -> None:
    script = f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done"
    one_worker.submit(shell_job("job", script, tmp_path, tasks=3))
    wait_until(lambda: task_states(one_worker, "job")[0] == "running")
    with pytest.raises(JobConflict):
        one_worker.retry("job", [0])
    one_worker.cancel("job", [0, 2])
    wait_until(lambda: task_states(one_worker, "job") == ["cancelled", "running", "cancelled"])
    (tmp_path / "go").touch()
    assert wait_for_end(one_worker, "job")["job"].state == "cancelled"
    one_worker.retry("job", [2])
    wait_until(lambda: task_states(one_worker, "job") == ["cancelled", "succeeded", "succeeded"])
    with pytest.raises(JobConflict):
        one_worker.retry("job", [1, 0])
    with pytest.raises(TaskUnknown):
        one_worker.retry("job", [3])


def test_the_same_job_submitted_by_twenty_at_once_is_there_once(farm: LocalFarm, folder: Path, tmp_path: Path) -> None:
    job = shell_job("job", f"echo $1 >> {tmp_path}/ran", tmp_path)
    with ThreadPoolExecutor(20) as threads:
        handles = set(threads.map(lambda _: _submit_anew(folder, job), range(20)))
    assert handles == {"job"}
    assert len(live_workers(folder)) <= 2
    wait_for_end(farm, "job")
    assert (tmp_path / "ran").read_text() == "1\n"


def _submit_anew(folder: Path, job: object) -> str:
    other = open_farm(FarmSetup(folder, {"workers": 2, "idle_seconds": 5}, {}))
    try:
        return other.submit(job)  # type: ignore[arg-type]
    finally:
        other.close()


def test_jobs_go_on_when_the_process_that_submitted_them_is_killed(
    farm: LocalFarm, folder: Path, tmp_path: Path
) -> None:
    script = f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done"
    program = f"""
import os, signal
from pathlib import Path
from onepiece_core.farm.engines.local import open_farm
from onepiece_core.farm.protocol import FarmSetup
from tests.support.local_jobs import shell_job
farm = open_farm(FarmSetup(Path({str(folder)!r}), {{"workers": 2, "idle_seconds": 5}}, dict(os.environ)))
farm.submit(shell_job("job", {script!r}, Path({str(tmp_path)!r}), tasks=3))
os.killpg(os.getpgrp(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", program], start_new_session=True, check=False)
    assert killed.returncode == -9
    (tmp_path / "go").touch()
    assert wait_for_end(farm, "job")["job"].counts == {"succeeded": 3}


def test_a_worker_without_work_ends_and_another_begins_with_the_next_job(folder: Path, tmp_path: Path) -> None:
    with local_farm(folder, workers=1, idle_seconds=0.2) as farm:
        farm.submit(shell_job("one", "true", tmp_path))
        wait_for_end(farm, "one")
        wait_until(lambda: not live_workers(folder))
        farm.submit(shell_job("two", "true", tmp_path))
        assert wait_for_end(farm, "two")["two"].state == "succeeded"
        wait_until(lambda: not list((folder / "work").iterdir()))


def test_progress_and_the_message_of_a_failure_are_told(farm: LocalFarm, tmp_path: Path) -> None:
    script = (
        f"echo openjd_progress: 40; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; echo 'openjd_fail: no light'"
    )
    farm.submit(shell_job("job", f"{script}; exit 7", tmp_path))
    wait_until(lambda: farm.list_tasks("job")[0].progress == 40)
    (tmp_path / "go").touch()
    snapshot = wait_for_end(farm, "job")["job"]
    assert "no light" in snapshot.message
    (task,) = farm.list_tasks("job")
    assert (task.exit_code, task.frames, task.host != "") == (7, "1", True)
    assert "no light" in task.message


def test_what_is_not_there_is_said_so(farm: LocalFarm, tmp_path: Path) -> None:
    assert farm.read_jobs(["nobody"]) == {}
    for call in (farm.cancel, farm.retry, farm.hold, farm.release, farm.list_tasks):
        with pytest.raises(JobUnknownToFarm):
            call("nobody")
    farm.submit(shell_job("job", "true", tmp_path, is_held=True))
    with pytest.raises(TaskUnknown):
        farm.read_log("job", 1, attempt=None, offset=0, limit=10)
    assert farm.read_log("job", 0, attempt=None, offset=0, limit=10).text == ""


def test_a_job_that_needs_more_than_this_machine_is_rejected(farm: LocalFarm, tmp_path: Path) -> None:
    job = shell_job("job", "true", tmp_path)
    template = {**job.template, "steps": [{**job.template["steps"][0], "hostRequirements": _amounts(cpus=5000)}]}
    with pytest.raises(JobRejected, match="5000"):
        farm.submit(replace(job, template=template))
    assert farm.find("job") is None


def _amounts(*, cpus: int) -> dict[str, object]:
    return {"amounts": [{"name": "amount.worker.vcpu", "min": cpus}]}


@pytest.mark.parametrize("options", [{"workers": -1}, {"workers": "two"}, {"idle_seconds": True}, {"cpus": 3}])
def test_options_that_make_no_sense_are_refused(folder: Path, options: dict[str, object]) -> None:
    with pytest.raises(FarmConfigurationError):
        open_farm(FarmSetup(folder, options, {}))


def test_a_folder_that_cannot_be_made_is_a_farm_that_is_not_available(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    farm = open_farm(FarmSetup(tmp_path / "file" / "farm", {}, {}))
    with pytest.raises(FarmUnavailable):
        farm.submit(shell_job("job", "true", tmp_path))


def test_a_queue_that_is_no_database_is_a_farm_that_is_not_available(folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    (folder / "queue.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(FarmUnavailable):
        open_farm(FarmSetup(folder, {}, {})).submit(shell_job("job", "true", tmp_path))
