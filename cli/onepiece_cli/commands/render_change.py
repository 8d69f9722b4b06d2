"""``onepiece render cancel``, ``retry``, ``hold``, ``release`` and ``priority``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.commands.sandbox_folder import examples
from onepiece_cli.errors import printable
from onepiece_cli.options import Json
from onepiece_cli.render.opening import JobIds, Server, open_jobs
from onepiece_cli.session import session_of

if TYPE_CHECKING:
    from onepiece_core.render.jobs import Jobs
    from onepiece_core.render.model import Job

CANCEL_EPILOG = examples("onepiece render cancel JOB", "onepiece render cancel JOB1 JOB2 --json")
RETRY_EPILOG = examples("onepiece render retry JOB", "onepiece render retry JOB --task 3 --task 7")
HOLD_EPILOG = examples("onepiece render hold JOB")
RELEASE_EPILOG = examples("onepiece render release JOB")
PRIORITY_EPILOG = examples("onepiece render priority 90 JOB")

Tasks = Annotated[
    list[int] | None, typer.Option("--task", metavar="N", min=0, help="Only this task, from 0; repeat it for more.")
]


def cancel(
    ctx: typer.Context,
    job_ids: JobIds,
    only: Tasks = None,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Stop jobs, with all that their tasks started. What has ended stays as it is."""
    _each(ctx, job_ids, server, lambda jobs, job_id: jobs.cancel(job_id, only or None), as_json=as_json)


def retry(
    ctx: typer.Context,
    job_ids: JobIds,
    only: Tasks = None,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Queue again what failed, was cancelled or lost."""
    _each(ctx, job_ids, server, lambda jobs, job_id: jobs.retry(job_id, only or None), as_json=as_json)


def hold(ctx: typer.Context, job_ids: JobIds, server: Server = None, as_json: Json = False) -> None:
    """Start no further task of the jobs; what runs goes on."""
    _each(ctx, job_ids, server, lambda jobs, job_id: jobs.hold(job_id), as_json=as_json)


def release(ctx: typer.Context, job_ids: JobIds, server: Server = None, as_json: Json = False) -> None:
    """Let held jobs go on."""
    _each(ctx, job_ids, server, lambda jobs, job_id: jobs.release(job_id), as_json=as_json)


def priority(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="0 to 100, 100 the most urgent.")],
    job_ids: JobIds,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Change how urgent jobs are, for what has not begun."""
    _each(ctx, job_ids, server, lambda jobs, job_id: jobs.set_priority(job_id, number), as_json=as_json)


def _each(
    ctx: typer.Context,
    job_ids: list[str],
    server: str | None,
    change: Callable[[Jobs, str], Job],
    *,
    as_json: bool,
) -> None:
    """Every job is tried. Raises the first failure when all are done."""
    from onepiece_cli.render.shape import state_told
    from onepiece_core.errors import OnePieceError

    session = session_of(ctx)
    told: list[dict[str, Any]] = []
    failed: OnePieceError | None = None
    with open_jobs(session, session.settings(), server) as jobs:
        for job_id in dict.fromkeys(job_ids):
            try:
                job = change(jobs, job_id)
            except OnePieceError as error:
                failed = failed or error
                told.append({"job_id": job_id, "error": error.report.model_dump(mode="json")})
                if not as_json and len(job_ids) > 1:
                    typer.echo(printable(f"{job_id}  {error.report.message}"))
                continue
            told.append(job.model_dump(mode="json"))
            if not as_json:
                typer.echo(printable(f"{job.job_id}  {state_told(job)}  {job.name}"))
    # One object, on stdout or on stderr: a failure of the only job is the error itself.
    if as_json and (failed is None or len(told) > 1):
        typer.echo(session.told({"jobs": told}))
    if failed is not None:
        raise failed
