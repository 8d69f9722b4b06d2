"""The pretended farm: what it says of jobs as time goes by, and the faults that it can be asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from onepiece_core.errors import (
    FarmConfigurationError,
    FarmTimeout,
    FarmUnavailable,
    JobConflict,
    JobRejected,
    JobUnknownToFarm,
    TaskUnknown,
)
from onepiece_core.farm.engines.mock import MockFarm, Rules, open_farm
from onepiece_core.farm.engines.mock.schedule import MockJob, MockTask, advance
from onepiece_core.farm.job import FarmJob
from onepiece_core.farm.protocol import FarmSetup

Opener = Callable[..., MockFarm]


@pytest.fixture
def opened(tmp_path: Path) -> Opener:
    """The same farm, as often as it is opened."""

    def open_it(**options: object) -> MockFarm:
        return open_farm(FarmSetup(tmp_path / "farm", {"task_seconds": 0.0, **options}, {}))

    return open_it


def job(job_id: str, tasks: int = 1, **more: object) -> FarmJob:
    frames = tuple(str(number) for number in range(1, tasks + 1))
    return FarmJob(job_id, job_id, {}, {}, frames, Path("/"), **more)  # type: ignore[arg-type]


def state(farm: MockFarm, handle: str) -> str:
    return farm.read_jobs([handle])[handle].state


def test_ten_tasks_of_which_one_fails_until_it_is_retried(opened: Opener) -> None:
    farm = opened(failing_tasks=[6])
    handle = farm.submit(job("ten", 10))
    assert dict(farm.read_jobs([handle])[handle].counts) == {"succeeded": 9, "failed": 1}
    assert (state(farm, handle), farm.list_tasks(handle)[6].state) == ("failed", "failed")
    assert farm.read_log(handle, 6, attempt=None, offset=0, limit=10_000).text.endswith("Error: it was to fail\n")
    with pytest.raises(JobConflict):
        farm.retry(handle, [0])
    farm.retry(handle)
    assert state(farm, handle) == "succeeded"
    assert farm.list_tasks(handle)[6].attempt == 2
    with pytest.raises(JobConflict):
        farm.retry(handle)


def test_tasks_are_tried_as_often_as_the_job_says(opened: Opener) -> None:
    farm = opened(failing_tasks=[0], failing_attempts=2)
    assert state(farm, farm.submit(job("few", max_attempts=2))) == "failed"
    assert state(farm, farm.submit(job("enough", max_attempts=3))) == "succeeded"


def test_tasks_follow_each_other_on_as_many_hosts_as_there_are() -> None:
    rules = Rules(task_seconds=10.0, hosts=2)
    made = MockJob("j", ("1", "2", "3", "4", "5"), 50, 1, None, (), 100.0, tasks=[MockTask() for _ in range(5)])
    advance(made, rules, 105.0)
    assert [task.state for task in made.tasks] == ["running"] * 2 + ["queued"] * 3
    advance(made, rules, 121.0)
    assert [task.started_at for task in made.tasks] == [100, 100, 110, 110, 120]
    advance(made, rules, 1e9)
    assert [task.ended_at for task in made.tasks] == [110, 110, 120, 120, 130]
    assert made.snapshot().state == "succeeded"


def test_a_clock_that_is_set_back_undoes_nothing() -> None:
    rules = Rules(task_seconds=10.0, hosts=1)
    made = MockJob("j", ("1", "2"), 50, 1, None, (), 100.0, tasks=[MockTask(), MockTask()])
    advance(made, rules, 111.0)
    advance(made, rules, 5.0)
    assert [task.state for task in made.tasks] == ["succeeded", "running"]


def test_what_takes_too_long_fails(opened: Opener) -> None:
    farm = opened(task_seconds=2000.0)
    handle = farm.submit(job("long", timeout_seconds=1000))
    made = farm._jobs.get(handle)
    advance(made, Rules(task_seconds=2000.0), time.time() + 1001)
    assert made.snapshot().state == "failed"


def test_a_running_job_and_one_task_are_cancelled(opened: Opener) -> None:
    farm = opened(task_seconds=300.0, hosts=2)
    handle = farm.submit(job("slow", 3))
    assert state(farm, handle) == "running"
    farm.cancel(handle, [0])
    assert [task.state for task in farm.list_tasks(handle)] == ["cancelled", "running", "running"]
    farm.cancel(handle)
    assert state(farm, handle) == "cancelled"
    farm.cancel(handle)
    with pytest.raises(TaskUnknown):
        farm.cancel(handle, [3])


def test_a_held_job_begins_when_it_is_released(opened: Opener) -> None:
    farm = opened()
    handle = farm.submit(job("held", is_held=True))
    assert state(farm, handle) == "held"
    farm.set_priority(handle, 90)
    farm.release(handle)
    assert state(farm, handle) == "succeeded"


def test_a_job_waits_for_those_that_it_depends_on(opened: Opener) -> None:
    farm = opened()
    first = farm.submit(job("first", is_held=True))
    second = farm.submit(job("second", depends_on=(first,)))
    assert state(farm, second) == "blocked"
    farm.release(first)
    assert state(farm, second) == "succeeded"
    with pytest.raises(JobRejected):
        farm.submit(job("third", depends_on=("nobody",)))


def test_logs_grow_and_are_read_in_parts(opened: Opener) -> None:
    farm = opened()
    handle = farm.submit(job("logs", 2))
    whole = farm.read_log(handle, 1, attempt=None, offset=0, limit=100_000)
    assert whole.is_complete
    assert whole.text.count("\n") == 20
    first = farm.read_log(handle, 1, attempt=None, offset=0, limit=50)
    rest = farm.read_log(handle, 1, attempt=None, offset=first.next_offset, limit=100_000)
    assert not first.is_complete
    assert first.text + rest.text == whole.text
    assert farm.read_log(handle, 1, attempt=None, offset=-10, limit=100).text == whole.text[-10:]
    assert farm.read_log(handle, 1, attempt=7, offset=0, limit=100).text == ""


def test_a_job_is_there_once_and_another_process_finds_it(opened: Opener) -> None:
    farm = opened()
    with ThreadPoolExecutor(5) as pool:
        handles = list(pool.map(lambda number: farm.submit(job(f"j{number % 3}")), range(15)))
    assert len(set(handles)) == 3
    assert [opened().find(f"j{number}") for number in range(4)] == ["j0", "j1", "j2", None]
    assert set(opened().read_jobs(["j0", "nobody"])) == {"j0"}
    with pytest.raises(JobUnknownToFarm):
        farm.list_tasks("nobody")


def test_a_farm_that_is_away_says_so_and_knows_its_jobs_when_it_is_back(opened: Opener, tmp_path: Path) -> None:
    farm = opened()
    handle = farm.submit(job("before"))
    (tmp_path / "farm" / "away").touch()
    for call in (farm.check_available, lambda: farm.read_jobs([handle]), lambda: farm.submit(job("during"))):
        with pytest.raises(FarmUnavailable):
            call()
    (tmp_path / "farm" / "away").unlink()
    assert farm.find("during") is None
    assert state(farm, handle) == "succeeded"


def test_the_faults_that_it_is_asked_for(opened: Opener) -> None:
    with pytest.raises(JobRejected):
        opened(rejects=True).submit(job("refused"))
    with pytest.raises(FarmTimeout):
        opened(loses_answers=True).submit(job("taken"))
    assert opened().find("taken") == "taken"


@pytest.mark.parametrize("options", [{"task_seconds": -1}, {"hosts": 0}, {"speed": 1}, {"rejects": "yes"}], ids=str)
def test_wrong_options_are_named(opened: Opener, options: dict[str, object]) -> None:
    with pytest.raises(FarmConfigurationError, match=rf"farms\.mock\.{next(iter(options))}"):
        opened(**options)
