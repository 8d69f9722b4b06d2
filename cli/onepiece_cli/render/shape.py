"""How jobs and tasks look on a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from onepiece_cli.errors import printable

if TYPE_CHECKING:
    from onepiece_core.render.model import Job, JobCheck, Task

_COLOURS = {"succeeded": "green", "failed": "red", "lost": "red", "cancelled": "yellow", "held": "yellow"}
_WIDEST = 60


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns on stdout, as wide as they need to be; the last is as long as it is."""
    texts = [[_cell(value, is_last=at == len(row) - 1) for at, value in enumerate(row)] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *texts, strict=True)]
    for number, row in enumerate([list(headings), *texts]):
        line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        typer.secho(line, bold=number == 0)


def fields(rows: dict[str, object]) -> None:
    """One line for each that has a value."""
    for name, value in rows.items():
        if value not in (None, "", (), [], {}):
            typer.echo(f"{name:12} {_cell(value, is_last=True)}")


def show_jobs(jobs: Iterable[Job]) -> None:
    now = time.time()
    rows = [
        (
            job.job_id,
            job.status,
            progress_of(job),
            job.farm,
            job.priority,
            job.user,
            ago(now - job.created_at),
            job.name,
        )
        for job in jobs
    ]
    table(("job", "status", "tasks", "farm", "prio", "user", "age", "name"), rows)


def show_job(job: Job) -> None:
    """All of it; the state in its colour."""
    typer.secho(f"{'status':12} {state_told(job)}", fg=_COLOURS.get(job.status))
    fields(
        {
            "job": job.job_id,
            "name": job.name,
            "farm": f"{job.farm}, {job.handle}" if job.handle else job.farm,
            "template": job.template,
            "scene": job.scene,
            "frames": f"{job.frames}, {job.chunk_size} a task" if job.frames else "",
            "tasks": ", ".join(f"{count} {state}" for state, count in job.counts.items() if count) or job.tasks,
            "output": job.output,
            "priority": str(job.priority),
            "user": job.user,
            "show": job.show_code,
            "after": ", ".join(job.depends_on),
            "created": moment(job.created_at),
            "ended": moment(job.ended_at),
            "message": job.message,
            "error": f"{job.error.message} ({job.error.code})" if job.error else None,
        }
    )


def show_tasks(tasks: Iterable[Task]) -> None:
    rows = [
        (
            task.index,
            task.frames,
            task.status,
            "" if task.progress is None or task.status != "running" else f"{task.progress:.0f} %",
            task.attempt or "",
            "" if task.exit_code is None else task.exit_code,
            took(task),
            task.host,
            task.message,
        )
        for task in tasks
    ]
    table(("task", "frames", "status", "done", "try", "exit", "time", "host", "message"), rows)


def show_check(check: JobCheck) -> None:
    typer.echo(printable(f"Would render {check.name} on {check.farm}: {check.task_count} tasks"))
    fields(
        {
            "  template": check.template,
            "  scene": check.scene,
            "  frames": f"{check.frames}, {check.chunk_size} a task" if check.frames else "",
            "  tasks": ", ".join(frames for frames in check.tasks[:8] if frames)
            + (", ..." if check.task_count > 8 else ""),
            "  output": check.output,
            "  priority": str(check.priority),
        }
    )
    for name, value in check.parameters.items():
        typer.echo(f"  {_cell(name, is_last=False)} = {_cell(value, is_last=True)}")


def state_told(job: Job) -> str:
    """``running`` and, where the farm says more, its own word."""
    raw = printable(job.raw_state)
    return job.status if raw.lower() in ("", job.status) else f"{job.status} ({raw})"


def progress_of(job: Job) -> str:
    done = job.counts.get("succeeded", 0) + job.counts.get("skipped", 0)
    return f"{done}/{job.tasks}"


def took(task: Task) -> str:
    if task.started_at is None:
        return ""
    return ago((task.ended_at or time.time()) - task.started_at)


def ago(seconds: float) -> str:
    """``45 s``, ``12 min``, ``3 h``, ``5 d``."""
    seconds = max(0.0, seconds)
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def moment(seconds: float | None) -> str | None:
    """The local time of day."""
    if seconds is None:
        return None
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):  # a year that no calendar has
        return f"{seconds:g}"


def lines_of(text: str) -> list[str]:
    """A log's lines, none of which can move the cursor."""
    return [printable(line.expandtabs()) for line in text.replace("\r\n", "\n").replace("\r", "\n").splitlines()]


def _cell(value: Any, *, is_last: bool) -> str:
    text = printable(" ".join(str(value).split()))
    return text if is_last or len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."
