"""Render jobs of this machine: recorded, on the real local farm once each, followed to their end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from onepiece_core.checksums import hash_bytes
from onepiece_core.config.models import RenderSettings, RootSettings, Settings
from onepiece_core.errors import (
    FarmUnknown,
    JobConflict,
    JobMissing,
    JobRejected,
    PathEscapes,
    RenderInvalid,
    RenderStoreFailed,
)
from onepiece_core.farm.states import is_terminal
from onepiece_core.render.model import Job, JobFilter
from onepiece_core.render.opening import open_service, store_path
from onepiece_core.render.poller import Poller
from onepiece_core.render.request import RenderRequest
from onepiece_core.render.service import RenderService


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "show").mkdir()
    return Settings(
        roots={"show": RootSettings(linux=tmp_path / "show")},
        render=RenderSettings(poll_seconds=0.05),
        farms={"local": {"workers": 2, "idle_seconds": 1}},
    )


@pytest.fixture
def service(settings: Settings, tmp_path: Path) -> Iterator[RenderService]:
    with closing(open_service(settings, tmp_path / "state", dict(os.environ), polls=True)) as opened:
        yield opened


def request(tmp_path: Path, line: str = "true", **more: object) -> RenderRequest:
    told = {"template": "command", "output": str(tmp_path / "show"), "parameters": {"Command": line}, **more}
    return RenderRequest.model_validate(told)


def wait(service: RenderService, job_id: str, done: Callable[[Job], bool] = lambda job: is_terminal(job.status)) -> Job:
    until = time.monotonic() + 60
    while True:
        job = service.get(job_id)
        if done(job):
            return job
        assert time.monotonic() < until, job
        time.sleep(0.02)


def test_a_job_is_recorded_rendered_and_followed(service: RenderService, tmp_path: Path) -> None:
    job = service.submit(request(tmp_path, 'echo "frames $1"', frames="1-6", chunk_size=2, user="ana", show_code="FG"))
    assert (job.farm, job.tasks, job.frames, job.user, job.handle is not None) == ("local", 3, "1-6", "ana", True)
    ended = wait(service, job.job_id)
    assert (ended.status, ended.counts, ended.ended_at is not None) == ("succeeded", {"succeeded": 3}, True)
    tasks = service.list_tasks(job.job_id, limit=2)
    assert [task.frames for task in tasks.items] == ["1-2", "3-4"]
    assert [task.frames for task in service.list_tasks(job.job_id, cursor=tasks.next_cursor).items] == ["5-6"]
    assert "frames 3-4" in service.read_log(job.job_id, 1).text
    assert service.metrics().by_status == {"succeeded": 1}


def test_the_record_tells_which_scene_was_submitted(service: RenderService, tmp_path: Path) -> None:
    scene = tmp_path / "show" / "a.blend"
    scene.write_bytes(b"a scene")
    told = {"dcc": "blender", "scene": str(scene), "frames": "1", "output": str(tmp_path / "show"), "hold": True}
    job = service.submit(RenderRequest.model_validate(told))
    assert job.scene_digest == hash_bytes(b"a scene")
    assert service.get(job.job_id).scene_digest == job.scene_digest
    assert service.submit(request(tmp_path, hold=True)).scene_digest is None


def test_a_check_writes_nothing(service: RenderService, tmp_path: Path) -> None:
    told = service.check(request(tmp_path, frames="1-10", chunk_size=4))
    assert (told.task_count, told.tasks) == (3, ["1-4", "5-7", "8-10"])
    assert service.list_jobs(JobFilter()).items == []


def test_a_key_gives_the_same_job_and_refuses_another(service: RenderService, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(lambda _: service.submit(request(tmp_path), idempotency_key="k"), range(20)))
    assert len({job.job_id for job in jobs}) == 1
    assert len(service.list_jobs(JobFilter()).items) == 1
    with pytest.raises(JobConflict):
        service.submit(request(tmp_path, "false"), idempotency_key="k")


def test_jobs_are_cancelled_retried_held_and_ordered(service: RenderService, tmp_path: Path) -> None:
    job = service.submit(request(tmp_path, "exec sleep 300"))
    wait(service, job.job_id, lambda job: job.status == "running")
    service.cancel(job.job_id)
    assert wait(service, job.job_id).status == "cancelled"
    held = service.submit(request(tmp_path, hold=True))
    assert wait(service, held.job_id, lambda job: job.raw_state != "submitted").status == "held"
    assert service.set_priority(held.job_id, 90).priority == 90
    with pytest.raises(RenderInvalid):
        service.set_priority(held.job_id, 101)
    service.release(held.job_id)
    assert wait(service, held.job_id).status == "succeeded"
    failed = service.submit(request(tmp_path, f"test -e {tmp_path}/gate"))
    assert wait(service, failed.job_id).status == "failed"
    (tmp_path / "gate").touch()
    assert service.retry(failed.job_id).ended_at is None
    assert wait(service, failed.job_id).status == "succeeded"


def test_a_job_waits_for_another(service: RenderService, tmp_path: Path) -> None:
    first = service.submit(request(tmp_path, "sleep 0.3"))
    second = service.submit(request(tmp_path, depends_on=[first.job_id]))
    assert wait(service, second.job_id).status == "succeeded"
    assert (service.get(first.job_id).ended_at or 0) <= (service.get(second.job_id).ended_at or 0)
    with pytest.raises(JobMissing):
        service.submit(request(tmp_path, depends_on=["nobody"]))


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"farm": "moon"}, FarmUnknown),
        ({"frames": "1-"}, RenderInvalid),
        ({"frames": "10-1x0"}, RenderInvalid),
        ({"frames": "1-99999999"}, RenderInvalid),
        ({"frames": "1-10", "chunk_size": 0}, RenderInvalid),
        ({"priority": 101}, RenderInvalid),
        ({"output": "/etc"}, PathEscapes),
        ({"scene": "show:missing.blend"}, RenderInvalid),
        ({"requirements": {"cpus": 100_000}}, JobRejected),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_what_cannot_be_rendered_is_refused(
    more: dict[str, object], error: type[Exception], service: RenderService, tmp_path: Path
) -> None:
    with pytest.raises(error):
        service.submit(request(tmp_path, **more))
    left = service.list_jobs(JobFilter()).items
    assert [job.status for job in left] == (["failed"] if error is JobRejected else [])


def test_lists_are_filtered_and_come_in_pages(service: RenderService, tmp_path: Path) -> None:
    jobs = [service.submit(request(tmp_path, user=("ana", "bo")[number % 2])) for number in range(6)]
    newest_first = [job.job_id for job in reversed(jobs)]
    page = service.list_jobs(JobFilter(), limit=4)
    rest = service.list_jobs(JobFilter(), limit=4, cursor=page.next_cursor)
    assert [job.job_id for job in (*page.items, *rest.items)] == newest_first
    assert rest.next_cursor is None
    assert [job.job_id for job in service.list_jobs(JobFilter(user="bo")).items] == newest_first[::2]
    for cursor in ("x", "-1", "9" * 30):
        with pytest.raises(RenderInvalid):
            service.list_jobs(JobFilter(), cursor=cursor)


def test_events_tell_all_and_can_be_taken_up_again(service: RenderService, tmp_path: Path) -> None:
    job = service.submit(request(tmp_path))
    wait(service, job.job_id)
    seen = [event for event in _until_quiet(service, 0) if event.job_id == job.job_id]
    assert seen[0].kind == "created"
    assert [event.seq for event in seen] == sorted(event.seq for event in seen)
    assert seen[-1].job is not None
    assert seen[-1].job.status == "succeeded"
    assert [event.seq for event in _until_quiet(service, seen[0].seq)] == [event.seq for event in seen[1:]]


def _until_quiet(service: RenderService, after: int) -> list:
    found = []
    for event in service.follow(after):
        if event is None:
            return found
        found.append(event)
    return found


def test_a_job_whose_farm_is_away_waits_and_is_sent_once(settings: Settings, tmp_path: Path) -> None:
    blocked = tmp_path / "state" / "farms"
    blocked.parent.mkdir()
    blocked.write_text("no folder")
    with closing(open_service(settings, tmp_path / "state", dict(os.environ), polls=False)) as service:
        job = service.submit(request(tmp_path, f"echo once >> {tmp_path}/runs"))
        assert (job.handle, job.raw_state) == (None, "pending")
        assert job.message.startswith("It waits: ")
        blocked.unlink()
        poller = Poller(service.store, service.farms, seconds=0.05)
        assert poller.once(pending_seconds=0)
        until = time.monotonic() + 60
        while not is_terminal(service.get(job.job_id).status):
            assert time.monotonic() < until
            poller.once(pending_seconds=0)
            time.sleep(0.05)
    assert (tmp_path / "runs").read_text() == "once\n"


def test_many_jobs_of_a_farm_that_is_away_keep_no_other_farms_jobs_waiting(settings: Settings, tmp_path: Path) -> None:
    with closing(open_service(settings, tmp_path / "state", dict(os.environ), polls=False)) as service:
        away = tmp_path / "state" / "farms" / "mock" / "away"
        away.parent.mkdir(parents=True)
        away.touch()
        waiting = [service.submit(request(tmp_path, farm="mock")) for _ in range(120)]
        own = service.submit(request(tmp_path, hold=True))
        lost = own.model_copy(update={"handle": None})  # as if its process had died before it recorded the handle
        service.store.save([lost])
        poller = Poller(service.store, service.farms, seconds=0.05)
        assert poller.once(pending_seconds=0)
        assert service.store.find(own.job_id) != lost
        assert [service.store.find(job.job_id) for job in waiting] == waiting
        away.unlink()
        assert poller.once(pending_seconds=0)
        assert poller.once(pending_seconds=0)
        assert len([job for job in waiting if (service.store.find(job.job_id) or job).handle]) == 120


def test_a_job_is_cancelled_at_once_while_its_farm_is_away_and_never_sent(settings: Settings, tmp_path: Path) -> None:
    with closing(open_service(settings, tmp_path / "state", dict(os.environ), polls=False)) as service:
        away = tmp_path / "state" / "farms" / "mock" / "away"
        away.parent.mkdir(parents=True)
        away.touch()
        job = service.submit(request(tmp_path, farm="mock"))
        assert service.cancel(job.job_id).status == "cancelled"
        poller = Poller(service.store, service.farms, seconds=0.05)
        assert poller.once(pending_seconds=0)
        assert service.get(job.job_id).status == "cancelled", "and says nothing else while the farm is away"
        away.unlink()
        assert poller.once(pending_seconds=0)
        told = service.get(job.job_id)
        assert (told.status, told.handle, told.ended_at is None) == ("cancelled", None, False)
        assert service.farms.get("mock").find(job.job_id) is None


def test_a_job_that_its_farm_got_unseen_is_cancelled_there_when_the_farm_is_back(
    settings: Settings, tmp_path: Path
) -> None:
    with closing(open_service(settings, tmp_path / "state", dict(os.environ), polls=False)) as service:
        job = service.submit(request(tmp_path, farm="mock", hold=True))
        handle = job.handle
        assert handle is not None
        service.store.save([job.model_copy(update={"handle": None})])  # its process died before it recorded this
        away = tmp_path / "state" / "farms" / "mock" / "away"
        away.touch()
        assert service.cancel(job.job_id).status == "cancelled"
        away.unlink()
        poller = Poller(service.store, service.farms, seconds=0.05)
        assert poller.once(pending_seconds=0)
        assert service.farms.get("mock").read_jobs([handle])[handle].state in ("cancelling", "cancelled")
        told = service.get(job.job_id)
        assert (told.status in ("cancelling", "cancelled"), told.handle) == (True, handle)


def test_only_one_process_follows_the_farms(service: RenderService, tmp_path: Path) -> None:
    time.sleep(0.3)
    assert not Poller(service.store, service.farms, seconds=0.05).once()


def test_ended_jobs_are_forgotten_and_running_ones_never(service: RenderService, tmp_path: Path) -> None:
    running = service.submit(request(tmp_path, "exec sleep 300"))
    ended = [service.submit(request(tmp_path)) for _ in range(4)]
    for job in ended:
        wait(service, job.job_id)
    gone = service.store.prune(keep=3, hours=None)
    assert {job.job_id for job in gone} == {ended[0].job_id, ended[1].job_id}
    assert [job.job_id for job in service.list_jobs(JobFilter()).items] == [
        ended[3].job_id,
        ended[2].job_id,
        running.job_id,
    ]
    assert len(service.store.prune(keep=None, hours=1e-9)) == 2
    health = service.store.health()
    assert (health.history_size, health.pruned_by_limit, health.pruned_by_retention) == (1, 2, 2)
    assert health.last_compaction is not None
    service.cancel(running.job_id)


def test_a_record_that_cannot_be_written_keeps_the_job_from_the_farm(settings: Settings, tmp_path: Path) -> None:
    state = tmp_path / "state"
    store_path(settings, state).mkdir(parents=True)
    with closing(open_service(settings, state, dict(os.environ))) as service, pytest.raises(RenderStoreFailed):
        service.submit(request(tmp_path, f"touch {tmp_path}/rendered"))
    assert not (state / "farms" / "local" / "queue.db").exists()


def test_what_the_record_forgets_this_machine_forgets_too(settings: Settings, tmp_path: Path) -> None:
    settings = settings.model_copy(update={"render": RenderSettings(poll_seconds=0.05, jobs_history_limit=1)})
    with closing(open_service(settings, tmp_path / "state", dict(os.environ), polls=True)) as service:
        first = wait(service, service.submit(request(tmp_path)).job_id)
        last = service.submit(request(tmp_path))
        farm = service.farms.get("local")
        until = time.monotonic() + 60
        while farm.find(first.job_id) is not None:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert farm.find(last.job_id) == last.handle
        assert [job.job_id for job in service.list_jobs(JobFilter()).items] == [last.job_id]


SUBMITTER = """
import os, sys
from contextlib import closing
from pathlib import Path
from onepiece_core.config.models import RenderSettings, RootSettings, Settings
from onepiece_core.render.opening import open_service
from onepiece_core.render.request import RenderRequest
root = Path(sys.argv[1])
farms = {"local": {"workers": 1, "idle_seconds": 1}}
settings = Settings(roots={"show": RootSettings(linux=root / "show")}, farms=farms)
with closing(open_service(settings, root / "state", dict(os.environ), polls=False)) as service:
    for number in range(1000):
        line = f"echo {sys.argv[2]}-{number} >> {root}/runs"
        told = {"template": "command", "parameters": {"Command": line}, "name": f"{sys.argv[2]}-{number}"}
        job = service.submit(RenderRequest.model_validate(told))
        print(job.job_id, flush=True)
"""


def test_kills_while_submitting_lose_and_double_nothing(settings: Settings, tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    for kill in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", SUBMITTER, str(tmp_path), str(kill)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for _ in range(3 + kill * 2):
            acknowledged.add(process.stdout.readline().strip())
        time.sleep(0.003 * kill)
        process.send_signal(signal.SIGKILL)
        acknowledged |= {line.strip() for line in process.stdout if line.endswith("\n")}
        process.wait()
    with closing(open_service(settings, tmp_path / "state", dict(os.environ), polls=True)) as service:
        poller = Poller(service.store, service.farms, seconds=0.05)
        until = time.monotonic() + 120
        while True:
            jobs = service.list_jobs(JobFilter(), limit=500).items
            poller.once(pending_seconds=0)
            if all(is_terminal(job.status) for job in jobs):
                break
            assert time.monotonic() < until, [job for job in jobs if not is_terminal(job.status)][:3]
            time.sleep(0.1)
    assert acknowledged <= {job.job_id for job in jobs}
    assert {job.status for job in jobs} == {"succeeded"}
    runs = (tmp_path / "runs").read_text().split()
    assert sorted(runs) == sorted(job.name for job in jobs)


def test_farms_are_listed_with_the_reason_of_those_that_cannot_be_used(service: RenderService) -> None:
    farms = {farm.name: farm for farm in service.list_farms()}
    assert farms["local"].available
    assert not farms["deadline_cloud"].available
    assert "farm_id" in (farms["deadline_cloud"].reason or "")
