"""``onepiece validate reconcile``: tracker, disk, S3 and journal compared, repaired, and put back."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import AwsProfile, Events, Json, aws_overrides
from onepiece_cli.outcome import exit_with, run_failures_are
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_core.progress import Reporter
    from onepiece_core.reconcile.model import ApplyReport, ReconcileReport
    from onepiece_core.reconcile.parts import ReconcileParts, ReconcileRequest

EPILOG = """Examples:

onepiece validate reconcile --project "Frost Giant" --html reconcile.html

onepiece validate reconcile --project FG --context vendor_in --json

onepiece validate reconcile --project FG --plan repairs.json

onepiece validate reconcile --project FG --apply repairs.json

onepiece validate reconcile --project FG --undo repairs.json"""

_COLOURS = {"error": "red", "warning": "yellow"}


class ScopeName(StrEnum):
    """Whose findings are told."""

    SHOTS = "shots"
    ASSETS = "assets"
    VERSIONS = "versions"
    ALL = "all"


class ContextName(StrEnum):
    """Places in S3."""

    VENDOR_IN = "vendor_in"
    VENDOR_OUT = "vendor_out"
    CLIENT_IN = "client_in"
    CLIENT_OUT = "client_out"


def reconcile(
    ctx: typer.Context,
    csv_file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="With --csv: where the lines go instead of stdout.")
    ] = None,
    *,
    project: Annotated[str, typer.Option("--project", metavar="NAME", help="The project, by name or code.")],
    scope: Annotated[ScopeName, typer.Option("--scope", help="Whose findings are told.")] = ScopeName.ALL,
    context: Annotated[
        list[ContextName] | None, typer.Option("--context", help="Only this place in S3; repeat it. By default all.")
    ] = None,
    disk: Annotated[
        list[Path] | None,
        typer.Option("--disk", metavar="DIR", help="Look here instead of where roots and rows lead; repeat it."),
    ] = None,
    bucket: Annotated[
        list[str] | None,
        typer.Option("--bucket", metavar="B", help="Bucket or context that publishes went to; repeat it."),
    ] = None,
    show_code: Annotated[
        str | None, typer.Option("--show-code", metavar="CODE", help="By default the project's own code.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="One line a finding, as CSV on stdout.")] = False,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page for people.")] = None,
    checksum: Annotated[bool, typer.Option("--checksum", help="Read every byte that a manifest hashes.")] = False,
    plan: Annotated[
        Path | None, typer.Option("--plan", metavar="FILE", help="Write what would be repaired, as JSON.")
    ] = None,
    apply: Annotated[
        Path | None, typer.Option("--apply", metavar="FILE", help="Do what a plan says, each after another look.")
    ] = None,
    undo: Annotated[
        str | None, typer.Option("--undo", metavar="FILE|ID", help="Take back what a plan has done.")
    ] = None,
    profile: AwsProfile = None,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Compare ShotGrid, disk, S3 and journal. Exit 0: nothing found; 2: findings; 1: the run failed."""
    from onepiece_core.errors import UsageError
    from onepiece_core.reconcile.parts import ReconcileRequest

    session = session_of(ctx)
    with run_failures_are(), session.reporter(events=events is not None) as reporter:
        if sum(each is not None for each in (plan, apply, undo)) > 1:
            raise UsageError("--plan, --apply and --undo are three different things: give one of them.")
        if csv_file is not None and not csv:
            raise UsageError(f"{csv_file} is meant for nothing.", hint="A file may follow --csv.")
        if csv and csv_file is None and as_json:
            raise UsageError("--json and --csv cannot both have stdout.", hint="Name a file behind --csv.")
        parts = build(session, profile, reporter, show_code)
        if apply is not None or undo is not None:
            _change(session, parts, project, apply, undo, as_json=as_json)
            return
        request = ReconcileRequest(
            project=project,
            show_code=show_code,
            scope=scope.value,
            contexts=tuple(each.value for each in context or ()),
            disks=tuple(each.absolute() for each in disk or ()),
            buckets=tuple(bucket or ()),
            checksum=checksum,
        )
        _compare(session, request, parts, csv=csv, csv_file=csv_file, html=html, plan=plan, as_json=as_json)


def build(session: Session, profile: str | None, reporter: Reporter, show_code: str | None) -> ReconcileParts:
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.reconcile.build import build_reconcile

    settings = session.settings(overrides=aws_overrides(profile))
    return build_reconcile(settings, default_state_dir(session.environ), reporter, show_code=show_code)


def _compare(
    session: Session,
    request: ReconcileRequest,
    parts: ReconcileParts,
    *,
    csv: bool,
    csv_file: Path | None,
    html: Path | None,
    plan: Path | None,
    as_json: bool,
) -> None:
    from onepiece_core.reconcile.report import plan_csv, to_csv, to_html
    from onepiece_core.reconcile.run import reconcile as compare

    report = compare(request, parts)
    if html is not None:
        _write(html, to_html(report))
    lines = to_csv(report)
    if plan is not None:
        from onepiece_core.reconcile.plan import dump_plan, plan_repairs

        made = plan_repairs(report)
        _write(plan, dump_plan(made))
        lines = plan_csv(made)
        session.say(f"{len(made.repairs)} of {len(report.findings)} findings can be repaired: {plan}")
    if csv_file is not None:
        _write(csv_file, lines)
    if as_json:
        typer.echo(session.told({**report.model_dump(mode="json", by_alias=True), "counts": report.counts}))
    elif csv and csv_file is None:
        typer.echo(lines, nl=False)
    elif not csv:
        _show(report)
    exit_with(len(report.findings) + len(report.unknown), 0)


def _write(path: Path, text: str) -> None:
    from onepiece_core.filesystems import storage_error

    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as cause:
        raise storage_error(cause, path) from cause


def _show(report: ReconcileReport) -> None:
    from onepiece_core.reconcile.report import repair_words

    for each in report.findings:
        word = typer.style(f"{each.code:20}", fg=_COLOURS[each.severity])
        typer.echo(f"{word} {printable(each.subject)}: {printable(each.message)} [{repair_words(each.repair)}]")
    for place in report.unknown:
        typer.echo(f"{'not looked at':20} {printable(place.place)}: {printable(place.message)} ({place.code})")
    looked = report.looked
    counted = ", ".join(f"{code} {count}" for code, count in report.counts.items()) or "nothing is wrong"
    typer.echo(f"{looked.rows} rows, {looked.files} files, {looked.objects} objects compared: {counted}")


def _change(
    session: Session, parts: ReconcileParts, project: str, apply: Path | None, undo: str | None, *, as_json: bool
) -> None:
    from onepiece_core.reconcile.apply import apply_plan, undo_plan
    from onepiece_core.reconcile.plan import find_plan, load_plan

    if apply is not None:
        report = apply_plan(load_plan(apply, project, parts.tracker), parts)
    else:
        assert undo is not None
        report = undo_plan(find_plan(undo, project, parts), parts)
    show_results(session, report, as_json=as_json)


def show_results(session: Session, report: ApplyReport, *, as_json: bool, undo: str | None = None) -> None:
    """Tell what became of each repair, and end with what that means."""
    if as_json:
        typer.echo(session.told(report.model_dump(mode="json", by_alias=True)))
    else:
        for each in report.results:
            more = f": {printable(each.message)}" if each.message else ""
            typer.echo(f"{each.outcome:8} {each.code:20} {printable(each.subject)}{more}")
        done = report.count("done", "already", "undone")
        typer.echo(f"{done} of {len(report.results)} done")
        if undo is None and report.count("done", "already"):
            undo = f"--undo {report.operation}"
        if undo is not None:
            session.say(f"{undo} takes it back")
    exit_with(report.count("skipped"), report.count("failed"))
