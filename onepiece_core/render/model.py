"""Render jobs as the API, the command line and the record of jobs show them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from onepiece_core.errors import ErrorReport
from onepiece_core.farm.capabilities import Capabilities
from onepiece_core.farm.states import JobState, TaskState

EventKind = Literal["created", "updated", "removed"]


class Job(BaseModel, frozen=True):
    """One job. Times are seconds since the epoch.

    Attributes:
        handle: the farm's own name of it; None until the farm has it.
        raw_state: the farm's own word; ``pending`` until the farm has it.
        frames: what is rendered, ``1001-1010``; empty for a job without frames.
        tasks: how many farm tasks it has.
        counts: how many of them are in which state.
        output: where the frames appear, ``root:relative`` where it lies in a root.
        scene_digest: xxh128 of the scene as it was submitted; None where it could not be read.
        error: why it was not taken or failed.
    """

    job_id: str
    farm: str
    status: JobState
    raw_state: str
    handle: str | None = None
    name: str
    template: str
    scene: str | None = None
    scene_digest: str | None = None
    output: str | None = None
    frames: str = ""
    chunk_size: int = 1
    tasks: int = 1
    counts: dict[TaskState, int] = {}
    priority: int
    user: str = ""
    show_code: str = ""
    depends_on: list[str] = []
    message: str = ""
    error: ErrorReport | None = None
    created_at: float
    updated_at: float
    ended_at: float | None = None


class JobPage(BaseModel, frozen=True):
    items: list[Job]
    next_cursor: str | None = None


class Task(BaseModel, frozen=True):
    """One farm task. ``progress`` is percent."""

    index: int
    frames: str
    status: TaskState
    raw_state: str
    attempt: int = 0
    exit_code: int | None = None
    progress: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    host: str = ""
    message: str = ""


class TaskPage(BaseModel, frozen=True):
    items: list[Task]
    next_cursor: str | None = None


class JobFilter(BaseModel, frozen=True):
    """Which jobs of a list are meant; None is any. ``since``: created then or later, seconds since the epoch."""

    status: JobState | None = None
    farm: str | None = None
    user: str | None = None
    show_code: str | None = None
    since: float | None = None


class JobCheck(BaseModel, frozen=True):
    """What a submit would do: the dry run. Nothing was written and no farm has a job."""

    farm: str
    name: str
    template: str
    frames: str
    tasks: list[str]  # the frames of the first hundred tasks
    task_count: int
    priority: int
    chunk_size: int
    scene: str | None = None
    output: str | None = None
    parameters: dict[str, str] = {}
    warnings: list[str] = []


class FarmInfo(BaseModel, frozen=True):
    """A farm that exists. ``reason`` says why it is not available."""

    name: str
    label: str
    available: bool
    reason: str | None = None
    capabilities: Capabilities


class JobEvent(BaseModel, frozen=True):
    """Something that happened to a job. ``seq`` only grows; the job is as it was then, without its id removed."""

    seq: int
    kind: EventKind
    job_id: str
    job: Job | None = None


class JobMetrics(BaseModel, frozen=True):
    """Jobs by state and by farm, and the tasks of those that have not ended."""

    total: int
    by_status: dict[JobState, int]
    by_farm: dict[str, dict[JobState, int]]
    tasks: dict[TaskState, int]


class StoreHealth(BaseModel, frozen=True):
    """The record of jobs.

    Attributes:
        history_size: jobs in it; ``pruned_by_retention`` and ``pruned_by_limit`` are no more.
        last_compaction: when jobs were pruned last; seconds since the epoch.
        pending: accepted, and no farm has them yet.
    """

    kind: Literal["sqlite", "postgresql", "memory"]
    is_writable: bool
    history_size: int
    history_limit: int | None
    retention_hours: float | None
    pruned_by_retention: int
    pruned_by_limit: int
    last_compaction: float | None
    pending: int
    context: dict[str, Any] = {}
