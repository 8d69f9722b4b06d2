"""Events of render jobs, for the streams of many clients."""

from __future__ import annotations

from onepiece_core.render.jobs import Jobs
from onepiece_core.render.model import JobEvent, JobFilter, JobPage
from onepiece_server import broadcast

Signal = JobEvent | JobPage | None


class Broadcast(broadcast.Broadcast[JobEvent, JobPage]):
    """Begins with a page of jobs."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__(jobs.follow, name="render events", first=lambda: jobs.list_jobs(JobFilter(), limit=200))


def sse(signal: Signal) -> str:
    if signal is None:
        return ": here\n\n"
    if isinstance(signal, JobPage):
        return f"event: snapshot\ndata: {signal.model_dump_json()}\n\n"
    return f"id: {signal.seq}\nevent: {signal.kind}\ndata: {signal.model_dump_json()}\n\n"
