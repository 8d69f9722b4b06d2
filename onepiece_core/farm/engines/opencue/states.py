"""OpenCue's words, and ours. A job with dead frames stays PENDING there for ever: its state is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onepiece_core.errors import FarmProtocolError
from onepiece_core.farm.job import JobSnapshot
from onepiece_core.farm.states import JobState, TaskState

_FRAMES: Mapping[str, TaskState] = {
    "WAITING": "queued",
    "SETUP": "running",
    "RUNNING": "running",
    "CHECKPOINT": "running",
    "SUCCEEDED": "succeeded",
    "DEPEND": "blocked",
    "DEAD": "failed",
    "EATEN": "skipped",
}


def snapshot(job: Any) -> JobSnapshot:
    """From a Job message."""
    from opencue_proto import job_pb2

    stats, raw = job.job_stats, job_pb2.JobState.Name(job.state)
    counts: dict[TaskState, int] = {
        "queued": stats.waiting_frames,
        "running": stats.running_frames,
        "blocked": stats.depend_frames,
        "failed": stats.dead_frames,
        "skipped": stats.eaten_frames,
        "succeeded": stats.succeeded_frames,
    }
    if raw == "FINISHED" and (left := stats.total_frames - stats.succeeded_frames - stats.eaten_frames):
        ended: dict[TaskState, int] = {"cancelled": left, "succeeded": stats.succeeded_frames}
        counts = {**ended, "skipped": stats.eaten_frames}
    return JobSnapshot(job.id, _job_state(job, raw), raw, {state: number for state, number in counts.items() if number})


def _job_state(job: Any, raw: str) -> JobState:
    stats = job.job_stats
    if raw == "FINISHED":
        is_whole = stats.succeeded_frames + stats.eaten_frames == stats.total_frames
        return "succeeded" if is_whole and stats.total_frames else "cancelled"
    if raw == "SHUTDOWN":
        return "cancelling"
    if stats.running_frames:
        return "running"
    if job.is_paused:
        return "held"
    if stats.waiting_frames:
        return "running" if stats.succeeded_frames or stats.dead_frames else "queued"
    if stats.depend_frames:
        return "blocked"
    return "failed" if stats.dead_frames else "queued"


def frame_state(frame: Any, job: Any) -> tuple[TaskState, str]:
    """The state of a frame, and OpenCue's own word."""
    from opencue_proto import job_pb2

    raw = job_pb2.FrameState.Name(frame.state)
    if raw not in _FRAMES:
        raise FarmProtocolError(f"OpenCue says {raw!r}, which is no state that we know")
    state = _FRAMES[raw]
    if job_pb2.JobState.Name(job.state) == "FINISHED" and state not in ("succeeded", "skipped"):
        return "cancelled", raw
    return ("held" if state == "queued" and job.is_paused else state), raw
