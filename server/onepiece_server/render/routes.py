"""The routes of render jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response, WebSocket
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.websockets import WebSocketDisconnect

from onepiece_core.errors import RoleMissing
from onepiece_core.farm.states import JobState
from onepiece_core.frames import parse_ranges
from onepiece_core.render.jobs import MAX_PAGE, AcceptingJobs, Jobs
from onepiece_core.render.model import FarmInfo, Job, JobCheck, JobFilter, JobMetrics, JobPage, TaskPage
from onepiece_core.render.request import RenderRequest
from onepiece_server.auth.door import Door
from onepiece_server.auth.gate import known, require
from onepiece_server.auth.keys import Caller
from onepiece_server.render.events import Broadcast, sse
from onepiece_server.render.ranges import LOG_HEADERS, LOG_MOST, LOG_RESPONSES, asked_range, part_of_log

Reads = Annotated[Caller, Depends(require("render:read"))]
Manages = Annotated[Caller, Depends(require("render:manage"))]
Submits = Annotated[Caller, Depends(require("render:submit"))]
Known = Annotated[Caller, Depends(known)]
JobId = Annotated[str, Path(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_.-]+$")]
Cursor = Annotated[str | None, Query(max_length=200)]
Key = Annotated[str | None, Header(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
Seq = Annotated[int | None, Header(ge=0, le=2**63 - 1)]
TaskNumber = Annotated[int, Path(ge=0, le=100_000)]
TaskNumbers = Annotated[
    str | None,
    Query(
        max_length=8000,
        pattern=r"^[0-9]{1,5}(-[0-9]{1,5})?(,[0-9]{1,5}(-[0-9]{1,5})?)*$",
        description="Tasks alone, as 1,2 or 4-9; left out, the whole job.",
    ),
]


class Farms(BaseModel):
    farms: list[FarmInfo]


class Tasks(BaseModel):
    """Which tasks are meant; left out, all that it fits."""

    model_config = ConfigDict(extra="forbid")
    tasks: list[Annotated[int, Field(ge=0, le=100_000)]] | None = Field(None, max_length=100_000)


class Priority(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    priority: int = Field(ge=0, le=100)


class Wanted(BaseModel):
    """What a list of jobs may be narrowed by."""

    model_config = ConfigDict(extra="forbid")
    status: JobState | None = None
    farm: str | None = Field(None, max_length=200)
    user: str | None = Field(None, max_length=200)
    show: str | None = Field(None, max_length=200)
    since: float | None = Field(None, ge=0, allow_inf_nan=False)
    limit: int = Field(50, ge=1, le=MAX_PAGE)
    cursor: str | None = Field(None, max_length=200)


def _manages_or_owns(jobs: Jobs, caller: Caller, job_id: str) -> None:
    """Raises RoleMissing: a submitter may end and retry what is its own, and nothing else."""
    if caller.roles & {"render:manage", "dashboard:manage"}:
        return
    if "render:submit" in caller.roles and jobs.get(job_id).user == caller.name:
        return
    raise RoleMissing("This needs the role render:manage, or a job of one's own", role="render:manage")


def _told(found: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Written once: it was checked when it was made, and the framework would check it again."""
    return Response(found.model_dump_json(), status, headers, "application/json")


def render_routes(jobs: AcceptingJobs, broadcast: Broadcast, door: Door, keep_alive_seconds: float) -> APIRouter:
    router = APIRouter(tags=["render"])
    _reading(router, jobs)
    _streaming(router, broadcast, door, keep_alive_seconds)
    _one_job(router, jobs)
    _log(router, jobs)
    _changing(router, jobs)
    return router


def _reading(router: APIRouter, jobs: AcceptingJobs) -> None:
    @router.get("/farms")
    def farms(_: Reads) -> Farms:
        return Farms(farms=jobs.list_farms())

    @router.get("/jobs", response_model=JobPage)
    def list_jobs(_: Reads, wanted: Annotated[Wanted, Query()]) -> Response:
        asked = JobFilter(
            status=wanted.status, farm=wanted.farm, user=wanted.user, show_code=wanted.show, since=wanted.since
        )
        return _told(jobs.list_jobs(asked, limit=wanted.limit, cursor=wanted.cursor))

    @router.get("/jobs/metrics")
    def metrics(_: Reads) -> JobMetrics:
        return jobs.metrics()

    @router.post("/jobs", status_code=201, response_model=Job)
    def submit(caller: Submits, body: RenderRequest, idempotency_key: Key = None) -> Response:
        # Whose job it is: what a key without render:manage says of others does not count.
        if "render:manage" not in caller.roles or body.user is None:
            body = body.model_copy(update={"user": caller.name})
        # One caller's keys are no other's.
        key = f"{caller.name}:{idempotency_key}" if idempotency_key else None
        job, is_new = jobs.accept(body, idempotency_key=key)
        return _told(job, 201 if is_new else 200, {"Location": f"jobs/{job.job_id}"})

    @router.post("/jobs/check")
    def check(_: Submits, body: RenderRequest) -> JobCheck:
        return jobs.check(body)


def _streaming(router: APIRouter, broadcast: Broadcast, door: Door, keep_alive_seconds: float) -> None:
    @router.get("/jobs/stream", response_class=StreamingResponse)
    async def stream(_: Reads, request: Request, last_event_id: Seq = None) -> StreamingResponse:
        may_read = door.watch(request, "render:read")

        async def lines() -> AsyncIterator[str]:
            async for signal in broadcast.listen(last_event_id, keep_alive_seconds):
                if not may_read():
                    return
                yield sse(signal)

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(lines(), media_type="text/event-stream", headers=headers)

    @router.websocket("/jobs/ws")
    async def twin(
        socket: WebSocket, _: Reads, last_event_id: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None
    ) -> None:
        await socket.accept()
        may_read = door.watch(socket, "render:read")
        try:
            async for signal in broadcast.listen(last_event_id, keep_alive_seconds):
                if not may_read():
                    await socket.close(1008)
                    return
                kind = "keep-alive" if signal is None else getattr(signal, "kind", "snapshot")
                data: Any = None if signal is None else signal.model_dump(mode="json")
                await socket.send_json({"event": kind, "data": data})
            await socket.close(1012)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the client is gone


def _one_job(router: APIRouter, jobs: Jobs) -> None:
    @router.get("/jobs/{job_id}")
    def get(_: Reads, job_id: JobId) -> Job:
        return jobs.get(job_id)

    @router.get("/jobs/{job_id}/tasks")
    def tasks(
        _: Reads, job_id: JobId, limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100, cursor: Cursor = None
    ) -> TaskPage:
        return jobs.list_tasks(job_id, limit=limit, cursor=cursor)


def _log(router: APIRouter, jobs: Jobs) -> None:
    @router.get("/jobs/{job_id}/tasks/{number}/log", responses=LOG_RESPONSES)
    def log(
        _: Reads,
        request: Request,
        job_id: JobId,
        number: TaskNumber,
        attempt: Annotated[int | None, Query(ge=1, le=1000)] = None,
        offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
        limit: Annotated[int, Query(ge=1, le=LOG_MOST)] = 65_536,
        tail: Annotated[int | None, Query(ge=1, le=LOG_MOST)] = None,
    ) -> Response:
        """A part of it by offset and limit, its end by tail, or what the header Range asks for."""
        is_json = "application/json" in request.headers.get("accept", "")
        asked = None if offset or tail or is_json else asked_range(request.headers.get("range"))
        if asked is not None:
            found = part_of_log(jobs, (job_id, number, attempt), asked, request.headers.get("if-range"))
            if found is not None:
                return found
        part = jobs.read_log(job_id, number, attempt=attempt, offset=-tail if tail else offset, limit=tail or limit)
        headers = {"X-Next-Offset": str(part.next_offset), "X-Complete": str(part.is_complete).lower()}
        if is_json:
            return JSONResponse(asdict(part), headers=headers)
        return Response(part.text, media_type="text/plain; charset=utf-8", headers={**headers, **LOG_HEADERS})


def _changing(router: APIRouter, jobs: Jobs) -> None:
    @router.delete("/jobs/{job_id}", status_code=202)
    def cancel(caller: Known, job_id: JobId, tasks: TaskNumbers = None) -> Job:
        _manages_or_owns(jobs, caller, job_id)
        return jobs.cancel(job_id, None if tasks is None else parse_ranges(tasks))

    @router.post("/jobs/{job_id}/retry", status_code=202)
    def retry(caller: Known, job_id: JobId, body: Tasks | None = None) -> Job:
        _manages_or_owns(jobs, caller, job_id)
        return jobs.retry(job_id, body.tasks if body else None)

    @router.post("/jobs/{job_id}/hold", status_code=202)
    def hold(_: Manages, job_id: JobId) -> Job:
        return jobs.hold(job_id)

    @router.post("/jobs/{job_id}/release", status_code=202)
    def release(_: Manages, job_id: JobId) -> Job:
        return jobs.release(job_id)

    @router.post("/jobs/{job_id}/priority", status_code=202)
    def priority(_: Manages, job_id: JobId, body: Priority) -> Job:
        return jobs.set_priority(job_id, body.priority)
