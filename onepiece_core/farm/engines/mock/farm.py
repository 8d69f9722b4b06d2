"""The pretended farm; see Farm."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from onepiece_core.errors import FarmTimeout, FarmUnavailable, JobConflict, JobRejected, TaskUnknown
from onepiece_core.farm.capabilities import Capabilities
from onepiece_core.farm.engines.mock.jobs import MockJobs
from onepiece_core.farm.engines.mock.rules import Rules
from onepiece_core.farm.engines.mock.schedule import MockJob, MockTask, advance, is_too_slow
from onepiece_core.farm.job import FarmJob, JobSnapshot, LogPart, TaskSnapshot
from onepiece_core.farm.states import is_terminal

NAME = "mock"
_LINES = 20


class MockFarm:
    """Takes every job and renders none. A file ``away`` in its folder takes the farm away."""

    name = NAME
    label = "Pretended farm, renders nothing"
    capabilities = Capabilities(task_cancellation=True, task_progress=True, proof="real")

    def __init__(self, jobs: MockJobs, rules: Rules, folder: Path) -> None:
        self._jobs, self._rules, self._away = jobs, rules, folder / "away"

    def close(self) -> None:
        self._jobs.close()

    def check_available(self) -> None:
        if self._away.exists():
            raise FarmUnavailable("The farm mock is away", farm=NAME)

    def check(self, job: FarmJob) -> None:
        self.check_available()
        if self._rules.rejects or not job.tasks:
            raise JobRejected("The farm mock takes no such job", farm=NAME, job=job.id)
        for handle in job.depends_on:
            if self._jobs.find(handle) is None:
                raise JobRejected(f"There is no job {handle} to wait for", farm=NAME, job=job.id)

    def submit(self, job: FarmJob) -> str:
        self.check(job)
        self._jobs.add(
            MockJob(
                job_id=job.id,
                frames=job.tasks,
                priority=job.priority,
                max_attempts=job.max_attempts,
                timeout_seconds=job.timeout_seconds,
                needs=job.depends_on,
                ready_at=time.time(),
                is_held=job.is_held,
                is_blocked=bool(job.depends_on),
                tasks=[MockTask() for _ in job.tasks],
            )
        )
        if self._rules.loses_answers:
            raise FarmTimeout("The farm mock took the job and did not say so", farm=NAME, job=job.id)
        return job.id

    def find(self, job_id: str) -> str | None:
        self.check_available()
        return None if self._jobs.find(job_id) is None else job_id

    def read_jobs(self, handles: Sequence[str]) -> Mapping[str, JobSnapshot]:
        self.check_available()
        found = self._jobs.find_all(handles)
        if any(job.goes_on for job in found):
            with self._jobs.change():
                found = [self._now(job.job_id) for job in found]
        return {job.job_id: job.snapshot() for job in found}

    def list_tasks(self, handle: str) -> list[TaskSnapshot]:
        with self._changed(handle) as job:
            return [self._task(job, number) for number in range(len(job.tasks))]

    def read_log(self, handle: str, task: int, *, attempt: int | None, offset: int, limit: int) -> LogPart:
        with self._changed(handle) as job:
            self._known(job, [task])
            text, is_complete = self._log(job, task, attempt)
        start = max(0, len(text) + offset) if offset < 0 else min(offset, len(text))
        part = text[start : start + max(1, limit)]
        end = start + len(part)
        return LogPart(part, start, end, is_complete and end == len(text))

    def cancel(self, handle: str, tasks: Sequence[int] | None = None) -> None:
        with self._changed(handle) as job:
            for number in self._known(job, tasks):
                task = job.tasks[number]
                if not is_terminal(task.state):
                    task.state, task.ended_at = "cancelled", time.time()

    def retry(self, handle: str, tasks: Sequence[int] | None = None) -> None:
        with self._changed(handle) as job:
            ended = [number for number, task in enumerate(job.tasks) if task.state in ("failed", "cancelled")]
            wanted = ended if tasks is None else self._known(job, tasks)
            if not wanted or not set(wanted) <= set(ended):
                raise JobConflict("Only tasks that failed or were cancelled can be tried again", job=handle)
            job.ready_at = time.time()
            for number in wanted:
                job.tasks[number].state, job.tasks[number].tries = "queued", 0

    def hold(self, handle: str) -> None:
        with self._changed(handle) as job:
            job.is_held = True

    def release(self, handle: str) -> None:
        with self._changed(handle) as job:
            job.is_held, job.ready_at = False, time.time()

    def set_priority(self, handle: str, priority: int) -> None:
        with self._changed(handle) as job:
            job.priority = priority

    @contextmanager
    def _changed(self, handle: str) -> Iterator[MockJob]:
        """The job as it is now, kept as it is left. Raises JobUnknownToFarm, FarmUnavailable."""
        self.check_available()
        with self._jobs.change():
            job = self._now(handle)
            yield job
            self._jobs.save(job)

    def _now(self, handle: str) -> MockJob:
        job = self._jobs.get(handle)
        if job.goes_on:
            self._unblock(job)
            advance(job, self._rules, time.time())
            self._jobs.save(job)
        return job

    def _unblock(self, job: MockJob) -> None:
        if not job.is_blocked:
            return
        needed = [self._now(handle) for handle in job.needs]
        if all(task.state == "succeeded" for each in needed for task in each.tasks):
            ends = [task.ended_at or 0.0 for each in needed for task in each.tasks]
            job.is_blocked, job.ready_at = False, max([job.ready_at, *ends])

    @staticmethod
    def _known(job: MockJob, tasks: Iterable[int] | None) -> list[int]:
        wanted = list(range(len(job.tasks)) if tasks is None else tasks)
        for number in wanted:
            if not 0 <= number < len(job.tasks):
                raise TaskUnknown(f"The job {job.job_id} has no task {number}", job=job.job_id, task=number)
        return wanted

    def _task(self, job: MockJob, number: int) -> TaskSnapshot:
        task = job.tasks[number]
        state = job.state_of(task)
        is_failed = state == "failed"
        return TaskSnapshot(
            index=number,
            frames=job.frames[number],
            state=state,
            raw_state=state.upper(),
            attempt=task.attempt,
            exit_code=1 if is_failed else 0 if state == "succeeded" else None,
            progress=round(100 * self._part(task), 1) if state in ("running", "succeeded") else None,
            started_at=task.started_at,
            ended_at=task.ended_at,
            host="mock-host",
            message=("It took too long" if is_too_slow(job, self._rules) else "It was to fail") if is_failed else "",
        )

    def _part(self, task: MockTask) -> float:
        """How much of it is done."""
        if task.started_at is None or not self._rules.task_seconds:
            return float(task.state == "succeeded")
        return max(0.0, min(1.0, ((task.ended_at or time.time()) - task.started_at) / self._rules.task_seconds))

    def _log(self, job: MockJob, number: int, attempt: int | None) -> tuple[str, bool]:
        task = job.tasks[number]
        wanted = task.attempt if attempt is None else attempt
        if not 1 <= wanted <= task.attempt:
            return "", is_terminal(task.state)
        is_over = wanted < task.attempt or task.state != "running"
        lines = round(_LINES * (1.0 if is_over else self._part(task)))
        text = "".join(f"frames {job.frames[number]}: sample {line + 1} of {_LINES}\n" for line in range(lines))
        if is_over and (self._rules.fails(number, wanted) or is_too_slow(job, self._rules)):
            text += "Error: it was to fail\n"
        return text, is_over
