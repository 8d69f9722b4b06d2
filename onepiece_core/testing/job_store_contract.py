"""The tests that every record of render jobs passes. Needs pytest."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from onepiece_core.errors import JobConflict, JobMissing
from onepiece_core.render.model import Job, JobFilter
from onepiece_core.render.store import JobStore, NewJob

Opener = Callable[[], JobStore]


def new_job(number: int, key: str | None = None, **more: Any) -> NewJob:
    told = {
        "job_id": f"job-{number}",
        "farm": "mock",
        "status": "queued",
        "raw_state": "pending",
        "name": "Ärger ✓ \"' %s ? :x",
        "template": "command",
        "priority": 50,
        "created_at": 1000.25 + number,
        "updated_at": 1000.25,
        **more,
    }
    return NewJob(Job.model_validate(told), f'{{"number": {number}, "text": "é % ?"}}', f"print-{number}", key)


def ended(job: Job, at: float = 2000.0, **more: Any) -> Job:
    return job.model_copy(update={"handle": "h", "status": "succeeded", "ended_at": at, **more})


class JobStoreContract:
    """Subclass it and give it the fixture ``opened``: the same empty record, as each process opens it."""

    @pytest.fixture
    def opened(self) -> Opener:
        raise NotImplementedError

    @pytest.fixture
    def store(self, opened: Opener) -> Any:
        with closing(opened()) as store:
            yield store

    def test_what_was_added_is_there_for_every_process(self, store: JobStore, opened: Opener) -> None:
        new = new_job(1, user="Añá", counts={"failed": 2})
        assert store.add(new) == (new.job, True)
        with closing(opened()) as other:
            assert other.find("job-1") == new.job
            assert other.document("job-1") == new.document
            assert other.find("job-2") is None
            with pytest.raises(JobMissing):
                other.document("job-2")

    def test_a_key_gives_its_job_and_refuses_another(self, store: JobStore, opened: Opener) -> None:
        first = store.add(new_job(1, "k"))[0]
        again = NewJob(new_job(2).job, "{}", "print-1", "k")
        with closing(opened()) as other:
            assert other.add(again) == (first, False)
        with pytest.raises(JobConflict):
            store.add(new_job(3, "k"))
        assert [job.job_id for _, job in store.page(JobFilter(), limit=10, before=None)] == ["job-1"]

    def test_many_at_once_with_few_keys_give_one_job_each(self, store: JobStore, opened: Opener) -> None:
        counter = itertools.count()
        with closing(opened()) as other, ThreadPoolExecutor(8) as pool:

            def add(number: int) -> tuple[Job, bool]:
                new = new_job(next(counter))
                return (store, other)[number % 2].add(NewJob(new.job, "{}", "same", f"key-{number % 10}"))

            answers = list(pool.map(add, range(100)))
        assert sum(is_new for _, is_new in answers) == 10
        assert len({job.job_id for job, _ in answers}) == 10

    def test_one_that_is_refused_takes_no_other_with_it(self, store: JobStore) -> None:
        store.add(new_job(0, "taken"))

        def add(number: int) -> bool:
            try:
                return store.add(new_job(number, "taken" if number % 3 == 0 else None))[1]
            except JobConflict:
                return False

        with ThreadPoolExecutor(16) as pool:
            added = list(pool.map(add, range(1, 61)))
        assert added == [number % 3 != 0 for number in range(1, 61)]
        assert store.health().history_size == 41

    def test_changes_replace_and_make_one_event_each(self, store: JobStore) -> None:
        job = store.add(new_job(1))[0]
        sent = job.model_copy(update={"handle": "h"})
        store.save([sent])
        store.save([sent])
        store.save([ended(sent), new_job(7).job])
        assert store.find("job-1") == ended(sent)
        told = [(event.kind, event.job_id, event.job and event.job.status) for event in store.events(0, 100)]
        assert told == [
            ("created", "job-1", "queued"),
            ("updated", "job-1", "queued"),
            ("updated", "job-1", "succeeded"),
        ]

    def test_pages_go_from_the_newest_on_and_are_filtered(self, store: JobStore) -> None:
        for number in range(10):
            store.add(new_job(number, user=("ana", "bo")[number % 2], farm=("mock", "local")[number % 5 == 0]))
        first = store.page(JobFilter(), limit=4, before=None)
        second = store.page(JobFilter(), limit=4, before=first[-1][0])
        assert [job.job_id for _, job in first + second] == [f"job-{number}" for number in range(9, 1, -1)]
        store.add(new_job(10))
        assert store.page(JobFilter(), limit=4, before=first[-1][0]) == second

        def ids(**wanted: Any) -> list[str]:
            return [job.job_id for _, job in store.page(JobFilter(**wanted), limit=100, before=None)]

        assert ids(user="bo") == ["job-9", "job-7", "job-5", "job-3", "job-1"]
        assert ids(user="bo", farm="local") == ["job-5"]
        assert ids(since=1009.25) == ["job-10", "job-9"]
        assert ids(show_code="' or 1=1 --") == []
        store.save([ended(new_job(3, user="bo").job)])
        assert ids(status="succeeded") == ["job-3"]

    def test_jobs_are_pending_then_live_then_ended(self, store: JobStore) -> None:
        jobs = [store.add(new_job(number))[0] for number in range(3)]
        assert [job.job_id for job in store.pending(2)] == ["job-0", "job-1"]
        assert list(store.live()) == []
        running = jobs[0].model_copy(update={"handle": "h", "status": "running", "counts": {"running": 3}})
        store.save([running, ended(jobs[1])])
        assert list(store.live()) == [running]
        assert [job.job_id for job in store.pending(10)] == ["job-2"]
        metrics = store.metrics()
        assert (metrics.total, metrics.by_status) == (3, {"queued": 1, "running": 1, "succeeded": 1})
        assert metrics.by_farm == {"mock": {"queued": 1, "running": 1, "succeeded": 1}}
        assert metrics.tasks == {"running": 3}
        assert store.health().pending == 1

    def test_every_live_job_is_seen_however_many(self, store: JobStore) -> None:
        with ThreadPoolExecutor(16) as pool:
            jobs = [job for job, _ in pool.map(lambda number: store.add(new_job(number)), range(1100))]
        store.save([job.model_copy(update={"handle": "h"}) for job in jobs])
        assert {job.job_id for job in store.live()} == {job.job_id for job in jobs}

    def test_events_are_in_the_order_in_which_they_can_be_read(self, store: JobStore, opened: Opener) -> None:
        seen: list[int] = []
        with closing(opened()) as other, closing(opened()) as reader, ThreadPoolExecutor(8) as pool:
            adds = [pool.submit((store, other)[n % 2].add, new_job(n)) for n in range(200)]
            while not all(add.done() for add in adds):
                seen += [event.seq for event in reader.events(seen[-1] if seen else 0, 50)]
            while more := [event.seq for event in reader.events(seen[-1] if seen else 0, 50)]:
                seen += more
        assert len(seen) == 200
        assert seen == sorted(seen)
        assert seen[-1] == store.last_event()

    def test_one_process_has_a_lease_until_it_ends_or_is_dropped(self, store: JobStore, opened: Opener) -> None:
        with closing(opened()) as other:
            assert store.take_lease("poller", "a", 60)
            assert store.take_lease("poller", "a", 60)
            assert not other.take_lease("poller", "b", 60)
            assert other.take_lease("sweeper", "b", 60)
            other.drop_lease("poller", "b")
            assert not other.take_lease("poller", "b", 60)
            store.drop_lease("poller", "a")
            assert other.take_lease("poller", "b", 0.0)
            assert store.take_lease("poller", "a", 60)

    def test_a_lease_of_a_clock_that_was_set_back_does_not_last_for_ever(self, store: JobStore) -> None:
        assert store.take_lease("poller", "a", 1e9)
        assert store.take_lease("poller", "b", 1.0)

    def test_only_one_of_many_gets_the_lease(self, store: JobStore, opened: Opener) -> None:
        with closing(opened()) as other, ThreadPoolExecutor(8) as pool:
            got = list(pool.map(lambda n: (store, other)[n % 2].take_lease("poller", str(n), 60), range(20)))
        assert sum(got) == 1

    def test_ended_jobs_are_forgotten_and_others_never(self, store: JobStore) -> None:
        jobs = [store.add(new_job(number))[0] for number in range(8)]
        store.save([ended(job, at=1000.0 + number) for number, job in enumerate(jobs[:6])])
        assert {job.job_id for job in store.prune(keep=5, hours=None)} == {"job-0", "job-1", "job-2"}
        assert [job.job_id for _, job in store.page(JobFilter(), limit=10, before=None)] == [
            *("job-7", "job-6", "job-5", "job-4", "job-3")
        ]
        assert len(store.prune(keep=1, hours=None)) == 3
        assert len(store.prune(keep=1, hours=1e-9)) == 0
        health = store.health()
        assert (health.history_size, health.pruned_by_limit, health.pruned_by_retention) == (2, 6, 0)
        assert health.last_compaction is not None
        assert [event.job_id for event in store.events(0, 100) if event.kind == "removed"] == [
            f"job-{number}" for number in range(6)
        ]

    def test_jobs_that_ended_long_ago_are_forgotten_in_pieces(self, store: JobStore) -> None:
        with ThreadPoolExecutor(16) as pool:
            jobs = [job for job, _ in pool.map(lambda number: store.add(new_job(number)), range(1100))]
        store.save([ended(job) for job in jobs[:1050]])
        store.save([ended(jobs[1050], at=9e12)])
        assert len(store.prune(keep=None, hours=1.0)) == 1050
        health = store.health()
        assert (health.history_size, health.pruned_by_retention, health.is_writable) == (50, 1050, True)
