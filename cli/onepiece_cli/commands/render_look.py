"""``onepiece render list``, ``show``, ``tasks``, ``log`` and ``sheet``."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.commands.sandbox_folder import examples
from onepiece_cli.errors import printable
from onepiece_cli.options import Json
from onepiece_cli.render.opening import JobId, Server, open_jobs
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_core.farm.job import LogPart
    from onepiece_core.render.jobs import Jobs
    from onepiece_core.render.model import Job

LIST_EPILOG = examples(
    "onepiece render list",
    "onepiece render list --status failed --since 2h",
    "onepiece render list --user ann --show-code FG --limit 500 --json",
)
SHOW_EPILOG = examples("onepiece render show JOB", "onepiece render show JOB --json")
TASKS_EPILOG = examples("onepiece render tasks JOB", "onepiece render tasks JOB --limit 500 --json")
LOG_EPILOG = examples(
    "onepiece render log JOB", "onepiece render log JOB --frame 1007", "onepiece render log JOB 3 --attempt 1 --follow"
)
SHEET_EPILOG = examples("onepiece render sheet JOB sheet.jpg")

Limit = Annotated[int, typer.Option(min=1, max=500, help="How many at most.")]
Cursor = Annotated[str | None, typer.Option(metavar="TEXT", help="Go on after a page: its next_cursor.")]
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_FOLLOW_SECONDS = 0.5


def list_jobs(
    ctx: typer.Context,
    status: Annotated[str | None, typer.Option(help="Only jobs in this state: running, failed ...")] = None,
    farm: Annotated[str | None, typer.Option(help="Only jobs of this farm.")] = None,
    user: Annotated[str | None, typer.Option(help="Only jobs of this user.")] = None,
    show_code: Annotated[str | None, typer.Option("--show-code", help="Only jobs of this show.")] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Only jobs made since: 30m, 2h, 7d, 2026-01-31, 2026-01-31T18:00."),
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """List jobs, the newest first."""
    from pydantic import ValidationError

    from onepiece_cli.render.shape import show_jobs
    from onepiece_core.errors import UsageError
    from onepiece_core.farm.states import JOB_STATES
    from onepiece_core.render.model import JobFilter

    try:
        fields: dict[str, Any] = {"status": status, "farm": farm, "user": user, "show_code": show_code}
        wanted = JobFilter(**fields, since=moment_of(since))
    except ValidationError as cause:
        raise UsageError(f"--status is one of {', '.join(JOB_STATES)}.") from cause
    session = session_of(ctx)
    with open_jobs(session, session.settings(), server) as jobs:
        page = jobs.list_jobs(wanted, limit=limit, cursor=cursor)
    if as_json:
        typer.echo(session.told(page.model_dump(mode="json")))
        return
    if page.items:
        show_jobs(page.items)
    else:
        typer.echo("No jobs.")
    if page.next_cursor:
        session.say(f"There are more: --cursor {page.next_cursor}")


def moment_of(text: str | None) -> float | None:
    """``2h`` ago, or a date, as seconds since the epoch. Raises UsageError."""
    from onepiece_core.errors import UsageError

    if text is None:
        return None
    try:
        if text[-1:] in _UNITS:
            return max(0.0, time.time() - float(text[:-1]) * _UNITS[text[-1]])
        return max(0.0, datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError, OSError) as cause:
        raise UsageError("--since is 30m, 2h, 7d or a date: 2026-01-31, 2026-01-31T18:00.") from cause


def show(ctx: typer.Context, job_id: JobId, server: Server = None, as_json: Json = False) -> None:
    """Show a job; of one that failed, the log of the frames that did."""
    from onepiece_cli.render.after import failures_of, show_failures
    from onepiece_cli.render.shape import show_job

    session = session_of(ctx)
    with open_jobs(session, session.settings(), server) as jobs:
        job = jobs.get(job_id)
        failures = failures_of(jobs, job)
    if as_json:
        typer.echo(session.told({**job.model_dump(mode="json"), "failures": failures}))
        return
    show_job(job)
    show_failures(failures)


def tasks(
    ctx: typer.Context,
    job_id: JobId,
    limit: Limit = 100,
    cursor: Cursor = None,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """List the tasks of a job: frames, state, attempt, exit code, time, host."""
    from onepiece_cli.render.shape import show_tasks

    session = session_of(ctx)
    with open_jobs(session, session.settings(), server) as jobs:
        page = jobs.list_tasks(job_id, limit=limit, cursor=cursor)
    if as_json:
        typer.echo(session.told(page.model_dump(mode="json")))
        return
    show_tasks(page.items)
    if page.next_cursor:
        session.say(f"There are more: --cursor {page.next_cursor}")


def log(
    ctx: typer.Context,
    job_id: JobId,
    task: Annotated[
        int | None,
        typer.Argument(metavar="[TASK]", min=0, help="Its number, from 0; else the one that failed or runs."),
    ] = None,
    frame: Annotated[int | None, typer.Option(help="The task that renders this frame.")] = None,
    attempt: Annotated[int | None, typer.Option(min=1, help="Which attempt, from 1; else the newest.")] = None,
    tail: Annotated[int | None, typer.Option(min=1, metavar="LINES", help="Only the last lines.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the attempt has ended.")] = False,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Print what a task wrote."""
    from onepiece_core.errors import UsageError

    if task is not None and frame is not None:
        raise UsageError("Give a task or --frame, not both.")
    if as_json and follow:
        raise UsageError("--follow prints text: leave --json out.")
    session = session_of(ctx)
    with open_jobs(session, session.settings(), server) as jobs:
        number = task if task is not None else _task_of(jobs, jobs.get(job_id), frame)
        part = _read_all(jobs, job_id, number, attempt, tail)
        if as_json:
            typer.echo(session.told({"job_id": job_id, "task": number, **asdict(part)}))
            return
        _write(part.text)
        while follow and not part.is_complete:
            time.sleep(_FOLLOW_SECONDS)
            part = jobs.read_log(job_id, number, attempt=attempt, offset=part.next_offset)
            _write(part.text)


def _task_of(jobs: Jobs, job: Job, frame: int | None) -> int:
    """The task of a frame; else the first that failed, else the first that runs, else the first. Raises TaskUnknown."""
    from onepiece_cli.render.watch import iter_tasks
    from onepiece_core.errors import TaskUnknown
    from onepiece_core.frames import parse_ranges

    if frame is None and job.tasks == 1:
        return 0
    first: dict[str, int] = {}
    for each in iter_tasks(jobs, job.job_id):
        if frame is None:
            first.setdefault(each.status, each.index)
        elif each.frames and frame in parse_ranges(each.frames):
            return each.index
    if frame is not None:
        raise TaskUnknown(f"No task of the job renders the frame {frame}", job_id=job.job_id, frame=frame)
    return next((first[state] for state in ("failed", "lost", "running", "cancelled") if state in first), 0)


def _read_all(jobs: Jobs, job_id: str, task: int, attempt: int | None, tail: int | None) -> LogPart:
    """The log up to now, or its last lines."""
    from dataclasses import replace

    if tail is not None:
        part = jobs.read_log(job_id, task, attempt=attempt, offset=-min(1024 * 1024, tail * 400), limit=1024 * 1024)
        return replace(part, text="".join(part.text.splitlines(keepends=True)[-tail:]))
    part = jobs.read_log(job_id, task, attempt=attempt, limit=1024 * 1024)
    texts, offset = [part.text], part.offset
    while part.text and not part.is_complete:
        part = jobs.read_log(job_id, task, attempt=attempt, offset=part.next_offset, limit=1024 * 1024)
        texts.append(part.text)
    return replace(part, text="".join(texts), offset=offset)


def _write(text: str) -> None:
    """To a file or pipe as it is; to a terminal without what could move its cursor."""
    if sys.stdout.isatty():
        from onepiece_cli.render.shape import lines_of

        text = "".join(f"{line}\n" for line in lines_of(text))
    sys.stdout.write(text.encode("utf-8", "replace").decode("utf-8"))
    sys.stdout.flush()


def sheet(
    ctx: typer.Context,
    job_id: JobId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The picture to write, .jpg or .png.")],
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Write a contact sheet of the frames that a job has rendered so far."""
    from onepiece_cli.render.after import write_job_sheet

    session: Session = session_of(ctx)
    settings = session.settings()
    with open_jobs(session, settings, server) as jobs:
        job = jobs.get(job_id)
    target = session.cwd / file
    frames = write_job_sheet(job, settings, target)
    if as_json:
        typer.echo(session.told({"job_id": job_id, "frames": frames, "sheet": str(target)}))
    else:
        typer.echo(printable(f"{frames} frames: {target}"))
