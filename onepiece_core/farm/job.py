"""A job as a farm gets it, and what the farm says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onepiece_core.farm.states import JobState, TaskState


@dataclass(frozen=True, slots=True)
class FarmJob:
    """One job, checked and complete. Every engine gets the very same one.

    Attributes:
        id: ours, unique for ever; a farm that is asked twice for one id has one job.
        template: an Open Job Description job template (2023-09) as JSON values.
        parameters: its job parameters, as text (OpenJD's form for all types).
        tasks: the frames of each task, in order; task ``n`` of every call below is ``tasks[n]``. ``("1-10", ...)``,
            or ``("",)`` for a job without frames.
        priority: 0 to 100, 100 the most urgent.
        max_attempts: how often a task is tried, the first time included.
        timeout_seconds: of one attempt of a task; None: as long as it takes.
        environment: variables of every task.
        depends_on: handles of jobs of the same farm that must succeed first.
        directory: what relative paths of the template are relative to; absolute.
        system: of the machine whose paths these are: linux, macos, windows; empty: of every machine.
        roots: name of a root -> system -> its folder there; tells machines of other systems where the paths lie.
    """

    id: str
    name: str
    template: Mapping[str, Any]
    parameters: Mapping[str, str]
    tasks: tuple[str, ...]
    directory: Path
    priority: int = 50
    max_attempts: int = 1
    timeout_seconds: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    is_held: bool = False
    user: str = ""
    show_code: str = ""
    system: str = ""
    roots: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """A job as its farm sees it now.

    Attributes:
        handle: the farm's own name of it.
        raw_state: the farm's own word.
        counts: how many tasks are in which state; their sum is the number of tasks.
        message: why it waits or failed, in the farm's words, for people; may be empty.
    """

    handle: str
    state: JobState
    raw_state: str
    counts: Mapping[TaskState, int]
    message: str = ""


@dataclass(frozen=True, slots=True)
class TaskSnapshot:
    """One task of a job.

    Attributes:
        index: 0 for the first.
        frames: ``"1001-1010"``; empty for a task without frames.
        attempt: the newest one, from 1; 0 before the first.
        progress: percent, where the farm tells.
        started_at: of the newest attempt; seconds since the epoch, as ``ended_at``.
    """

    index: int
    frames: str
    state: TaskState
    raw_state: str
    attempt: int = 0
    exit_code: int | None = None
    progress: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    host: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class LogPart:
    """A part of one attempt's log.

    Attributes:
        text: what stands there from byte ``offset``; cut only between characters.
        next_offset: where the next part begins, in bytes.
        is_complete: nothing more will come.
    """

    text: str
    offset: int
    next_offset: int
    is_complete: bool
