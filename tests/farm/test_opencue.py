"""OpenCue by its own protocol buffers, against a Cuebot on loopback whose hosts run frames for real."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from onepiece_core.errors import (
    CancellationUnsupported,
    FarmConfigurationError,
    FarmUnauthorized,
    FarmUnavailable,
    JobConflict,
    JobRejected,
    JobUnknownToFarm,
    TaskUnknown,
)
from onepiece_core.farm.engines.opencue import open_farm
from onepiece_core.farm.job import FarmJob, JobSnapshot
from onepiece_core.farm.protocol import Farm, FarmSetup
from onepiece_core.farm.states import is_terminal
from tests.farm.test_deadline_cloud import template
from tests.support.opencue_server import Cuebot, cuebot


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Cuebot]:
    with cuebot(tmp_path / "cuebot") as running:
        yield running


@pytest.fixture
def farm(bot: Cuebot, tmp_path: Path) -> Farm:
    return open_farm(FarmSetup(tmp_path / "state", {"cuebot": bot.address}, {}))


@pytest.fixture
def job(tmp_path: Path) -> FarmJob:
    parameters = {"Frames": "1-6", "ChunkSize": "2", "Fixed": str(tmp_path / "fixed")}
    tasks = ("1-2", "3-4", "5-6")
    return FarmJob(
        "op-1", "FG_ep010 comp", template(), parameters, tasks, tmp_path, environment={"SHOW": "FG"}, user="björn"
    )


def wait(farm: Farm, handle: str, state: str | None = None, seconds: float = 60.0) -> JobSnapshot:
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
    # OpenCue keeps a job with dead frames open for ever.
    assert (ended.state, ended.raw_state) == ("failed", "PENDING")
    assert dict(ended.counts) == {"succeeded": 2, "failed": 1}
    tasks = farm.list_tasks(handle)
    assert [(task.index, task.frames, task.state, task.raw_state) for task in tasks] == [
        (0, "1-2", "succeeded", "SUCCEEDED"),
        (1, "3-4", "failed", "DEAD"),
        (2, "5-6", "succeeded", "SUCCEEDED"),
    ]
    assert tasks[1].exit_code == 7
    assert "rendering 5-6 for FG" in farm.read_log(handle, 2, attempt=None, offset=0, limit=10_000).text
    with pytest.raises(JobConflict):
        farm.retry(handle, [0])
    (tmp_path / "fixed").touch()
    farm.retry(handle)
    assert wait(farm, handle).state == "succeeded"
    assert "rendering 3-4" not in farm.read_log(handle, 1, attempt=1, offset=0, limit=10_000).text
    assert "rendering 3-4" in farm.read_log(handle, 1, attempt=2, offset=0, limit=10_000).text
    with pytest.raises(TaskUnknown):
        farm.read_log(handle, 3, attempt=None, offset=0, limit=10)


def test_a_job_asked_for_twice_is_there_once_and_found_by_its_id(farm: Farm, bot: Cuebot, job: FarmJob) -> None:
    assert farm.find("op-1") is None
    handle = farm.submit(job)
    assert farm.submit(job) == handle
    assert bot.launched == ["testing-none-bj_rn_fg_ep010_comp_op1"]
    assert farm.find("op-1") == handle


def test_a_held_job_waits_is_released_and_cancelled(farm: Farm, job: FarmJob, tmp_path: Path) -> None:
    started = tmp_path / "started"
    script = f"touch {started}; exec sleep 300"
    handle = farm.submit(replace(job, is_held=True, template=template(script)))
    assert farm.read_jobs([handle])[handle].state == "held"
    assert not started.exists()
    farm.set_priority(handle, 90)
    farm.release(handle)
    wait(farm, handle, "running")
    with pytest.raises(CancellationUnsupported):
        farm.cancel(handle, [0])
    farm.cancel(handle)
    ended = wait(farm, handle)
    assert (ended.state, ended.raw_state, dict(ended.counts)) == ("cancelled", "FINISHED", {"cancelled": 3})
    farm.cancel(handle)
    with pytest.raises(JobConflict):
        farm.retry(handle)


def test_a_job_waits_for_another(farm: Farm, job: FarmJob, tmp_path: Path) -> None:
    (tmp_path / "fixed").touch()
    first = farm.submit(replace(job, is_held=True))
    second = farm.submit(replace(job, id="op-2", depends_on=(first,)))
    wait(farm, second, "blocked")
    farm.release(first)
    assert wait(farm, first).state == "succeeded"
    assert wait(farm, second).state == "succeeded"


def test_attempts_are_counted(farm: Farm, job: FarmJob) -> None:
    handle = farm.submit(replace(job, max_attempts=2))
    wait(farm, handle)
    assert [task.attempt for task in farm.list_tasks(handle)] == [1, 2, 1]


def test_a_cuebot_that_is_away_or_says_no(farm: Farm, bot: Cuebot, job: FarmJob) -> None:
    farm.check_available()
    bot.denies = True
    with pytest.raises(FarmUnauthorized):
        farm.check_available()
    bot.denies, bot.answers = False, False
    with pytest.raises(FarmUnavailable):
        farm.submit(job)
    bot.answers = True
    farm.submit(job)
    assert len(bot.launched) == 1


def test_nobody_at_the_address(tmp_path: Path) -> None:
    farm = open_farm(FarmSetup(tmp_path, {"cuebot": "127.0.0.1:9"}, {}))
    with pytest.raises(FarmUnavailable):
        farm.check_available()


def test_unknown_jobs_and_jobs_that_are_refused(farm: Farm, job: FarmJob) -> None:
    assert farm.read_jobs(["nobody"]) == {}
    for ask in (farm.list_tasks, farm.cancel, farm.hold, farm.release, farm.retry):
        with pytest.raises(JobUnknownToFarm):
            ask("nobody")
    with pytest.raises(JobRejected):
        farm.submit(replace(job, tasks=()))


def test_options_that_make_no_sense_are_named(tmp_path: Path) -> None:
    with pytest.raises(FarmConfigurationError, match="colour"):
        open_farm(FarmSetup(tmp_path, {"colour": "red"}, {}))


def test_pycue_sees_the_job_as_we_do(farm: Farm, bot: Cuebot, job: FarmJob) -> None:
    """OpenCue's own client reads it back from the same Cuebot."""
    opencue = pytest.importorskip("opencue")
    handle = farm.submit(replace(job, is_held=True))
    opencue.Cuebot.setHosts([bot.address])
    found = opencue.api.getJob(handle)
    assert (found.name(), found.priority(), found.isPaused()) == ("testing-none-bj_rn_fg_ep010_comp_op1", 50, True)
