"""The states of jobs and of their tasks, the same for every farm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

JobState = Literal["queued", "blocked", "held", "running", "cancelling", "succeeded", "failed", "cancelled", "lost"]
# A task is also skipped: somebody said that it need not be rendered.
TaskState = Literal[
    "queued", "blocked", "held", "running", "cancelling", "succeeded", "failed", "cancelled", "lost", "skipped"
]

JOB_STATES: tuple[JobState, ...] = get_args(JobState)
TASK_STATES: tuple[TaskState, ...] = get_args(TaskState)

# Nothing happens any more, unless somebody asks for it. A lost job may be found again.
TERMINAL: frozenset[str] = frozenset(["succeeded", "failed", "cancelled", "lost", "skipped"])

# The first of these that a task is in is the job's.
_LIVE: tuple[JobState, ...] = ("cancelling", "running", "queued", "held", "blocked")
_ENDED: tuple[JobState, ...] = ("failed", "lost", "cancelled")


def is_terminal(state: JobState | TaskState) -> bool:
    return state in TERMINAL


def job_state(tasks: Iterable[TaskState]) -> JobState:
    """What a job is whose tasks are these, for farms that do not say it themselves.

    A job with work left is what its busiest task is; an ended one succeeded only when each of its tasks did or was
    skipped. No tasks: queued, never succeeded.
    """
    found = set(tasks)
    if "running" not in found and "queued" in found and found & {"succeeded", "failed"}:
        return "running"  # between two tasks
    for state in (*_LIVE, *_ENDED):
        if state in found:
            return state
    return "succeeded" if found else "queued"
