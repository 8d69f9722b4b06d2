"""The wall clock is set while the service runs: nothing is lost, doubled, forgotten or kept from its farm."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from onepiece_core.farm.job import FarmJob
from onepiece_core.farm.job_file import job_to_json
from onepiece_core.farm.registry import Farms
from onepiece_core.render.clock import WatchedClock
from onepiece_core.render.model import Job
from onepiece_core.render.poller import Poller
from onepiece_core.render.sql_store import SqlStore
from onepiece_core.render.sqlite_store import sqlite_store
from onepiece_core.render.store import NewJob
from onepiece_core.testing.job_store_contract import ended, new_job

DAY = 86_400.0
YEAR = 365 * DAY


class Clocks:
    """Set and moved by the test; ``looks`` counts how often somebody asked for the steady one."""

    def __init__(self) -> None:
        self.wall, self.running, self.looks = time.time(), 1000.0, 0

    def now(self) -> float:
        return self.wall

    def steady(self) -> float:
        self.looks += 1
        return self.running

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.running += seconds


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def store(tmp_path: Path, clocks: Clocks) -> Iterator[SqlStore]:
    with closing(sqlite_store(tmp_path / "jobs.db", clocks.now)) as opened:
        yield opened


@pytest.fixture
def poller(tmp_path: Path, store: SqlStore, clocks: Clocks) -> Iterator[Poller]:
    farms = Farms(tmp_path, {"mock": {"task_seconds": 1000.0}}, {})
    made = Poller(store, farms, seconds=0.01, retention_hours=24, clock=WatchedClock(clocks.now, clocks.steady))
    yield made
    made.stop()


def pending(number: int, clocks: Clocks) -> NewJob:
    told = new_job(number, created_at=clocks.wall, updated_at=clocks.wall)
    farm_job = FarmJob(told.job.job_id, "n", template={}, parameters={}, tasks=("1",), directory=Path("/"))
    return replace(told, document=json.dumps(job_to_json(farm_job)))


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.005)


def some_rounds(clocks: Clocks) -> None:
    enough = clocks.looks + 30
    wait_for(lambda: clocks.looks >= enough)


def found(store: SqlStore, number: int) -> Job:
    job = store.find(f"job-{number}")
    assert job is not None
    return job


@pytest.mark.parametrize("jump", [-YEAR, -DAY, DAY, YEAR])
def test_a_job_whose_submit_may_be_under_way_is_not_sent_twice_and_one_that_waits_is_sent_in_the_end(
    jump: float, store: SqlStore, poller: Poller, clocks: Clocks
) -> None:
    store.add(pending(1, clocks))
    poller.start()
    some_rounds(clocks)
    clocks.wall += jump
    some_rounds(clocks)
    assert found(store, 1).handle is None
    clocks.pass_by(6)
    wait_for(lambda: found(store, 1).handle is not None)


def test_jobs_are_not_forgotten_for_a_clock_that_was_set_forward_and_back_again(
    store: SqlStore, poller: Poller, clocks: Clocks
) -> None:
    store.add(pending(1, clocks))
    store.save([ended(found(store, 1), clocks.wall)])
    assert poller.once()
    clocks.wall += YEAR
    assert poller.once()
    clocks.pass_by(1800)
    assert poller.once()
    clocks.wall -= YEAR
    assert poller.once()
    clocks.pass_by(2 * 3600)
    assert poller.once()
    assert store.find("job-1") is not None


def test_jobs_are_forgotten_once_their_time_has_passed_and_the_clock_is_believed_again(
    store: SqlStore, poller: Poller, clocks: Clocks
) -> None:
    store.add(pending(1, clocks))
    store.save([ended(found(store, 1), clocks.wall)])
    assert poller.once()
    clocks.wall += YEAR
    assert poller.once()
    assert store.find("job-1") is not None
    clocks.pass_by(2 * 3600)
    assert poller.once()
    assert store.find("job-1") is None


@pytest.mark.parametrize("jump", [-YEAR, -DAY, DAY, YEAR])
def test_a_lease_holds_nobody_up_after_the_clock_was_set(jump: float, store: SqlStore, clocks: Clocks) -> None:
    assert store.take_lease("poller", "a", 10)
    clocks.wall += jump
    assert store.take_lease("poller", "b", 10)
    assert not store.take_lease("poller", "a", 10)


def test_small_corrections_are_no_doubt(clocks: Clocks) -> None:
    watched = WatchedClock(clocks.now, clocks.steady)
    for correction in (5.0, -20.0, 0.1):
        clocks.wall += correction
        clocks.pass_by(1)
        assert not watched.is_in_doubt()
