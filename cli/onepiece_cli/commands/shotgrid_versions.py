"""``onepiece shotgrid upload-version`` and ``version-zero``."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from onepiece_cli.commands.shotgrid_deliver import absolute
from onepiece_cli.errors import printable
from onepiece_cli.many_values import ManyValuesCommand
from onepiece_cli.options import Events, Json
from onepiece_cli.session import session_of

UPLOAD_EPILOG = """Examples:

onepiece shotgrid upload-version comp_v004.mov --project "Frost Giant" --shot ep010_sc02_0010 --task comp

onepiece shotgrid upload-version comp_v004.mov --project FG --shot 0010 --status rev --comment "new sky"

The same movie again does nothing; after a kill the same command goes on."""
ZERO_EPILOG = """Examples:

onepiece shotgrid version-zero --project "Frost Giant" --dry-run

onepiece shotgrid version-zero --project FG --episodes EP01 EP02"""


class ZeroCommand(ManyValuesCommand):
    many: ClassVar[frozenset[str]] = frozenset({"--episodes"})


def upload_version(
    ctx: typer.Context,
    movie: Annotated[Path, typer.Argument(metavar="FILE", help="A movie, JPEG or PNG.")],
    project: Annotated[str, typer.Option(help="Name or code of the project.")],
    shot: Annotated[str, typer.Option(help="Code of the shot or asset; SEQUENCE/SHOT where that is there twice.")],
    task: Annotated[str | None, typer.Option(help="Its name, or its step's.")] = None,
    name: Annotated[str | None, typer.Option(help="Of the Version; else the file's without its ending.")] = None,
    comment: Annotated[str | None, typer.Option(help="The Version's description.")] = None,
    status: Annotated[str | None, typer.Option(help="Of the Version: rev, apr; else what the site sets.")] = None,
    first_frame: Annotated[
        int | None, typer.Option(min=0, help="Of the movie; else the shot's cut in, or 1001.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the movie and its place; write nothing.")] = False,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Make a Version of a movie: uploaded in parts, with thumbnail and frame data, exactly once."""
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.journal import Journal
    from onepiece_core.tracker.bulk import BulkTiming
    from onepiece_core.tracker.opening import get_tracker
    from onepiece_core.tracker.retry import SystemClock
    from onepiece_core.versions.upload import UploadRequest, apply_upload, plan_upload

    session = session_of(ctx)
    request = UploadRequest(project, shot, absolute(movie), task, name, comment, status, first_frame)
    settings = session.settings(near=request.movie)
    tracker = get_tracker(settings.shotgrid, settings.tracker)
    plan = plan_upload(request, tracker)
    told, state = plan.told(), "planned"
    if not dry_run:
        timing = BulkTiming(SystemClock(), settings.tracker.settle_seconds, settings.tracker.timeout_seconds)
        with (
            closing(Journal(settings.state_dir or default_state_dir(session.environ))) as journal,
            session.reporter(events=events is not None) as reporter,
        ):
            report = apply_upload(plan, tracker, journal, timing=timing, reporter=reporter)
        told, state = {**told, "id": report.id}, "there" if report.was_there else "uploaded"
    if as_json:
        typer.echo(session.told({"schema": "onepiece.upload_version.1", "state": state, **told}))
    else:
        typer.echo(printable(f"{state}  {plan.code}  {plan.data.get('frame_range', '')}  {plan.size_bytes:,} bytes"))


def version_zero(
    ctx: typer.Context,
    project: Annotated[str, typer.Option(help="Name or code of the project.")],
    episodes: Annotated[
        list[str] | None, typer.Option(metavar="CODE...", help="Only these episodes; several may follow.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell which shots have none; write nothing.")] = False,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Make a slate as v000 of every shot that has none."""
    from datetime import UTC, datetime

    from onepiece_cli.settings import default_state_dir
    from onepiece_core.journal import Journal
    from onepiece_core.tracker.bulk import BulkTiming
    from onepiece_core.tracker.opening import get_tracker
    from onepiece_core.tracker.retry import SystemClock
    from onepiece_core.versions.zero import apply_zero, plan_zero

    session = session_of(ctx)
    settings = session.settings()
    tracker = get_tracker(settings.shotgrid, settings.tracker)
    chosen = tuple(episodes or ())
    if dry_run:
        plan = plan_zero(tracker, project, chosen)
    else:
        timing = BulkTiming(SystemClock(), settings.tracker.settle_seconds, settings.tracker.timeout_seconds)
        today = datetime.now(UTC).astimezone().date()
        with (
            closing(Journal(settings.state_dir or default_state_dir(session.environ))) as journal,
            session.reporter(events=events is not None) as reporter,
        ):
            plan = apply_zero(tracker, journal, project, chosen, timing=timing, reporter=reporter, today=today)
    state = "planned" if dry_run else "created"
    if as_json:
        rows = [{"shot": shot.code, "version": shot.version_code, "state": state} for shot in plan.shots]
        told = {"schema": "onepiece.version_zero.1", "dry_run": dry_run, "rows": rows, "there": plan.complete}
        typer.echo(session.told(told))
    else:
        typer.echo(f"{len(plan.shots)} slates {state}, {plan.complete} there already")
