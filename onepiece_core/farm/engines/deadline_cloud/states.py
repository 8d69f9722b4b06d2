"""Deadline Cloud's words, and ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onepiece_core.errors import FarmProtocolError
from onepiece_core.farm.job import JobSnapshot
from onepiece_core.farm.states import JobState, TaskState

# TaskRunStatus of a task or of a whole job.
_STATES: Mapping[str, JobState] = {
    "PENDING": "blocked",
    "NOT_COMPATIBLE": "blocked",
    "READY": "queued",
    "ASSIGNED": "queued",
    "SCHEDULED": "queued",
    "STARTING": "running",
    "RUNNING": "running",
    "INTERRUPTING": "cancelling",
    "SUSPENDED": "held",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "CANCELED": "cancelled",
}
_BEING_MADE = frozenset(["CREATE_IN_PROGRESS", "UPLOAD_IN_PROGRESS"])
_NOT_MADE = frozenset(["CREATE_FAILED", "UPLOAD_FAILED"])
_NOT_COMPATIBLE = "No worker of the queue's fleets can run it."


def state_of(status: str) -> JobState:
    """Raises FarmProtocolError for a word that the service had not when this was written."""
    if status not in _STATES:
        raise FarmProtocolError(f"Deadline Cloud says {status!r}, which is no status that we know")
    return _STATES[status]


def snapshot(job: Mapping[str, Any]) -> JobSnapshot:
    """From an answer of BatchGetJob."""
    lifecycle, status = job["lifecycleStatus"], job.get("taskRunStatus")
    message = job.get("lifecycleStatusMessage", "") if lifecycle.endswith("FAILED") else ""
    if lifecycle in _NOT_MADE:
        return JobSnapshot(job["jobId"], "failed", lifecycle, {}, message)
    if lifecycle in _BEING_MADE or status is None:
        return JobSnapshot(job["jobId"], "queued", lifecycle, {}, message)
    counts: dict[TaskState, int] = {}
    for word, number in job.get("taskRunStatusCounts", {}).items():
        if number:
            counts[state_of(word)] = counts.get(state_of(word), 0) + number
    state = state_of(status)
    # What was asked for a moment ago is not done yet.
    if job.get("targetTaskRunStatus") == "CANCELED" and state in ("running", "queued"):
        state = "cancelling"
    if status == "NOT_COMPATIBLE":
        message = _NOT_COMPATIBLE
    return JobSnapshot(job["jobId"], state, status, counts, message)
