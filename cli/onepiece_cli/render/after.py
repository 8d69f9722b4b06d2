"""What is shown of a job without being asked for: the log of what failed, the frames of what is rendered."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from onepiece_cli.errors import printable
from onepiece_cli.render.shape import lines_of
from onepiece_cli.render.watch import iter_tasks
from onepiece_core.errors import ExtraMissing, FarmError, MediaError, PathEscapes, RenderError
from onepiece_core.farm.states import TaskState

if TYPE_CHECKING:
    from onepiece_core.config import Settings
    from onepiece_core.render.jobs import Jobs
    from onepiece_core.render.model import Job, Task

_FAILED: tuple[TaskState, ...] = ("failed", "lost")
_MOST_FAILURES = 3
_LOG_BYTES = 16_384
_LOG_LINES = 40


def failures_of(jobs: Jobs, job: Job) -> list[dict[str, Any]]:
    """The first tasks that failed, each with the end of its log; none where the farm never had them."""
    has_failed = job.status in _FAILED or any(job.counts.get(state) for state in _FAILED)
    if job.handle is None or not has_failed:
        return []
    failed = (task for task in iter_tasks(jobs, job.job_id) if task.status in _FAILED)
    try:
        found = list(islice(failed, _MOST_FAILURES))
    except FarmError:  # it is away, or has forgotten them: what is recorded of the job is shown nevertheless
        return []
    return [_failure(jobs, job, task) for task in found]


def _failure(jobs: Jobs, job: Job, task: Task) -> dict[str, Any]:
    told = task.model_dump(mode="json", include={"index", "frames", "status", "attempt", "exit_code", "message"})
    try:
        text = jobs.read_log(job.job_id, task.index, offset=-_LOG_BYTES, limit=_LOG_BYTES).text
    except (FarmError, RenderError) as error:  # no log is no reason to hide what failed
        return {**told, "log": [], "log_error": error.report.message}
    return {**told, "log": lines_of(text)[-_LOG_LINES:]}


def show_failures(failures: list[dict[str, Any]]) -> None:
    """On stderr, above the bars of a reporter; each with its log."""
    for each in failures:
        what = f"frames {each['frames']}" if each["frames"] else f"task {each['index']}"
        code = "" if each["exit_code"] is None else f", exit {each['exit_code']}"
        message = f": {each['message']}" if each["message"] else ""
        typer.secho(printable(f"{what} {each['status']}{code}{message}"), fg="red", file=sys.stderr)
        for line in each["log"]:
            typer.echo(f"  | {line}", file=sys.stderr)
        if each.get("log_error"):
            typer.echo(printable(f"  its log cannot be read: {each['log_error']}"), file=sys.stderr)


def write_job_sheet(job: Job, settings: Settings, target: Path) -> int:
    """A contact sheet of what the job has rendered so far, and how many frames that is.

    Raises RenderInvalid when nothing is there, PathEscapes for an output that this machine does not see.
    """
    from onepiece_core.errors import RenderInvalid
    from onepiece_core.publish.build import build_roots
    from onepiece_core.render.roots import place
    from onepiece_core.render.sheet import write_sheet

    if job.output is None:
        raise RenderInvalid(f"The job {job.job_id} has no output", job_id=job.job_id)
    output, _ = place(job.output, build_roots(settings))
    target.parent.mkdir(parents=True, exist_ok=True)
    return write_sheet(output, job.frames, target, title=f"{job.name}  {job.frames}")


def try_sheet(job: Job, settings: Settings, target: Path) -> tuple[Path | None, str]:
    """The sheet where one can be made, and what to say of it."""
    try:
        frames = write_job_sheet(job, settings, target)
    except (RenderError, MediaError, ExtraMissing, PathEscapes, OSError) as error:
        return None, f"No contact sheet: {error}"
    return target, f"contact sheet of {frames} frames: {target}"
