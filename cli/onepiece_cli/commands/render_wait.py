"""``onepiece render wait``: until jobs have ended, with an exit status that says how."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.commands.sandbox_folder import examples
from onepiece_cli.errors import printable
from onepiece_cli.options import Events, Json
from onepiece_cli.render.opening import JobIds, Server, open_jobs, state_dir_of
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_cli.render.watch import Waited
    from onepiece_core.config import Settings
    from onepiece_core.progress import Reporter
    from onepiece_core.render.jobs import Jobs

EPILOG = examples("onepiece render wait JOB", "onepiece render wait JOB1 JOB2 --timeout 3600 --json")

Timeout = Annotated[
    float | None, typer.Option("--timeout", metavar="SECONDS", min=0, help="Wait so long at most; the job goes on.")
]
Sheet = Annotated[
    Path | None, typer.Option("--sheet", metavar="FILE", help="Where the contact sheet goes; else the state folder.")
]
NoSheet = Annotated[bool, typer.Option("--no-sheet", help="Make no contact sheet.")]

# Of several jobs: what failed weighs more than what was cancelled, and so on.
_GRAVEST = (2, 3, 5, 4, 1, 0)
_SAID = {1: "time is up; the job goes on", 4: "the job is held", 5: "no machine of the farm fits the job"}


def wait(
    ctx: typer.Context,
    job_ids: JobIds,
    timeout: Timeout = None,
    sheet: Sheet = None,
    no_sheet: NoSheet = False,
    server: Server = None,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Wait for jobs while their frames come in; then show what failed, and a contact sheet of what is rendered.

    Exit status: 0 succeeded, 1 time is up, 2 failed, 3 cancelled, 4 held, 5 no machine fits; of several jobs the
    gravest: 2, 3, 5, 4, 1.
    """
    from onepiece_core.errors import UsageError

    if sheet is not None and len(set(job_ids)) > 1:
        raise UsageError("--sheet is for one job.")
    session = session_of(ctx)
    settings = session.settings()
    with open_jobs(session, settings, server) as jobs:
        told = wait_for(
            jobs,
            list(dict.fromkeys(job_ids)),
            session,
            settings,
            events=events is not None,
            seconds=timeout,
            sheet=sheet,
            no_sheet=no_sheet,
            as_json=as_json,
        )
    if as_json:
        typer.echo(session.told(told if len(told["jobs"]) > 1 else told["jobs"][0]))
    raise typer.Exit(told["exit_status"])


def wait_for(
    jobs: Jobs,
    job_ids: list[str],
    session: Session,
    settings: Settings,
    *,
    events: bool,
    seconds: float | None,
    sheet: Path | None,
    no_sheet: bool,
    as_json: bool,
) -> dict[str, Any]:
    """Wait for each job and tell of it. Raises OperationCancelled on Ctrl-C; the jobs go on."""
    if len(job_ids) > 1:
        for job_id in job_ids:  # a name that is wrong is told before the first one is waited for
            jobs.get(job_id)
    with session.reporter(events=events) as reporter:
        ended = _wait(jobs, job_ids, session, reporter, seconds)
    told = []
    for each in ended:
        target = session.cwd / sheet if sheet else _sheet_of(session, settings, each.job.job_id)
        told.append(_told(jobs, each, settings, session, None if no_sheet else target, as_json=as_json))
    statuses = {each.status for each in ended}
    return {"jobs": told, "exit_status": next(status for status in _GRAVEST if status in statuses)}


def _wait(jobs: Jobs, job_ids: list[str], session: Session, reporter: Reporter, seconds: float | None) -> list[Waited]:
    import time

    from onepiece_cli.render.watch import Watch
    from onepiece_core.errors import OperationCancelled

    end = None if seconds is None else time.monotonic() + seconds
    ended = []
    for job_id in job_ids:
        left = None if end is None else max(0.0, end - time.monotonic())
        try:
            ended.append(Watch(jobs, reporter, lambda text: session.say(printable(text)), left).wait(job_id))
        except OperationCancelled as error:
            again = f"onepiece render wait {' '.join(job_ids)}"
            raise OperationCancelled("Not waited for any more; the job goes on.", hint=f"`{again}`") from error
    return ended


def _sheet_of(session: Session, settings: Settings, job_id: str) -> Path:
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in job_id)
    return state_dir_of(session, settings) / "render" / "sheets" / f"{name}.jpg"


def _told(
    jobs: Jobs, ended: Waited, settings: Settings, session: Session, target: Path | None, *, as_json: bool
) -> dict[str, Any]:
    from onepiece_cli.render.after import failures_of, show_failures, try_sheet
    from onepiece_cli.render.shape import progress_of, state_told

    job = ended.job
    failures = failures_of(jobs, job)
    written, words = (None, "") if target is None or job.output is None else try_sheet(job, settings, target)
    if not as_json:
        show_failures(failures)
        said = f": {_SAID[ended.status]}" if ended.status in _SAID else ""
        typer.echo(printable(f"{job.job_id}  {state_told(job)}  {progress_of(job)} tasks  {job.name}{said}"))
        if job.error is not None:
            session.say(printable(f"    {job.error.message} ({job.error.code})"))
        if words:
            session.say(printable(words))
    return {
        **job.model_dump(mode="json"),
        "exit_status": ended.status,
        "failures": failures,
        "sheet": str(written) if written else None,
    }
