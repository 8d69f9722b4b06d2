"""A real Slurm: what the contract of farms does not ask."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from onepiece_core.errors import FarmConfigurationError, FarmUnavailable, JobRejected
from onepiece_core.farm.engines import slurm
from onepiece_core.farm.engines.slurm.folder import JobFolder
from onepiece_core.farm.protocol import Farm, FarmSetup
from onepiece_core.testing.farm_contract import FarmLab
from tests.support.slurm import SlurmCluster, slurm_cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[SlurmCluster]:
    with slurm_cluster() as cluster:
        yield cluster


@pytest.fixture
def opened(tmp_path: Path, cluster: SlurmCluster) -> Iterator[Callable[..., Farm]]:
    def open_farm(**options: object) -> Farm:
        told = {"conf": str(cluster.conf), "jobs_dir": str(tmp_path / "jobs"), **options}
        return slurm.open_farm(FarmSetup(tmp_path / "state", told, dict(os.environ)))

    yield open_farm
    cluster.cancel_all()


@pytest.fixture
def lab(tmp_path: Path, opened: Callable[..., Farm]) -> FarmLab:
    return FarmLab(opened(), tmp_path, opened)


def test_every_task_of_a_job_completes_though_the_controller_is_killed_in_its_midst(
    lab: FarmLab, cluster: SlurmCluster
) -> None:
    runs, gate = lab.folder / "runs", lab.folder / "gate"
    runs.mkdir()
    script = f"mktemp {runs}/$f-XXXXXX; while ! test -e {gate}; do sleep 0.1; done"
    handle = lab.farm.submit(lab.job("midst", script, frames=24))
    _until(lambda: len(list(runs.iterdir())) == 16)  # as many as the node has processors
    now = time.time()
    lab.farm.set_priority(handle, 60)  # a change makes the controller write down all it knows
    cluster.wait_until_saved(now)
    cluster.kill_controller()
    with pytest.raises(FarmUnavailable):
        lab.farm.read_jobs([handle])
    cluster.start_controller()
    gate.touch()
    other = lab.again()
    assert other.find("midst") == handle
    assert dict(lab.wait(handle).counts) == {"succeeded": 24}
    assert sorted(int(path.name.partition("-")[0]) for path in runs.iterdir()) == list(range(1, 25))


def test_a_task_that_a_machine_could_not_launch_is_held_says_why_and_runs_when_it_is_released(
    lab: FarmLab, cluster: SlurmCluster
) -> None:
    handle = lab.farm.submit(lab.job("unlaunched", "true", is_held=True))
    (slurm_id,) = cluster.ask("squeue", "-h", "-o", "%A").split()
    in_its_way = cluster.root / "spool" / f"job{int(slurm_id):05d}"
    in_its_way.touch()
    lab.farm.release(handle)
    _until(lambda: "launch failed" in lab.farm.read_jobs([handle])[handle].message)
    assert lab.farm.read_jobs([handle])[handle].state == "held"
    in_its_way.unlink()
    lab.farm.release(handle)
    assert lab.wait(handle).state == "succeeded"


def test_what_slurm_has_forgotten_is_known_from_the_jobs_folder(lab: FarmLab, cluster: SlurmCluster) -> None:
    handle = lab.farm.submit(lab.job("old", 'test "$f" != 2', frames=3))
    assert lab.wait(handle).state == "failed"
    cluster.forget()
    again = lab.again()
    assert dict(again.read_jobs([handle])[handle].counts) == {"succeeded": 2, "failed": 1}
    assert [task.exit_code for task in again.list_tasks(handle)] == [0, 1, 0]


def test_a_task_that_slurm_has_forgotten_and_that_left_no_end_is_lost_never_succeeded(
    lab: FarmLab, cluster: SlurmCluster
) -> None:
    handle = lab.farm.submit(lab.job("vanished", "sleep 300", is_held=True))
    cluster.ask("scancel", "--state=PENDING", "--user=root")  # by somebody else
    assert lab.wait(handle, "cancelled", "lost").state == "cancelled"
    cluster.forget()
    assert lab.farm.read_jobs([handle])[handle].state == "lost"
    lab.farm.retry(handle)
    assert lab.farm.read_jobs([handle])[handle].state in ("held", "queued", "running")


def test_what_we_cancelled_stays_cancelled_when_slurm_has_forgotten_it(lab: FarmLab, cluster: SlurmCluster) -> None:
    handle = lab.farm.submit(lab.job("dropped", "sleep 300", frames=2, is_held=True))
    lab.farm.cancel(handle)
    cluster.forget()
    assert dict(lab.farm.read_jobs([handle])[handle].counts) == {"cancelled": 2}


def test_a_job_whose_submitter_died_before_it_noted_slurms_id_is_found_and_not_sent_again(
    lab: FarmLab, cluster: SlurmCluster
) -> None:
    job = lab.job("orphan", f"mktemp {lab.folder}/ran-XXXXXX", is_held=True)
    handle = lab.farm.submit(job)
    (lab.folder / "jobs" / handle / "arrays" / "0.id").unlink()  # as if it had died there
    other = lab.again()
    assert other.find("orphan") == handle
    assert other.submit(job) == handle
    assert cluster.ask("squeue", "-h", "-o", "%k").split() == ["onepiece:orphan:0"]
    other.release(handle)
    assert lab.wait(handle).state == "succeeded"
    assert len(list(lab.folder.glob("ran-*"))) == 1


def test_a_job_whose_submitter_died_before_it_asked_slurm_is_sent_by_the_next_who_submits_it(lab: FarmLab) -> None:
    job = lab.job("begun", "true", frames=3)
    folder = JobFolder(lab.folder / "jobs" / "begun")
    folder.make(job)
    folder.plan_array([0, 1])
    assert lab.farm.find("begun") is None
    handle = lab.farm.submit(job)
    assert dict(lab.wait(handle).counts) == {"succeeded": 3}


def test_a_job_with_more_tasks_than_an_array_may_have_is_sent_in_parts(
    opened: Callable[..., Farm], tmp_path: Path
) -> None:
    lab = FarmLab(opened(max_array=3, max_running=2), tmp_path, opened)
    handle = lab.farm.submit(lab.job("parts", f'echo "$f" >> {tmp_path}/runs', frames=8))
    assert dict(lab.wait(handle).counts) == {"succeeded": 8}
    assert sorted((tmp_path / "runs").read_text().split()) == [str(frame) for frame in range(1, 9)]
    assert [task.frames for task in lab.farm.list_tasks(handle)] == [f"{frame}-{frame}" for frame in range(1, 9)]


def test_a_job_is_cancelled_when_what_it_waits_for_fails(lab: FarmLab) -> None:
    first = lab.farm.submit(lab.job("fails", "sleep 0.5; false"))
    second = lab.farm.submit(lab.job("waits", "true", depends_on=(first,)))
    assert lab.wait(second).state == "cancelled"


def test_what_slurm_refuses_leaves_nothing_behind(opened: Callable[..., Farm], tmp_path: Path) -> None:
    farm = opened(partition="nowhere")
    job = FarmLab(farm, tmp_path, opened).job("refused", "true")
    with pytest.raises(JobRejected, match="partition"):
        farm.check(job)
    with pytest.raises(JobRejected, match="partition"):
        farm.submit(job)
    assert farm.find("refused") is None


def test_a_python_that_the_nodes_do_not_have_is_told_in_the_log(opened: Callable[..., Farm], tmp_path: Path) -> None:
    lab = FarmLab(opened(python="/nowhere/python"), tmp_path, opened)
    handle = lab.farm.submit(lab.job("no-python", "true"))
    assert lab.wait(handle).state == "failed"
    _until(lambda: "/nowhere/python" in lab.log(handle, 0))


def test_nothing_of_our_environment_reaches_the_jobs(tmp_path: Path, cluster: SlurmCluster) -> None:
    environ = {**os.environ, "ONEPIECE_SHOTGRID_KEY": "canary-5f1"}

    def again() -> Farm:
        options = {"conf": str(cluster.conf), "jobs_dir": str(tmp_path / "jobs")}
        return slurm.open_farm(FarmSetup(tmp_path / "state", options, environ))

    lab = FarmLab(again(), tmp_path, again)
    handle = lab.farm.submit(lab.job("environment", f"env > {tmp_path}/seen"))
    assert lab.wait(handle).state == "succeeded"
    assert "canary-5f1" not in (tmp_path / "seen").read_text()


def test_a_machine_without_slurms_clients_says_so(tmp_path: Path) -> None:
    farm = slurm.open_farm(FarmSetup(tmp_path, {}, {"PATH": str(tmp_path)}))
    with pytest.raises(FarmConfigurationError, match="not installed"):
        farm.check_available()
    with pytest.raises(FarmConfigurationError, match="max_array"):
        slurm.open_farm(FarmSetup(tmp_path, {"max_array": 0}, {}))


def _until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.1)
