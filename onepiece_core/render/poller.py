"""Follows the farms: sends what waits, records what changed, forgets what is old. One process at a time."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from itertools import islice

from onepiece_core.errors import (
    ExtraMissing,
    FarmConfigurationError,
    FarmTimeout,
    FarmUnauthorized,
    FarmUnavailable,
    FarmUnknown,
    JobRejected,
    OnePieceError,
)
from onepiece_core.farm.job import JobSnapshot
from onepiece_core.farm.protocol import Farm, Forgetful
from onepiece_core.farm.registry import Farms
from onepiece_core.farm.states import is_terminal
from onepiece_core.log import get_logger
from onepiece_core.render.clock import WatchedClock
from onepiece_core.render.handing import hand_over_again, note_waiting
from onepiece_core.render.model import Job
from onepiece_core.render.snapshot import Snapshot
from onepiece_core.render.store import JobStore

log = get_logger(__name__)

LEASE = "poller"
_AT_ONCE = 100
# Between two rounds at least so often the time of one: callers come first, however much is on the farms.
_PAUSE = 3
# Of the farm, not of the one job.
_NOT_THERE = (FarmUnavailable, FarmTimeout, FarmUnauthorized, FarmConfigurationError, FarmUnknown, ExtraMissing)
# Not the moment that a submit is under way in another thread or process.
_PENDING_SECONDS = 5.0


class Poller:
    """Runs in a thread of any process that has the service; a lease in the record keeps the others still."""

    def __init__(
        self,
        store: JobStore,
        farms: Farms,
        *,
        seconds: float,
        history_limit: int | None = None,
        retention_hours: float | None = None,
        snapshot: Snapshot | None = None,
        clock: WatchedClock | None = None,
    ) -> None:
        self._store, self._farms, self._seconds = store, farms, seconds
        self.limits = history_limit, retention_hours
        self._snapshot = snapshot
        self._clock = clock or WatchedClock()
        self._pending_since: dict[str, float] = {}
        self._owner = uuid.uuid4().hex
        self._has_led = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="render poller", daemon=True)

    @property
    def is_running(self) -> bool:
        """Whether its thread does the rounds, in this process."""
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """The next process that looks does the rounds at once, and does not wait until our lease has ended."""
        self._stopped.set()
        if self.is_running:
            self._thread.join(timeout=30)
        if self._has_led:
            self._keep_snapshot(now=True)
            try:
                self._store.drop_lease(LEASE, self._owner)
            except OnePieceError as error:  # it ends by itself
                log.warning("render.lease_not_dropped", code=error.report.code)

    def once(self, *, pending_seconds: float = _PENDING_SECONDS) -> bool:
        """One round; False where another process does it. Raises RenderStoreFailed."""
        if not self._store.take_lease(LEASE, self._owner, max(10.0, 5 * self._seconds)):
            return False
        self._has_led = True
        self._send_waiting(pending_seconds)
        by_farm: dict[str, list[Job]] = {}
        for job in self._store.live():
            by_farm.setdefault(job.farm, []).append(job)
        for name, jobs in by_farm.items():
            try:
                read_now(self._store, self._farms.get(name), jobs)
            except OnePieceError as error:
                log.warning("render.farm_not_read", farm=name, code=error.report.code)
        keep, hours = self.limits
        self._forget(self._store.prune(keep=keep, hours=None if self._clock.is_in_doubt() else hours))
        self._keep_snapshot()
        return True

    def _forget(self, jobs: Sequence[Job]) -> None:
        """What the record has no more, a farm that keeps all need not keep either."""
        by_farm: dict[str, list[str]] = {}
        for job in jobs:
            if job.handle is not None:
                by_farm.setdefault(job.farm, []).append(job.handle)
        for name, handles in by_farm.items():
            try:
                farm = self._farms.get(name)
                if isinstance(farm, Forgetful):
                    farm.forget(handles)
            except OnePieceError as error:
                log.warning("render.farm_forgets_not", farm=name, code=error.report.code)

    def _run(self) -> None:
        while not self._stopped.is_set():
            began = time.monotonic()
            try:
                self.once()
            except OnePieceError as error:
                log.warning("render.poll_failed", code=error.report.code, happened=error.report.message)
            self._stopped.wait(max(self._seconds, _PAUSE * (time.monotonic() - began)))

    def _keep_snapshot(self, *, now: bool = False) -> None:
        if self._snapshot is None:
            return
        try:
            self._snapshot.keep(now=now)
        except OnePieceError as error:  # it is for people; the record has all
            log.warning("render.snapshot_not_written", code=error.report.code, happened=error.report.message)

    def _send_waiting(self, pending_seconds: float) -> None:
        """Jobs of a farm that does not answer keep no other farm's jobs waiting."""
        away: set[str] = set()
        seen: dict[str, float] = {}
        while True:
            waiting = self._store.pending(_AT_ONCE, away)
            steady = self._clock.steady()
            seen |= {job.job_id: self._pending_since.get(job.job_id, steady) for job in waiting}
            self._pending_since = seen
            farm = self._send([job for job in waiting if not self._may_be_under_way(job, pending_seconds)])
            if farm is None:
                return
            away.add(farm)

    def _send(self, waiting: list[Job]) -> str | None:
        """The farm that did not answer, if one did not: the rest is left."""
        for job in waiting:
            try:
                hand_over_again(self._store, self._farms.get(job.farm), job)
            except JobRejected as error:
                log.warning("render.job_rejected", job=job.job_id, happened=error.report.message)
            except OnePieceError as error:
                note_waiting(self._store, job, f"It waits: {error.report.message}")
                if isinstance(error, _NOT_THERE):
                    return job.farm
        return None

    def _may_be_under_way(self, job: Job, seconds: float) -> bool:
        """Whether somebody may be about to hand it over. Its own time tells only whoever cannot look for so long."""
        if self._clock.steady() - self._pending_since[job.job_id] >= seconds:
            return False
        return self.is_running or job.created_at > self._clock.now() - seconds


def read_now(store: JobStore, farm: Farm, jobs: Iterable[Job]) -> None:
    """Record how ``jobs`` of one farm stand, where that is not what they say.

    One that the farm does not know any more is lost, never succeeded.
    """
    left = iter(jobs)
    while some := list(islice(left, _AT_ONCE)):
        found = farm.read_jobs([job.handle or "" for job in some])
        as_now = [(job, _as_now(job, found.get(job.handle or ""))) for job in some]
        store.save([new for old, new in as_now if new is not old])


def _as_now(job: Job, now: JobSnapshot | None) -> Job:
    """The very ``job`` where nothing changed."""
    if now is None:
        if is_terminal(job.status):
            return job
        now = JobSnapshot(job.handle or "", "lost", "unknown", {}, "The farm does not know it any more")
    counts = {state: now.counts[state] for state in sorted(now.counts) if now.counts[state]}
    changes = {
        "status": now.state,
        "raw_state": now.raw_state,
        "counts": counts or job.counts,
        "message": now.message,
    }
    ended = is_terminal(now.state)
    told = job.model_copy(update={**changes, "ended_at": job.ended_at if ended else None})
    if told == job and ended == (job.ended_at is not None):
        return job
    at = time.time()
    return told.model_copy(update={"updated_at": at, "ended_at": (job.ended_at or at) if ended else None})
