"""The record of render jobs: what a service keeps of them, in one file or database that nothing can take away."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from onepiece_core.render.model import Job, JobEvent, JobFilter, JobMetrics, StoreHealth


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be recorded.

    Attributes:
        document: the farm's job as JSON, from which it can be sent again.
        key: the idempotency key that it was asked for with.
        fingerprint: of the request; the same key with another one is a conflict.
    """

    job: Job
    document: str
    fingerprint: str
    key: str | None = None


class JobStore(Protocol):
    """Safe for several threads and processes. A write is on disk when the call returns.

    Every call raises RenderStoreFailed when the record cannot be read or written.
    """

    def add(self, new: NewJob) -> tuple[Job, bool]:
        """The job, and whether it is new: a key that was used before gives its job. Raises JobConflict."""
        ...

    def find(self, job_id: str) -> Job | None: ...

    def document(self, job_id: str) -> str:
        """What ``add`` was given. Raises JobMissing."""
        ...

    def save(self, jobs: Sequence[Job]) -> None:
        """Replace what is known of them, each with an event, all or none; an unchanged job makes no event."""
        ...

    def page(self, wanted: JobFilter, *, limit: int, before: int | None) -> list[tuple[int, Job]]:
        """The newest first, each with its number; ``before`` is the number of the last one of the page before."""
        ...

    def pending(self, limit: int, without: Collection[str] = ()) -> list[Job]:
        """Accepted, and no farm has them yet; the oldest first. ``without``: farms whose jobs are left out."""
        ...

    def live(self) -> Iterator[Job]:
        """What a farm has and has not ended."""
        ...

    def metrics(self) -> JobMetrics: ...

    def last_event(self) -> int: ...

    def events(self, after: int, limit: int) -> list[JobEvent]: ...

    def take_lease(self, name: str, owner: str, seconds: float) -> bool:
        """Whether ``owner`` may do this alone for so long; whoever has it takes it again."""
        ...

    def drop_lease(self, name: str, owner: str) -> None:
        """Let the next one take it at once; nothing where ``owner`` does not have it."""
        ...

    def prune(self, *, keep: int | None, hours: float | None) -> Sequence[Job]:
        """Forget ended jobs beyond the newest ``keep``, and those that ended more than ``hours`` ago: these."""
        ...

    def health(self) -> StoreHealth: ...

    def close(self) -> None: ...
