"""``onepiece shotgrid show-setup``: a project's episodes, sequences, shots and tasks from a table or a cut."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.commands.shotgrid_show_report import end, planned_rows
from onepiece_cli.options import Events, Json
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_core.config import Settings
    from onepiece_core.show.plan import ShowPlan
    from onepiece_core.show.template import ShowTemplate
    from onepiece_core.show.tree import Show

ShowProject = Annotated[str, typer.Option(help="Name or code; a project that is not there is made with this name.")]
ShowCode = Annotated[str | None, typer.Option("--show-code", help="Code of a project that is made: FG.")]
Update = Annotated[bool, typer.Option("--update", help="Also change what is there and differs.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what would be made; write nothing.")]
Variables = Annotated[
    list[str] | None, typer.Option("--var", metavar="NAME=VALUE", help="Value of a template's variable; repeat it.")
]

EPILOG = """Examples:

onepiece shotgrid show-setup shots.csv --project "Frost Giant" --dry-run

onepiece shotgrid show-setup shots.csv --project "Frost Giant" --template episodic --show-code FG

onepiece shotgrid show-setup --edl reel1.edl --rate 23.976 --handles 8 --project "Frost Giant"

A table has the columns episode, sequence, shot (only shot is needed; the others are fields of the shot), or
entity_type, name, parent_type, parent_name, code. What is there is left alone: the same command again goes on."""


def show_setup(
    ctx: typer.Context,
    project: ShowProject,
    table: Annotated[Path | None, typer.Argument(metavar="[CSV]", help=".csv, .tsv, .json, .jsonl or .yaml.")] = None,
    template: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Tasks and fields of every row, and rows of its own.")
    ] = None,
    otio: Annotated[Path | None, typer.Option("--otio", metavar="FILE", help="A cut instead of a table.")] = None,
    edl: Annotated[Path | None, typer.Option("--edl", metavar="FILE", help="A cut as CMX 3600.")] = None,
    rate: Annotated[str | None, typer.Option(metavar="FPS", help="Of an EDL: 24, 23.976, 29.97 (24).")] = None,
    handles: Annotated[
        int | None, typer.Option(min=0, help="Frames at both ends of a cut's shots; left out, what the media hold.")
    ] = None,
    first_frame: Annotated[
        int | None, typer.Option(min=0, help="Number the frames of a cut's shots from here: 1001; else as the media.")
    ] = None,
    variable: Variables = None,
    show_code: ShowCode = None,
    update: Update = False,
    dry_run: DryRun = False,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Make a project with its episodes, sequences, shots and tasks; a run that was stopped goes on."""
    from onepiece_cli.commands.shotgrid_templates import shelf_of
    from onepiece_core.errors import UsageError

    sources = [each for each in (table, otio, edl) if each is not None]
    if len(sources) != 1:
        raise UsageError("Name one table, or one cut with --otio or --edl")
    session = session_of(ctx)
    settings = session.settings(near=sources[0])
    found = shelf_of(session, settings).read(template) if template else None
    told = variables_of(variable)
    if table is not None:
        show = _of_table(table, found, project, told)
    else:
        show = _of_cut(sources[0], rate, handles, first_frame, found, project, told)
    make(
        session, settings, project, show, show_code=show_code, update=update, dry_run=dry_run,
        events=events is not None, as_json=as_json, is_strict=False,
    )  # fmt: skip


def _of_table(path: Path, template: ShowTemplate | None, project: str, variables: dict[str, str]) -> Show:
    from onepiece_core.manifest.row_files import read_rows
    from onepiece_core.show.setup_csv import show_of_rows

    return show_of_rows(read_rows(path), template, project, variables)


def _of_cut(
    path: Path,
    rate: str | None,
    handles: int | None,
    first_frame: int | None,
    template: ShowTemplate | None,
    project: str,
    variables: dict[str, str],
) -> Show:
    from onepiece_core.editorial.otio import read_edl, read_otio
    from onepiece_core.frames import exact_rate
    from onepiece_core.show.setup_cut import Numbering, show_of_cut

    cut = read_edl(path, exact_rate(rate or "24")) if path.suffix.lower() != ".otio" else read_otio(path)
    return show_of_cut(cut, Numbering(handles, first_frame), template, project, variables)


def variables_of(told: list[str] | None) -> dict[str, str]:
    """``NAME=VALUE`` as given. Raises UsageError."""
    from onepiece_core.errors import UsageError

    values: dict[str, str] = {}
    for each in told or []:
        name, sign, value = each.partition("=")
        if not sign or not name:
            raise UsageError(f"--var {each!r} is no NAME=VALUE")
        values[name] = value
    return values


def make(
    session: Session,
    settings: Settings,
    project: str,
    show: Show,
    *,
    show_code: str | None,
    update: bool,
    dry_run: bool,
    events: bool,
    as_json: bool,
    is_strict: bool,
) -> None:
    """Plan and, unless ``dry_run``, make a show; print what became of it and end the command."""
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.journal import Journal
    from onepiece_core.show.apply import apply_show, show_operation
    from onepiece_core.show.plan import plan_show
    from onepiece_core.tracker.bulk import BulkTiming
    from onepiece_core.tracker.opening import get_tracker
    from onepiece_core.tracker.patience import patiently
    from onepiece_core.tracker.retry import SystemClock

    tracker = get_tracker(settings.shotgrid, settings.tracker)

    def planned() -> ShowPlan:
        return plan_show(tracker, project, show, update=update, is_strict=is_strict, show_code=show_code)

    if dry_run:
        plan = planned()
        end(session, plan, planned_rows(plan), as_json=as_json, dry_run=True)
        return
    journal = Journal(settings.state_dir or default_state_dir(session.environ))
    timing = BulkTiming(SystemClock(), settings.tracker.settle_seconds, settings.tracker.timeout_seconds)
    with session.reporter(events=events) as reporter:  # noqa: SIM117 - the bars are gone before anything is printed
        with show_operation(tracker, journal, project, timing=timing, reporter=reporter) as operation:
            plan = patiently(planned, timing, reporter, "show")
            rows = list(apply_show(plan, tracker, journal, operation, timing=timing, reporter=reporter))
    end(session, plan, rows, as_json=as_json, dry_run=False)
