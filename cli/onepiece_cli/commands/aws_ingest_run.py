"""One ingest from its options to what is told about it."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from onepiece_cli.errors import printable, show_warnings
from onepiece_cli.outcome import exit_with
from onepiece_cli.session import Session
from onepiece_cli.telling import telling

if TYPE_CHECKING:
    from onepiece_core.config import Settings
    from onepiece_core.ingest.model import DropItem, DropPlan, FileReport, IngestReport
    from onepiece_core.ingest.request import IngestRequest
    from onepiece_core.ingest.run import Outputs, Ran

# So many lines of refused files stand on a terminal; the report has them all.
_MAX_LINES = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of one ingest."""

    folder: Path
    project: str
    show_code: str
    source: str
    bucket: str
    overrides: dict[str, Any]
    manifest: Path | None
    preset: str
    mapping: str | None
    dry_run: bool
    quick: bool
    report_format: str | None
    report_path: Path | None
    resume: bool
    max_workers: int
    quarantine: Path | None
    allow_missing: bool
    thumbnails: bool
    review_movies: bool
    watch: bool
    quiet_seconds: float
    has_events: bool
    as_json: bool


def run_asked(session: Session, asked: Asked) -> None:
    """Look, take in, or watch; and end with what came of it."""
    from onepiece_core.errors import UsageError

    if asked.quick and not asked.dry_run:
        raise UsageError("--quick is only for --dry-run: what is taken in is looked at whole.")
    if asked.watch and asked.dry_run:
        raise UsageError("--watch and --dry-run do not go together.")
    settings = session.settings(near=asked.folder, overrides=asked.overrides)
    request, outputs = request_of(asked, settings), outputs_of(asked)
    if asked.watch:
        from onepiece_cli.commands.aws_ingest_watch import run_watch

        run_watch(session, asked, request, outputs, settings)
    elif asked.dry_run:
        _dry_run(session, asked, request, outputs, settings)
    else:
        _take_in(session, asked, request, outputs, settings)


def request_of(asked: Asked, settings: Settings) -> IngestRequest:
    """Raises UsageError for names that make no place."""
    from onepiece_core.errors import UsageError
    from onepiece_core.ingest.request import IngestRequest
    from onepiece_core.storage.places import checked_prefix, resolve_bucket

    show_code = checked_prefix(asked.show_code)
    if not show_code or "/" in show_code:
        raise UsageError(f"{asked.show_code!r} is no show code.", hint="Write it like FG.")
    place = resolve_bucket(asked.bucket, settings.contexts)
    return IngestRequest(
        folder=Path(os.path.abspath(asked.folder.expanduser())),  # noqa: PTH100 - links are kept as they were named
        project=asked.project,
        show_code=show_code,
        source=asked.source,
        bucket=place.bucket,
        prefix=place.prefix,
        manifest=asked.manifest,
        preset=asked.preset,
        mapping=asked.mapping,
        allow_missing=asked.allow_missing,
        max_workers=asked.max_workers,
        resume=asked.resume,
        thumbnails=asked.thumbnails,
        review_movies=asked.review_movies,
    )


def outputs_of(asked: Asked) -> Outputs:
    from onepiece_core.ingest.run import Outputs, form_of

    path, form = asked.report_path, form_of(asked.report_format, asked.report_path)
    if path is None and asked.report_format is not None and not asked.watch:
        path = Path(f"{asked.folder.resolve().name}_report.{form}")
    return Outputs(path, form, asked.quarantine)


def _dry_run(session: Session, asked: Asked, request: IngestRequest, outputs: Outputs, settings: Settings) -> None:
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.ingest.build import plan_drop
    from onepiece_core.ingest.report import Told, build_report, problems_refused
    from onepiece_core.ingest.run import write_dry_report
    from onepiece_core.progress import Warned
    from onepiece_core.tracker.opening import open_tracker

    tracker = open_tracker(settings.shotgrid, settings.tracker)
    depth: Any = "first-bytes" if asked.quick else "structure"
    with session.reporter(events=asked.has_events) as reporter:
        planned = plan_drop(request, settings, reporter, tracker=tracker, depth=depth)
    told = Told()
    if planned.tracker_away is not None:
        told.warnings.append(Warned(**planned.tracker_away.model_dump(include={"code", "message", "hint"})))
    report = build_report(planned.plan, request, told)
    path = write_dry_report(report, planned.plan, outputs, settings.state_dir or default_state_dir(session.environ))
    if asked.as_json:
        typer.echo(session.told(report.model_dump(mode="json", by_alias=True)))
    else:
        typer.echo("\n".join(_planned_lines(planned.plan, request)))
        _show_refused(session, report)
        show_warnings(told.warnings)
        typer.echo(
            f"would upload {report.summary['ok']} files, {_bytes(planned.plan)} bytes;"
            f" skip {report.summary['skipped']}, refuse {report.summary['refused']}"
        )
        if path is not None:
            typer.echo(f"report: {printable(str(path))}")
    exit_with(report.summary["refused"] + problems_refused(report), 0)


def _bytes(plan: DropPlan) -> str:
    return f"{sum(item.size_bytes for item in plan.ready()):,}"


def _planned_lines(plan: DropPlan, request: IngestRequest) -> Iterator[str]:
    for item in plan.items:
        what = "refuse" if item.is_refused else "upload"
        yield printable(f"{what}  {_told(item)}")
        if not item.is_refused:
            yield printable(f"        -> {request.place.uri}/{item.pattern}")
        for problem in item.problems:
            if problem.severity == "warning":
                yield printable(f"        warning: {problem.message} ({problem.code})")


def _told(item: DropItem) -> str:
    from onepiece_core.frames import format_ranges
    from onepiece_core.shown import shown

    frames = f"  {format_ranges(item.sequence.frames)}" if item.sequence is not None else ""
    return f"{shown(item.pattern)}{frames}  {len(item.files)} files, {item.size_bytes:,} bytes"


def _take_in(session: Session, asked: Asked, request: IngestRequest, outputs: Outputs, settings: Settings) -> None:
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.ingest.report import problems_refused
    from onepiece_core.ingest.run import run_ingest

    with telling(session, settings), _told_when_stopped(), session.reporter(events=asked.has_events) as reporter:
        ran = run_ingest(request, settings, default_state_dir(session.environ), reporter, outputs)
    if asked.has_events:
        sys.stderr.write(json.dumps({"event": "summary", **ran.report.summary}) + "\n")
    if asked.as_json:
        told = ran.report.model_dump(mode="json", by_alias=True)
        typer.echo(session.told({**told, "report": str(ran.report_path), "mhl": str(ran.mhl) if ran.mhl else None}))
    else:
        show_ran(session, ran)
    exit_with(ran.report.summary["refused"] + problems_refused(ran.report), ran.report.summary["failed"])


@contextmanager
def _told_when_stopped() -> Iterator[None]:
    """A run that was stopped says how to go on."""
    from onepiece_core.errors import OperationCancelled

    try:
        yield
    except OperationCancelled as error:
        command = shlex.join(["onepiece", *sys.argv[1:]])
        raise OperationCancelled(
            "The ingest was stopped; what has arrived stays.",
            hint=f"Go on with the same command, what has begun is continued: {command}",
            **error.report.context,
        ) from error


def show_ran(session: Session, ran: Ran) -> None:
    """Invalid files, then what was uploaded and skipped, then where it is told."""
    summary = ran.report.summary
    _show_refused(session, ran.report)
    _show_quarantined(session, ran)
    from onepiece_core.progress import Warned

    show_warnings(Warned(**each) for each in summary["warnings"])
    rate = summary["bytes_uploaded"] / summary["seconds"] / 1e6 if summary["seconds"] else 0.0
    typer.echo(
        f"uploaded {summary['uploaded']}, skipped {summary['skipped']}, refused {summary['refused']},"
        f" failed {summary['failed']}; {summary['bytes_uploaded']:,} bytes in {summary['seconds']:.1f} s"
        f" ({rate:.1f} MB/s); {summary['versions']} Versions in ShotGrid"
    )
    typer.echo(f"report: {printable(str(ran.report_path))}")
    if ran.mhl is not None:
        typer.echo(f"ASC MHL: {printable(str(ran.mhl))}")


def _show_refused(session: Session, report: IngestReport) -> None:
    """What a person has to look at: the same reason of one folder is told once."""
    for problem in report.summary["problems"]:
        word = "refused" if problem["severity"] == "error" else "warning"
        line = f"line {problem['line']}: " if problem["line"] else ""
        session.say(printable(f"{word}  {line}{problem['message']} ({problem['code']})"))
    groups: dict[tuple[str, str, str], list[FileReport]] = {}
    for file in report.files:
        if file.verdict == "refused":
            where = file.path.rpartition("/")[0]
            groups.setdefault((where, file.code or "", file.message or ""), []).append(file)
    for number, ((_, code, message), files) in enumerate(groups.items()):
        if number == _MAX_LINES:
            session.say(f"... and {len(groups) - number} more reasons: see the report")
            break
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        session.say(printable(f"refused  {files[0].path}{more}: {message} ({code})"))


def _show_quarantined(session: Session, ran: Ran) -> None:
    if ran.quarantined is None:
        return
    done = ran.quarantined
    session.say(f"quarantine: {done.copied} copied, {done.there} there already")
    for path, why in done.left[:_MAX_LINES]:
        session.say(printable(f"quarantine: {path} was not copied: {why}"))
