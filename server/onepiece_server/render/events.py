"""Events of render jobs, for the streams of many clients."""

from __future__ import annotations

from pydantic import Field

from onepiece_core.render.jobs import AcceptingJobs
from onepiece_core.render.model import JobEvent, JobFilter, JobPage
from onepiece_server import broadcast

_FIRST_JOBS = 200


class Snapshot(JobPage, frozen=True):
    """What a stream begins with. ``seq``: of the last event that it holds, from which a client goes on."""

    seq: int = Field(exclude=True)


Signal = JobEvent | Snapshot | None


class Broadcast(broadcast.Broadcast[JobEvent, Snapshot]):
    """Begins with a page of jobs."""

    def __init__(self, jobs: AcceptingJobs) -> None:
        def first() -> Snapshot:
            seq = jobs.last_event()  # before the jobs: what happens between the two is told again, and not left out
            page = jobs.list_jobs(JobFilter(), limit=_FIRST_JOBS)
            return Snapshot(seq=seq, items=page.items, next_cursor=page.next_cursor)

        super().__init__(jobs.follow, name="render events", first=first)


def sse(signal: Signal) -> str:
    if signal is None:
        return ": here\n\n"
    kind = "snapshot" if isinstance(signal, Snapshot) else signal.kind
    return f"event: {kind}\nid: {signal.seq}\ndata: {signal.model_dump_json()}\n\n"
