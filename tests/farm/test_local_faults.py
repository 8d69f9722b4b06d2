"""What may go wrong on one machine: killed workers, stubborn tasks, a full disk, a clock that jumps."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pytest_mock import MockerFixture

from onepiece_core.errors import FarmUnavailable
from onepiece_core.farm.engines.local import LocalFarm
from onepiece_core.process_mark import ProcessMark
from tests.support.local_farms import live_workers, local_farm
from tests.support.local_jobs import shell_job, task_states, wait_for_end, wait_until, whole_log
from tests.support.processes import runs

# A child in a session of its own that no polite signal ends, as some renderers' helpers are.
_STUBBORN = "setsid sh -c 'trap \"\" TERM INT HUP; echo $$ > {pid}; while :; do sleep 0.1; done' & trap '' TERM; wait"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "farm"


@pytest.fixture
def farm(folder: Path) -> Iterator[LocalFarm]:
    with local_farm(folder) as opened:
        yield opened


def test_a_task_whose_worker_is_killed_is_tried_again_and_what_it_started_is_ended(
    farm: LocalFarm, folder: Path, tmp_path: Path
) -> None:
    pid_file = tmp_path / "pid"
    script = f"test -e {pid_file} || {{ {_STUBBORN.format(pid=pid_file)}; }}"
    farm.submit(shell_job("job", script, tmp_path, max_attempts=2))
    grandchild = _pid_in(pid_file)
    (worker,) = live_workers(folder)
    worker.kill()
    assert wait_for_end(farm, "job")["job"].state == "succeeded"
    assert not runs(grandchild)
    assert farm.list_tasks("job")[0].attempt == 2


def test_a_task_whose_worker_is_killed_at_its_last_attempt_is_lost_and_can_be_retried(
    farm: LocalFarm, folder: Path, tmp_path: Path
) -> None:
    farm.submit(shell_job("job", f"test -e {tmp_path}/go || sleep 600", tmp_path))
    wait_until(lambda: task_states(farm, "job") == ["running"])
    live_workers(folder)[0].kill()
    lost = wait_for_end(farm, "job")["job"]
    assert lost.state == "lost"
    assert "worker" in lost.message
    (tmp_path / "go").touch()
    farm.retry("job")
    assert wait_for_end(farm, "job")["job"].state == "succeeded"


def test_a_worker_buries_its_neighbour(folder: Path, tmp_path: Path) -> None:
    """No service and no command is there: only workers."""
    with local_farm(folder, idle_seconds=60) as farm:
        farm.submit(
            shell_job("job", f"echo $1 >> {tmp_path}/ran; test $1 = 1 || sleep 1", tmp_path, max_attempts=2, tasks=2)
        )
        farm.submit(shell_job("long", "sleep 600", tmp_path, max_attempts=2))
        wait_until(lambda: farm.list_tasks("long")[0].state == "running")
        farm.submit(shell_job("other", "sleep 600", tmp_path))
        wait_until(lambda: farm.list_tasks("other")[0].state == "running")
        pid = _pid_of(folder, "long")
        psutil.Process(pid).kill()
        farm.cancel("other")
        wait_until(lambda: (task := farm.list_tasks("long")[0]).attempt == 2 and task.state == "running")


def test_a_worker_that_is_told_to_end_gives_its_task_back(farm: LocalFarm, folder: Path, tmp_path: Path) -> None:
    script = f"test -e {tmp_path}/go || sleep 600"
    farm.submit(shell_job("job", script, tmp_path))
    wait_until(lambda: task_states(farm, "job") == ["running"])
    (worker,) = live_workers(folder)
    (tmp_path / "go").touch()
    worker.send_signal(signal.SIGTERM)
    psutil.wait_procs([worker], timeout=20)
    assert wait_for_end(farm, "job")["job"].state == "succeeded"  # with one attempt: it was not its fault


@pytest.mark.parametrize("end", ["cancel", "timeout"])
def test_a_stubborn_grandchild_ends_with_its_task(farm: LocalFarm, tmp_path: Path, end: str) -> None:
    pid_file = tmp_path / "pid"
    timeout = 1 if end == "timeout" else None
    farm.submit(shell_job("job", _STUBBORN.format(pid=pid_file), tmp_path, timeout_seconds=timeout))
    grandchild = _pid_in(pid_file)
    if end == "cancel":
        farm.cancel("job")
    assert wait_for_end(farm, "job")["job"].state == ("cancelled" if end == "cancel" else "failed")
    assert not runs(grandchild)


def test_cancelling_a_task_whose_worker_died_leaves_it_cancelled(farm: LocalFarm, folder: Path, tmp_path: Path) -> None:
    farm.submit(shell_job("job", "sleep 600", tmp_path, max_attempts=5))
    wait_until(lambda: task_states(farm, "job") == ["running"])
    (worker,) = live_workers(folder)
    worker.suspend()
    farm.cancel("job")
    assert task_states(farm, "job") == ["cancelling"]
    worker.kill()
    assert wait_for_end(farm, "job")["job"].state == "cancelled"


def test_a_clock_that_jumps_takes_no_task_from_its_worker(
    farm: LocalFarm, tmp_path: Path, mocker: MockerFixture
) -> None:
    farm.submit(shell_job("job", f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done", tmp_path, tasks=2))
    wait_until(lambda: task_states(farm, "job") == ["running", "running"])
    real = time.time
    for days in (-400, 400):
        mocker.patch("time.time", lambda days=days: real() + days * 86400)
        assert farm.read_jobs(["job"])["job"].counts == {"running": 2}
        farm.submit(shell_job(f"job{days}", "true", tmp_path))
    (tmp_path / "go").touch()
    ended = wait_for_end(farm, "job", "job-400", "job400")
    assert {job.state for job in ended.values()} == {"succeeded"}
    assert [task.attempt for task in farm.list_tasks("job")] == [1, 1]


def test_a_process_is_known_by_more_than_its_pid() -> None:
    me = ProcessMark.me()
    assert me.is_alive()
    assert not ProcessMark(me.pid, me.started + "0").is_alive()
    child = psutil.Popen(["true"])
    mark = ProcessMark.of(child.pid)
    wait_until(lambda: child.status() == psutil.STATUS_ZOMBIE)
    assert ProcessMark.of(child.pid) is None
    assert mark is None or not mark.is_alive()
    child.wait()


def test_a_full_disk_refuses_a_job_and_forgets_no_result(small_disk: Path, tmp_path: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=32m", small_disk], check=True)
    folder = small_disk / "farm"
    with local_farm(folder, workers=1) as farm:
        script = f"touch {tmp_path}/begun; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; touch {tmp_path}/done"
        farm.submit(shell_job("job", script, tmp_path))
        farm.submit(shell_job("next", "true", tmp_path))
        wait_until((tmp_path / "begun").exists)
        _fill(small_disk)
        with pytest.raises(FarmUnavailable):
            farm.submit(shell_job("big", "true", tmp_path, environment={"FILLER": "x" * 4000}))
        (tmp_path / "go").touch()
        wait_until((tmp_path / "done").exists)
        time.sleep(1)  # the worker tries to write it down
        assert task_states(farm, "job") == ["running"]
        assert "full" in farm.read_jobs(["next"])["next"].message
        (small_disk / "filler").unlink()
        ended = wait_for_end(farm, "job")["job"]
        assert ended.counts == {"succeeded": 1}
        assert farm.list_tasks("job")[0].attempt == 1
        assert farm.find("big") is None
        farm.submit(shell_job("big", "true", tmp_path))
        assert {job.state for job in wait_for_end(farm, "big", "next").values()} == {"succeeded"}


def test_a_new_queue_may_be_opened_by_many_at_the_very_same_moment(folder: Path) -> None:
    line = "import sys; from pathlib import Path; from onepiece_core.farm.engines.local.database import Database;"
    line += "sys.stdin.read(1); Database(Path(sys.argv[1])).open()"
    openers = [
        subprocess.Popen([sys.executable, "-c", line, str(folder)], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(12)
    ]
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write(b"x")
        opener.stdin.flush()
    said = [opener.communicate()[1].decode() for opener in openers]
    assert [opener.returncode for opener in openers] == [0] * 12, said


def test_workers_end_when_the_queue_is_removed(folder: Path, tmp_path: Path) -> None:
    with local_farm(folder, idle_seconds=60) as farm:
        farm.submit(shell_job("job", "true", tmp_path))
        wait_for_end(farm, "job")
        workers = live_workers(folder)
        assert workers
        while folder.exists():  # a worker that is putting its own things away may be faster with one of them
            shutil.rmtree(folder, ignore_errors=True)
        _, alive = psutil.wait_procs(workers, timeout=20)
        assert not alive


def test_no_key_of_our_services_reaches_a_task(folder: Path, tmp_path: Path) -> None:
    environ = {**os.environ, "TRAFALGAR_SERVICE_CREDENTIALS": "canary-1", "ONEPIECE_SHOTGRID_KEY": "canary-2"}
    with local_farm(folder, environ={**environ, "SHOW": "FG"}) as farm:
        farm.submit(shell_job("job", "env", tmp_path, environment={"SHOT": "0010"}))
        wait_for_end(farm, "job")
        log = whole_log(farm, "job")
    assert "SHOW=FG" in log
    assert "SHOT=0010" in log
    assert "canary" not in log


def test_a_worker_that_cannot_start_is_said_to_be_missing(folder: Path, tmp_path: Path) -> None:
    with local_farm(folder, environ={**os.environ, "PYTHONHOME": "/nowhere"}) as farm:
        farm.submit(shell_job("job", "true", tmp_path))
        wait_until(lambda: "worker" in farm.read_jobs(["job"])["job"].message)
        assert farm.read_jobs(["job"])["job"].state == "queued"
    with local_farm(folder) as farm:
        assert wait_for_end(farm, "job")["job"].state == "succeeded"


@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=[pytest.mark.torture, pytest.mark.timeout(1200)])])
def test_kills_of_workers_lose_no_task(folder: Path, tmp_path: Path, kills: int) -> None:
    with local_farm(folder) as farm:
        script = f"sleep 0.05; echo $1 >> {tmp_path}/ran"
        farm.submit(shell_job("job", script, tmp_path, tasks=4 * kills, max_attempts=2 * kills))
        for _ in range(kills):
            wait_until(lambda: farm.read_jobs(["job"])["job"].counts.get("running", 0) > 0)
            worker = live_workers(folder)[0]
            worker.kill()
            psutil.wait_procs([worker], timeout=10)  # until then it counts as alive
        assert wait_for_end(farm, "job")["job"].counts == {"succeeded": 4 * kills}
    assert {int(line) for line in (tmp_path / "ran").read_text().split()} == set(range(1, 4 * kills + 1))


@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=[pytest.mark.torture, pytest.mark.timeout(1200)])])
def test_kills_of_the_submitter_lose_no_job_that_it_was_told_of(folder: Path, tmp_path: Path, kills: int) -> None:
    acknowledged: list[str] = []
    with local_farm(folder, workers=1, idle_seconds=60) as farm:
        for kill in range(kills):
            program = _SUBMITTER.format(folder=str(folder), tmp_path=str(tmp_path), kill=kill)
            submitter = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
            assert submitter.stdout is not None
            acknowledged += [submitter.stdout.readline().strip()]
            time.sleep(kill % 10 / 1000)
            submitter.kill()
            acknowledged += submitter.stdout.read().split()
            submitter.wait()
        assert len(acknowledged) >= kills
        ended = wait_for_end(farm, *acknowledged)
        assert set(ended) == set(acknowledged)
        assert {job.state for job in ended.values()} == {"succeeded"}
    ran = (tmp_path / "ran").read_text().split()
    assert len(ran) == len(set(ran))
    assert set(acknowledged) <= set(ran)


_SUBMITTER = """
import os
from pathlib import Path
from onepiece_core.farm.engines.local import open_farm
from onepiece_core.farm.protocol import FarmSetup
from tests.support.local_jobs import shell_job
farm = open_farm(FarmSetup(Path({folder!r}), {{"workers": 1, "idle_seconds": 60}}, dict(os.environ)))
for number in range(1000):
    job_id = f"job-{kill}-{{number}}"
    farm.submit(shell_job(job_id, "echo " + job_id + " >> {tmp_path}/ran", Path({tmp_path!r})))
    os.write(1, job_id.encode() + b"\\n")
"""


def test_workers_that_ended_are_no_zombies(folder: Path, tmp_path: Path) -> None:
    with local_farm(folder, workers=1, idle_seconds=0.1) as farm:
        farm.submit(shell_job("job", "true", tmp_path))
        (worker,) = live_workers(folder)
        wait_for_end(farm, "job")
        wait_until(lambda: not live_workers(folder))
        wait_until(lambda: bool(farm.read_jobs(["job"])) and not psutil.pid_exists(worker.pid))


def _pid_in(pid_file: Path) -> int:
    wait_until(lambda: pid_file.exists() and pid_file.read_text().strip() != "")
    return int(pid_file.read_text())


def _pid_of(folder: Path, job: str) -> int:
    import sqlite3

    with sqlite3.connect(folder / "queue.db") as db:
        (pid,) = db.execute(
            "select workers.pid from workers join tasks on tasks.worker = workers.id"
            " join jobs on jobs.seq = tasks.job where jobs.id = ?",
            (job,),
        ).fetchone()
    db.close()
    return int(pid)


def _fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
