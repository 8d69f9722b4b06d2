"""``onepiece shotgrid bulk-*``: thousands of rows from a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import Events, Json
from onepiece_cli.outcome import exit_with
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_core.tracker.bulk import RowResult
    from onepiece_core.tracker.row_plan import Action, RowPlan

TypeName = Annotated[str, typer.Argument(metavar="TYPE", help="Shot, Version, Task, CustomEntity01, ...")]
Input = Annotated[Path, typer.Option("--input", metavar="FILE", help="Rows: .csv, .tsv, .json, .jsonl or .yaml.")]
Project = Annotated[
    str | None, typer.Option(help="Of rows that name none, and where links are looked up; name or code.")
]
Unique = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FIELD", help="Fields that tell a row from all others; repeat it. By default project and name."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check every row and link; write nothing.")]
# What a table of Versions calls its columns.
_VERSION_COLUMNS = {
    "name": "code",
    "version": "code",
    "shot": "entity",
    "asset": "entity",
    "task": "sg_task",
    "status": "sg_status_list",
    "frames": "sg_path_to_frames",
    "movie": "sg_path_to_movie",
    "first_frame": "sg_first_frame",
    "last_frame": "sg_last_frame",
    "artist": "user",
}
_SHOWN = 20

CREATE_EPILOG = """Examples:

onepiece shotgrid bulk-create Shot --input shots.csv --project "Frost Giant" --dry-run

onepiece shotgrid bulk-create Task --input tasks.yaml --project FG --json"""
UPDATE_EPILOG = """Examples:

onepiece shotgrid bulk-update Version --input statuses.csv --project "Frost Giant"

The rows are found by their id, or by what makes them unique; an empty cell leaves a value alone."""
DELETE_EPILOG = """Examples:

onepiece shotgrid bulk-delete Version --input old.csv --project "Frost Giant"

onepiece shotgrid bulk-delete Version --input old.csv --project "Frost Giant" --revive"""
PLAYLISTS_EPILOG = """Examples:

onepiece shotgrid bulk-playlists --input playlists.csv --project "Frost Giant"

Columns: playlist, version, order; without an order the Versions are played as the rows stand."""
VERSIONS_EPILOG = """Examples:

onepiece shotgrid bulk-versions --input versions.csv --project "Frost Giant"

Columns: version, shot (or asset), task, status, frames, movie, first_frame, last_frame, artist, description; any field
of Version besides."""


def bulk_create(
    ctx: typer.Context,
    entity_type: TypeName,
    source: Input,
    project: Project = None,
    unique: Unique = None,
    dry_run: DryRun = False,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Make the rows of a file that are not there yet, each exactly once."""
    _run(session_of(ctx), "create", entity_type, source, project, unique, {}, dry_run, events is not None, as_json)


def bulk_update(
    ctx: typer.Context,
    entity_type: TypeName,
    source: Input,
    project: Project = None,
    unique: Unique = None,
    dry_run: DryRun = False,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Write the values of a file into rows that are there."""
    _run(session_of(ctx), "update", entity_type, source, project, unique, {}, dry_run, events is not None, as_json)


def bulk_delete(
    ctx: typer.Context,
    entity_type: TypeName,
    source: Input,
    project: Project = None,
    unique: Unique = None,
    revive: Annotated[bool, typer.Option("--revive", help="Bring them back instead.")] = False,
    dry_run: DryRun = False,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Retire the rows of a file; nothing is lost, and --revive brings them back."""
    action: Action = "revive" if revive else "delete"
    _run(session_of(ctx), action, entity_type, source, project, unique, {}, dry_run, events is not None, as_json)


def bulk_versions(
    ctx: typer.Context,
    source: Input,
    project: Project = None,
    dry_run: DryRun = False,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Make Versions from a table with a column for the shot, the task, the frames, the movie."""
    session = session_of(ctx)
    _run(session, "create", "Version", source, project, None, _VERSION_COLUMNS, dry_run, events is not None, as_json)


def bulk_playlists(
    ctx: typer.Context,
    source: Input,
    project: Annotated[str, typer.Option(help="Of the playlists and their Versions; name or code.")],
    dry_run: DryRun = False,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Make playlists and put Versions into them, in order, each exactly once."""
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.journal import Journal
    from onepiece_core.manifest.row_files import read_rows
    from onepiece_core.playlist.rows import apply_playlists, count_playlists, plan_playlists
    from onepiece_core.tracker.bulk import BulkTiming
    from onepiece_core.tracker.opening import get_tracker
    from onepiece_core.tracker.placing import find_project
    from onepiece_core.tracker.retry import SystemClock

    session = session_of(ctx)
    rows = read_rows(source)
    settings = session.settings(near=source)
    tracker = get_tracker(settings.shotgrid, settings.tracker)
    found = find_project(tracker, {"name": project})
    if dry_run:
        plan = plan_playlists(tracker, rows, found)
        title = f"Versions in {count_playlists(rows)} playlists"
        end_rows(session, plan, planned_rows(plan), as_json=as_json, dry_run=True, title=title)
        return
    journal = Journal(settings.state_dir or default_state_dir(session.environ))
    patience = BulkTiming(SystemClock(), settings.tracker.settle_seconds, settings.tracker.timeout_seconds)
    with session.reporter(events=events is not None) as reporter:
        done = apply_playlists(tracker, rows, found, journal, timing=patience, reporter=reporter)
    made = _summary(Counter(result.state for result in done.playlists), dry_run=False)
    title = f"Playlists: {_told(made)}. Versions in them"
    end_rows(session, done.plan, done.rows, as_json=as_json, dry_run=False, title=title, more={"playlists": made})


def _run(
    session: Session,
    action: Action,
    entity_type: str,
    source: Path,
    project: str | None,
    unique: list[str] | None,
    columns: Mapping[str, str],
    dry_run: bool,
    events: bool,
    as_json: bool,
) -> None:
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.journal import Journal
    from onepiece_core.manifest.row_files import read_rows
    from onepiece_core.tracker.bulk import BulkTiming
    from onepiece_core.tracker.bulk_operation import apply_rows
    from onepiece_core.tracker.opening import get_tracker
    from onepiece_core.tracker.placing import find_project
    from onepiece_core.tracker.retry import SystemClock
    from onepiece_core.tracker.row_plan import plan_rows

    rows = read_rows(source)
    settings = session.settings(near=source)
    tracker = get_tracker(settings.shotgrid, settings.tracker)
    found = find_project(tracker, {"name": project}) if project is not None else None
    plan = plan_rows(tracker, action, entity_type, rows, project=found, unique=unique or (), renamed=columns)
    if dry_run:
        end_rows(session, plan, planned_rows(plan), as_json=as_json, dry_run=True)
        return
    journal = Journal(settings.state_dir or default_state_dir(session.environ))
    patience = BulkTiming(SystemClock(), settings.tracker.settle_seconds, settings.tracker.timeout_seconds)
    with session.reporter(events=events) as reporter:
        results = list(apply_rows(plan, tracker, journal, timing=patience, reporter=reporter))
    end_rows(session, plan, results, as_json=as_json, dry_run=False)


def planned_rows(plan: RowPlan) -> list[RowResult]:
    from onepiece_core.tracker.bulk import RowResult

    return [*plan.refused, *(RowResult(row.key, "waiting", row.id) for row in plan.rows)]


def end_rows(
    session: Session,
    plan: RowPlan,
    results: Iterable[RowResult],
    *,
    as_json: bool,
    dry_run: bool,
    title: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Print what became of the rows and end the command. ``title`` begins the last line, ``more`` is for JSON."""
    told = sorted(results, key=lambda result: int(result.key.rpartition(" ")[2]))
    states: Counter[str] = Counter(result.state for result in told)
    if as_json:
        rows = [_row(result, dry_run=dry_run) for result in told]
        answer = {"type": plan.entity_type, "action": plan.action, "dry_run": dry_run, **(more or {}), "rows": rows}
        typer.echo(session.told({"schema": "onepiece.bulk.1", **answer, "summary": _summary(states, dry_run=dry_run)}))
    else:
        failed = [result for result in told if result.error is not None]
        for result in failed[:_SHOWN]:
            assert result.error is not None
            typer.echo(printable(f"{result.key}: {result.error.message}"), err=True)
        if len(failed) > _SHOWN:
            typer.echo(f"and {len(failed) - _SHOWN} more", err=True)
        summary = _summary(states, dry_run=dry_run)
        typer.echo(f"{title or plan.entity_type}: {_told(summary)}")
    exit_with(states["failed"], 0 if dry_run else states["waiting"])


def _told(summary: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in summary.items()) or "none"


def _summary(states: Mapping[str, int], *, dry_run: bool) -> dict[str, int]:
    return {("planned" if dry_run and state == "waiting" else state): count for state, count in states.items() if count}


def _row(result: RowResult, *, dry_run: bool) -> dict[str, Any]:
    state = "planned" if dry_run and result.state == "waiting" else result.state
    row: dict[str, Any] = {"row": int(result.key.rpartition(" ")[2]), "state": state, "id": result.id}
    return row if result.error is None else {**row, "error": result.error.model_dump(mode="json")}
