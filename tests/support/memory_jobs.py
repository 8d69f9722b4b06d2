"""Render jobs in memory, for tests of what stands in front of them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from threading import Condition

from onepiece_core.errors import JobConflict, JobMissing, TaskUnknown
from onepiece_core.farm.capabilities import Capabilities
from onepiece_core.farm.job import LogPart
from onepiece_core.render.jobs import Accepted
from onepiece_core.render.model import (
    FarmInfo,
    Job,
    JobCheck,
    JobEvent,
    JobFilter,
    JobMetrics,
    JobPage,
    Task,
    TaskPage,
)
from onepiece_core.render.request import RenderRequest

LOG = "Fra:1 Mem:10M\nSaved: é.exr\n"


class MemoryJobs:
    """Every job has one task and stays queued until it is cancelled."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.events: list[JobEvent] = []
        self.cancelled: tuple[str, tuple[int, ...] | None] | None = None
        self._keys: dict[str, tuple[RenderRequest, str]] = {}
        self._changed = Condition()

    def list_farms(self) -> list[FarmInfo]:
        return [FarmInfo(name="memory", label="Memory", available=True, capabilities=Capabilities())]

    def check(self, request: RenderRequest) -> JobCheck:
        return JobCheck(
            farm="memory",
            name="job",
            template=request.template_name,
            frames="",
            tasks=[""],
            task_count=1,
            priority=50,
            chunk_size=1,
        )

    def submit(self, request: RenderRequest, *, idempotency_key: str | None = None) -> Job:
        return self.accept(request, idempotency_key=idempotency_key).job

    def accept(self, request: RenderRequest, *, idempotency_key: str | None = None) -> Accepted:
        with self._changed:
            if idempotency_key in self._keys:
                asked, job_id = self._keys[idempotency_key]
                if asked != request:
                    raise JobConflict("The key came with another job")
                return Accepted(self.jobs[job_id], is_new=False)
            job = Job(
                job_id=f"j{len(self.jobs) + 1}",
                farm="memory",
                status="queued",
                raw_state="queued",
                name=request.name or "job",
                template=request.template_name,
                priority=request.priority or 50,
                user=request.user or "",
                created_at=time.time(),
                updated_at=time.time(),
            )
            if idempotency_key:
                self._keys[idempotency_key] = (request, job.job_id)
            return Accepted(self._put(job, "created"), is_new=True)

    def get(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise JobMissing(f"There is no job {job_id}")
        return self.jobs[job_id]

    def list_jobs(self, wanted: JobFilter, *, limit: int = 50, cursor: str | None = None) -> JobPage:
        return JobPage(items=[job for job in self.jobs.values() if wanted.user in (None, job.user)][::-1][:limit])

    def list_tasks(self, job_id: str, *, limit: int = 100, cursor: str | None = None) -> TaskPage:
        return TaskPage(items=[Task(index=0, frames="", status=self.get(job_id).status, raw_state="queued")])

    def read_log(
        self, job_id: str, task: int, *, attempt: int | None = None, offset: int = 0, limit: int = 65_536
    ) -> LogPart:
        self.get(job_id)
        if task:
            raise TaskUnknown(f"There is no task {task}")
        data = LOG.encode()
        start = max(0, len(data) + offset) if offset < 0 else min(offset, len(data))
        part = data[start : start + max(limit, 4)]
        end = start + len(part)
        return LogPart(part.decode(errors="replace"), start, end, is_complete=end == len(data))

    def cancel(self, job_id: str, tasks: Sequence[int] | None = None) -> Job:
        self.cancelled = job_id, None if tasks is None else tuple(tasks)
        return self._change(job_id, status="cancelled")

    def retry(self, job_id: str, tasks: Sequence[int] | None = None) -> Job:
        if self.get(job_id).status != "cancelled":
            raise JobConflict("The job waits")
        return self._change(job_id, status="queued")

    def hold(self, job_id: str) -> Job:
        return self._change(job_id, status="held")

    def release(self, job_id: str) -> Job:
        return self._change(job_id, status="queued")

    def set_priority(self, job_id: str, priority: int) -> Job:
        return self._change(job_id, priority=priority)

    def metrics(self) -> JobMetrics:
        return JobMetrics(total=len(self.jobs), by_status={}, by_farm={}, tasks={})

    def last_event(self) -> int:
        return len(self.events)

    def follow(self, after: int | None = None) -> Iterator[JobEvent | None]:
        seen = len(self.events) if after is None else after
        for _ in itertools.count():
            with self._changed:
                if len(self.events) <= seen:
                    self._changed.wait(0.2)
                found = self.events[seen:]
            seen += len(found)
            yield from found
            yield None

    def _change(self, job_id: str, **changes: object) -> Job:
        with self._changed:
            return self._put(self.get(job_id).model_copy(update=changes), "updated")

    def _put(self, job: Job, kind: str) -> Job:
        self.jobs[job.job_id] = job
        event = {"seq": len(self.events) + 1, "kind": kind, "job_id": job.job_id, "job": job}
        self.events.append(JobEvent.model_validate(event))
        self._changed.notify_all()
        return job
