"""What became of a job by a moment: its tasks begin and end as their times come, however late somebody looks."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from dataclasses import dataclass, field

from onepiece_core.farm.engines.mock.rules import Rules
from onepiece_core.farm.job import JobSnapshot
from onepiece_core.farm.states import TaskState, job_state


@dataclass(slots=True)
class MockTask:
    """Times are seconds since the epoch. ``tries``: attempts since it was last asked for."""

    state: TaskState = "queued"
    attempt: int = 0
    tries: int = 0
    started_at: float | None = None
    ended_at: float | None = None


@dataclass(slots=True)
class MockJob:
    """``ready_at``: no task begins before."""

    job_id: str
    frames: tuple[str, ...]
    priority: int
    max_attempts: int
    timeout_seconds: int | None
    needs: tuple[str, ...]
    ready_at: float
    is_held: bool = False
    is_blocked: bool = False
    tasks: list[MockTask] = field(default_factory=list)

    @property
    def goes_on(self) -> bool:
        """Whether time alone changes it."""
        states = {task.state for task in self.tasks}
        return "running" in states or ("queued" in states and not self.is_held)

    def state_of(self, task: MockTask) -> TaskState:
        if task.state == "queued":
            return "held" if self.is_held else "blocked" if self.is_blocked else "queued"
        return task.state

    def snapshot(self) -> JobSnapshot:
        counts = Counter(self.state_of(task) for task in self.tasks)
        state = job_state(counts)
        return JobSnapshot(self.job_id, state, state.upper(), dict(counts))


def advance(job: MockJob, rules: Rules, now: float) -> None:
    """Until nothing more happens before ``now``."""
    running = [(_end(task, job, rules), number) for number, task in enumerate(job.tasks) if task.state == "running"]
    heapq.heapify(running)
    free = [job.ready_at] * (rules.hosts - len(running))
    waiting = deque(number for number, task in enumerate(job.tasks) if task.state == "queued")
    may_start = not (job.is_held or job.is_blocked)
    while True:
        if may_start and waiting and free and max(free[0], job.ready_at) <= now:
            number, task = waiting[0], job.tasks[waiting.popleft()]
            task.state, task.started_at, task.ended_at = "running", max(heapq.heappop(free), job.ready_at), None
            task.attempt += 1
            task.tries += 1
            heapq.heappush(running, (_end(task, job, rules), number))
        elif running and running[0][0] <= now:
            at, number = heapq.heappop(running)
            heapq.heappush(free, at)
            if _finish(job.tasks[number], number, job, rules, at):
                waiting.append(number)
        else:
            return


def _end(task: MockTask, job: MockJob, rules: Rules) -> float:
    return (task.started_at or 0.0) + min(rules.task_seconds, job.timeout_seconds or rules.task_seconds)


def is_too_slow(job: MockJob, rules: Rules) -> bool:
    return job.timeout_seconds is not None and rules.task_seconds > job.timeout_seconds


def _finish(task: MockTask, number: int, job: MockJob, rules: Rules, at: float) -> bool:
    """Whether it is tried again."""
    task.ended_at = at
    if not (is_too_slow(job, rules) or rules.fails(number, task.attempt)):
        task.state = "succeeded"
        return False
    is_left = task.tries < job.max_attempts
    task.state = "queued" if is_left else "failed"
    return is_left
