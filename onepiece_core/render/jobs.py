"""What front ends ask of render jobs: of this machine's own service, or of a server over HTTP, alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from onepiece_core.farm.job import LogPart
from onepiece_core.render.model import FarmInfo, Job, JobCheck, JobEvent, JobFilter, JobMetrics, JobPage, TaskPage
from onepiece_core.render.request import RenderRequest

MAX_PAGE = 500


class Accepted(NamedTuple):
    """A job, and whether this call made it: an idempotency key may have come before."""

    job: Job
    is_new: bool


class Jobs(Protocol):
    """Render jobs. Any thread may call it. Raises RenderError and FarmError, as their codes say."""

    def list_farms(self) -> list[FarmInfo]:
        """Every farm that exists, those that are not installed or do not answer included."""

    def check(self, request: RenderRequest) -> JobCheck:
        """What ``submit`` would do. Raises what it would raise."""

    def submit(self, request: RenderRequest, *, idempotency_key: str | None = None) -> Job:
        """Record the job, hand it to its farm, and give it as it stands then.

        It is on disk before a farm is asked and before this returns. A farm that does not answer leaves it pending,
        to be sent once the farm is back; one that refuses it is JobRejected, and the job is kept as failed. The same
        key with an equal request gives the same job; with another request it is JobConflict.
        """

    def get(self, job_id: str) -> Job:
        """Raises JobMissing."""

    def list_jobs(self, wanted: JobFilter, *, limit: int = 50, cursor: str | None = None) -> JobPage:
        """The newest first; ``limit`` 1 to MAX_PAGE."""

    def list_tasks(self, job_id: str, *, limit: int = 100, cursor: str | None = None) -> TaskPage: ...

    def read_log(
        self, job_id: str, task: int, *, attempt: int | None = None, offset: int = 0, limit: int = 65_536
    ) -> LogPart:
        """See Farm.read_log."""

    def cancel(self, job_id: str, tasks: Sequence[int] | None = None) -> Job: ...

    def retry(self, job_id: str, tasks: Sequence[int] | None = None) -> Job: ...

    def hold(self, job_id: str) -> Job: ...

    def release(self, job_id: str) -> Job: ...

    def set_priority(self, job_id: str, priority: int) -> Job: ...

    def metrics(self) -> JobMetrics: ...

    def follow(self, after: int | None = None) -> Iterator[JobEvent | None]:
        """Events after ``after`` (None: from now on) as they happen; None now and then while nothing does."""


class AcceptingJobs(Jobs, Protocol):
    """Where jobs are recorded; what a server stands before."""

    def accept(self, request: RenderRequest, *, idempotency_key: str | None = None) -> Accepted:
        """``submit``, which tells whether the job is new."""

    def last_event(self) -> int:
        """The number of the newest event."""
