"""Waiting for a job while its frames come in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onepiece_core.errors import FarmError, FarmTimeout, FarmUnavailable, RenderStoreFailed, ServerUnreachable
from onepiece_core.farm.states import is_terminal
from onepiece_core.progress import Progress
from onepiece_core.render.jobs import MAX_PAGE

if TYPE_CHECKING:
    from onepiece_core.progress import Reporter
    from onepiece_core.render.jobs import Jobs
    from onepiece_core.render.model import Job, Task

# What the field's tools end with when they waited for a job.
SUCCEEDED, TIMEOUT, FAILED, CANCELLED, HELD, NOT_COMPATIBLE = range(6)

_POLL_SECONDS = 1.0
_FIRST_POLL_SECONDS = 0.1
_STEP_SECONDS = 0.1
# Who does not answer for longer than this is gone.
_AWAY_SECONDS = 60.0
_AWAY = (ServerUnreachable, FarmUnavailable, FarmTimeout, RenderStoreFailed)


@dataclass(frozen=True, slots=True)
class Waited:
    """How the waiting ended. ``status`` is what the command ends with."""

    job: Job
    status: int


@dataclass(slots=True)
class Watch:
    """Waits for one job.

    Attributes:
        say: gets a line as tasks begin and end.
        seconds: how long at most; None: as long as it takes.
    """

    jobs: Jobs
    reporter: Reporter
    say: Callable[[str], None]
    seconds: float | None = None
    _told: dict[int, tuple[str, int]] = field(default_factory=dict)

    def wait(self, job_id: str) -> Waited:
        """Until the job has ended, is held, fits no machine, or time is up. Raises OperationCancelled on Ctrl-C."""
        end = None if self.seconds is None else time.monotonic() + self.seconds
        pause = _FIRST_POLL_SECONDS
        said = {""}
        while True:
            job = self._look(job_id, end)
            if job.message not in said:  # each once: a farm that is away finds other words each time
                self.say(f"{job.job_id}: {job.message}")
                said.add(job.message)
            if (status := outcome(job)) is not None:
                return Waited(job, status)
            if end is not None and time.monotonic() >= end:
                return Waited(job, TIMEOUT)
            self._pause(pause, end)
            pause = min(_POLL_SECONDS, pause * 1.5)

    def _look(self, job_id: str, end: float | None) -> Job:
        """The job now. A service that is away for a while is asked again."""
        since = None
        while True:
            try:
                job = self.jobs.get(job_id)
                self._tell(job)
                return job
            except _AWAY as error:
                now = time.monotonic()
                since = now if since is None else since
                if now - since > _AWAY_SECONDS or (end is not None and now >= end):
                    raise
                if since == now:
                    self.say(f"{error.report.message}; asking again ...")
                self._pause(_POLL_SECONDS, end)

    def _tell(self, job: Job) -> None:
        tasks = self._tasks(job)
        for task in tasks:
            self._tell_task(task)
        ended = [task for task in tasks if task.status in ("succeeded", "skipped")]
        done = len(ended) if tasks else job.counts.get("succeeded", 0) + job.counts.get("skipped", 0)
        running = [_running(task) for task in tasks if task.status == "running"]
        item = f"{job.status} {', '.join(running[:3])}".strip()
        self.reporter.step(
            Progress(operation="render", phase=job.job_id, done=done, total=job.tasks, unit="tasks", item=item)
        )

    def _tasks(self, job: Job) -> list[Task]:
        """None where no farm has them yet, or does not tell now: what the job says is enough to wait by."""
        if job.handle is None or not 1 < job.tasks <= MAX_PAGE:
            return []
        try:
            return self.jobs.list_tasks(job.job_id, limit=MAX_PAGE).items
        except FarmError:
            return []

    def _tell_task(self, task: Task) -> None:
        before, now = self._told.get(task.index), (str(task.status), task.attempt)
        self._told[task.index] = now
        if before == now or task.status in ("queued", "blocked", "held"):
            return
        what = f"frames {task.frames}" if task.frames else f"task {task.index}"
        more = [f"attempt {task.attempt}"] if task.attempt > 1 else []
        more += [f"on {task.host}"] if task.host and task.status == "running" else []
        more += [f"exit {task.exit_code}"] if task.status == "failed" and task.exit_code is not None else []
        more += [task.message] if task.status in ("failed", "lost") and task.message else []
        self.say(f"{what} {task.status}{': ' if more else ''}{', '.join(more)}")

    def _pause(self, seconds: float, end: float | None) -> None:
        """Sleep in steps, so that Ctrl-C is noticed."""
        until = time.monotonic() + seconds
        until = until if end is None else min(until, end)
        while (left := until - time.monotonic()) > 0:
            self.reporter.check("render", "wait")
            time.sleep(min(_STEP_SECONDS, left))
        self.reporter.check("render", "wait")


def _running(task: Task) -> str:
    return task.frames if task.progress is None else f"{task.frames} {task.progress:.0f} %".strip()


def outcome(job: Job) -> int | None:
    """What waiting for the job ends with, or None while it goes on by itself."""
    if job.raw_state.upper().replace(" ", "_") == "NOT_COMPATIBLE":
        return NOT_COMPATIBLE
    if job.status == "held":
        return HELD
    if not is_terminal(job.status):
        return None
    return {"succeeded": SUCCEEDED, "cancelled": CANCELLED}.get(job.status, FAILED)


def iter_tasks(jobs: Jobs, job_id: str) -> Iterator[Task]:
    """Every task, in order."""
    cursor = None
    while True:
        page = jobs.list_tasks(job_id, limit=MAX_PAGE, cursor=cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return
