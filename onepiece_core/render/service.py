"""Render jobs of this machine: recorded first, then handed to their farm, and followed until they end."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from onepiece_core.errors import (
    FarmUnavailable,
    JobConflict,
    JobMissing,
    JobRejected,
    OnePieceError,
    RenderInvalid,
    RenderStoreFailed,
)
from onepiece_core.farm.capabilities import Capabilities
from onepiece_core.farm.job import FarmJob, LogPart, TaskSnapshot
from onepiece_core.farm.job_file import job_to_json
from onepiece_core.farm.protocol import Farm
from onepiece_core.farm.registry import FarmNotOpened, Farms
from onepiece_core.farm.states import is_terminal
from onepiece_core.render.handing import cancel_unsent, hand_over, note_waiting
from onepiece_core.render.jobs import MAX_PAGE, Accepted
from onepiece_core.render.model import (
    FarmInfo,
    Job,
    JobCheck,
    JobEvent,
    JobFilter,
    JobMetrics,
    JobPage,
    StoreHealth,
    Task,
    TaskPage,
)
from onepiece_core.render.poller import Poller, read_now
from onepiece_core.render.prepare import Ground, Prepared, prepare
from onepiece_core.render.request import RenderRequest
from onepiece_core.render.store import JobStore, NewJob

_LOOK_SECONDS = 0.1
_EVENTS = 200


@dataclass(frozen=True, slots=True)
class RenderService:
    """:class:`~onepiece_core.render.jobs.Jobs` over a record and farms.

    Attributes:
        poller: follows the farms; where it does not run by itself, each look at the jobs is a round of it.
        ground: for farms whose machines are others; ``own_ground`` for the one that renders here.
        default_farm: of requests that name none.
    """

    store: JobStore
    farms: Farms
    poller: Poller
    ground: Ground
    own_ground: Ground
    default_farm: str = "local"

    def close(self) -> None:
        """Jobs go on; whoever opens the service next follows them."""
        self.poller.stop()
        self.store.close()

    def list_farms(self) -> list[FarmInfo]:
        return [_info(farm) for farm in self.farms.each()]

    def check(self, request: RenderRequest) -> JobCheck:
        prepared = self._prepared(request, "check")
        farm = self.farms.get(prepared.farm)
        if farm.capabilities.check:
            farm.check(prepared.job)
        return prepared.as_check()

    def submit(self, request: RenderRequest, *, idempotency_key: str | None = None) -> Job:
        return self.accept(request, idempotency_key=idempotency_key).job

    def accept(self, request: RenderRequest, *, idempotency_key: str | None = None) -> Accepted:
        prepared = self._prepared(request, uuid.uuid4().hex)
        new = NewJob(
            job=_recorded(prepared, request),
            document=json.dumps(job_to_json(prepared.job)),
            fingerprint=hashlib.sha256(request.model_dump_json().encode()).hexdigest(),
            key=idempotency_key,
        )
        job, is_new = self.store.add(new)
        return Accepted(self._sent(job, prepared.job) if is_new else job, is_new)

    def get(self, job_id: str) -> Job:
        job = self._found(job_id)
        if not self.poller.is_running and not is_terminal(job.status):
            self._look()
            job = self._found(job_id)
        return job

    def list_jobs(self, wanted: JobFilter, *, limit: int = 50, cursor: str | None = None) -> JobPage:
        size = _page_size(limit)
        self._look()
        rows = self.store.page(wanted, limit=size + 1, before=_number(cursor))
        more = str(rows[size - 1][0]) if len(rows) > size else None
        return JobPage(items=[job for _, job in rows[:size]], next_cursor=more)

    def list_tasks(self, job_id: str, *, limit: int = 100, cursor: str | None = None) -> TaskPage:
        farm, job = self._on_farm(job_id)
        size, start = _page_size(limit), _number(cursor) or 0
        tasks = farm.list_tasks(job.handle or "")
        more = str(start + size) if len(tasks) > start + size else None
        return TaskPage(items=[_task(task) for task in tasks[start : start + size]], next_cursor=more)

    def read_log(
        self, job_id: str, task: int, *, attempt: int | None = None, offset: int = 0, limit: int = 65_536
    ) -> LogPart:
        farm, job = self._on_farm(job_id)
        return farm.read_log(job.handle or "", task, attempt=attempt, offset=offset, limit=limit)

    def cancel(self, job_id: str, tasks: Sequence[int] | None = None) -> Job:
        job = self._found(job_id)
        if job.handle is None and not is_terminal(job.status) and tasks is None:
            return self._cancelled_before(job)
        farm, job = self._on_farm(job_id)
        farm.cancel(job.handle or "", tasks)
        return self._fresh(farm, job)

    def retry(self, job_id: str, tasks: Sequence[int] | None = None) -> Job:
        farm, job = self._on_farm(job_id)
        farm.retry(job.handle or "", tasks)
        return self._fresh(farm, job)

    def hold(self, job_id: str) -> Job:
        farm, job = self._on_farm(job_id)
        farm.hold(job.handle or "")
        return self._fresh(farm, job)

    def release(self, job_id: str) -> Job:
        farm, job = self._on_farm(job_id)
        farm.release(job.handle or "")
        return self._fresh(farm, job)

    def set_priority(self, job_id: str, priority: int) -> Job:
        farm, job = self._on_farm(job_id)
        allowed = farm.capabilities.priority
        if allowed is not None and not allowed.minimum <= priority <= allowed.maximum:
            raise RenderInvalid(f"A priority is {allowed.minimum} to {allowed.maximum}, not {priority}", farm=job.farm)
        farm.set_priority(job.handle or "", priority)
        job = job.model_copy(update={"priority": priority})
        self.store.save([job])
        return self._fresh(farm, job)

    def metrics(self) -> JobMetrics:
        self._look()
        return self.store.metrics()

    def health(self) -> StoreHealth:
        limit, hours = self.poller.limits
        return self.store.health().model_copy(update={"history_limit": limit, "retention_hours": hours})

    def last_event(self) -> int:
        return self.store.last_event()

    def follow(self, after: int | None = None) -> Iterator[JobEvent | None]:
        seen = self.store.last_event() if after is None else after
        while True:
            self._look()
            events = self.store.events(seen, _EVENTS)
            yield from events
            if events:
                seen = events[-1].seq
            if len(events) < _EVENTS:
                yield None
                time.sleep(_LOOK_SECONDS)

    def _look(self) -> None:
        """A round of the poller, where it does not run by itself. A farm that is away is no reason to fail."""
        if not self.poller.is_running:
            self.poller.once()

    def _found(self, job_id: str) -> Job:
        job = self.store.find(job_id)
        if job is None:
            raise JobMissing(f"There is no render job {job_id}", job=job_id)
        return job

    def _prepared(self, request: RenderRequest, job_id: str) -> Prepared:
        name = request.farm or self.default_farm
        farm = self.farms.get(name)
        waits_for = [self._handle(needed, name) for needed in request.depends_on]
        return prepare(
            request,
            self.own_ground if name == "local" else self.ground,
            job_id=job_id,
            farm=name,
            capabilities=farm.capabilities,
            depends_on=waits_for,
        )

    def _handle(self, job_id: str, farm: str) -> str:
        job = self._found(job_id)
        if job.farm != farm:
            raise RenderInvalid(f"The job {job_id} is on the farm {job.farm}, not on {farm}", job=job_id)
        if job.handle is None:
            raise JobConflict(f"The farm does not have the job {job_id} yet", job=job_id)
        return job.handle

    def _sent(self, job: Job, farm_job: FarmJob) -> Job:
        """The farm may be away: the job waits. What it refuses is kept as failed, and raised.

        It is recorded: should the record fail from here on, the poller finds out whether the farm has it.
        """
        try:
            return hand_over(self.store, self.farms.get(job.farm), job, farm_job)
        except JobRejected:
            raise
        except OnePieceError as error:
            why = f"It waits: {error.report.message}"
            with suppress(RenderStoreFailed):
                return note_waiting(self.store, job, why)
            return job.model_copy(update={"message": why})

    def _on_farm(self, job_id: str) -> tuple[Farm, Job]:
        job = self._found(job_id)
        if job.handle is None:
            if is_terminal(job.status):
                raise JobConflict(f"The job {job_id} never reached its farm", job=job_id, state=job.status)
            raise FarmUnavailable(f"The farm {job.farm} does not have the job {job_id} yet", job=job_id)
        return self.farms.get(job.farm), job

    def _fresh(self, farm: Farm, job: Job) -> Job:
        read_now(self.store, farm, [job])
        return self._found(job.job_id)

    def _cancelled_before(self, job: Job) -> Job:
        """No farm has it; should one have got it unseen, it is cancelled there too."""
        cancelled = cancel_unsent(self.store, self.farms, job)
        return self._fresh(self.farms.get(job.farm), cancelled) if cancelled.handle is not None else cancelled


def _recorded(prepared: Prepared, request: RenderRequest) -> Job:
    now, farm_job = time.time(), prepared.job
    return Job(
        job_id=farm_job.id,
        farm=prepared.farm,
        status="held" if farm_job.is_held else "queued",
        raw_state="pending",
        name=farm_job.name,
        template=prepared.template,
        scene=prepared.scene,
        scene_digest=_digest(farm_job.parameters.get("Scene") if prepared.scene else None),
        output=prepared.output,
        frames=prepared.frames,
        chunk_size=prepared.chunk_size,
        tasks=len(farm_job.tasks),
        priority=farm_job.priority,
        user=farm_job.user,
        show_code=farm_job.show_code,
        depends_on=list(request.depends_on),
        created_at=now,
        updated_at=now,
    )


def _digest(scene: str | None) -> str | None:
    """So that frames are not published as those of a scene that was saved meanwhile."""
    if scene is None:
        return None
    from onepiece_core.checksums import hash_file

    try:
        return hash_file(Path(scene)).digests["xxh128"]
    except OnePieceError:
        return None


def _info(farm: Farm | FarmNotOpened) -> FarmInfo:
    if isinstance(farm, FarmNotOpened):
        told, none = farm.error.report.message, _nothing()
        return FarmInfo(name=farm.name, label=farm.name, available=False, reason=told, capabilities=none)
    reason: str | None = None
    try:
        farm.check_available()
    except OnePieceError as error:
        reason = error.report.message
    except Exception as error:  # a third party's code: the other farms are still told of
        reason = f"{farm.name} cannot be asked: {type(error).__name__}: {error}"
    return FarmInfo(
        name=farm.name, label=farm.label, available=reason is None, reason=reason, capabilities=farm.capabilities
    )


def _nothing() -> Capabilities:
    """Of a farm that could not be opened nothing is known."""
    flags = [name for name, field in Capabilities.model_fields.items() if field.annotation is bool]
    return Capabilities(priority=None, chunking=None, **dict.fromkeys(flags, False))


def _task(task: TaskSnapshot) -> Task:
    return Task(
        index=task.index,
        frames=task.frames,
        status=task.state,
        raw_state=task.raw_state,
        attempt=task.attempt,
        exit_code=task.exit_code,
        progress=task.progress,
        started_at=task.started_at,
        ended_at=task.ended_at,
        host=task.host,
        message=task.message,
    )


def _page_size(limit: int) -> int:
    if not 1 <= limit <= MAX_PAGE:
        raise RenderInvalid(f"A page holds 1 to {MAX_PAGE} entries, not {limit}")
    return limit


def _number(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not cursor.isascii() or not cursor.isdecimal() or len(cursor) > 18:
        raise RenderInvalid("This is no cursor of ours", hint="Take next_cursor of the page before.")
    return int(cursor)
