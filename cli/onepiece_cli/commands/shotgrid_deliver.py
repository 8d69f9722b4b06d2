"""``onepiece shotgrid deliver``: approved Versions to a client or vendor."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

import typer

from onepiece_cli.errors import printable, show_warnings
from onepiece_cli.many_values import ManyValuesCommand
from onepiece_cli.options import AwsProfile, Events, Json, aws_overrides
from onepiece_cli.outcome import exit_with
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_core.config import Settings
    from onepiece_core.deliver.apply import DeliverParts, DeliveryReport
    from onepiece_core.deliver.media import Places
    from onepiece_core.deliver.model import DeliverRequest, DeliveryPlan
    from onepiece_core.progress import Reporter
    from onepiece_core.tracker.tracker import Tracker

T = TypeVar("T")

EPILOG = """Examples:

onepiece shotgrid deliver --project "Frost Giant" --episodes EP01 EP02 --context vendor_out
--output /tmp/frost_giant_vendor_out.zip --manifest /tmp/frost_giant_vendor_out_manifest

onepiece shotgrid deliver --project FG --context client_out --output client.zip --preset netflix --dry-run

The same command again goes on with what was stopped; the same content gives the same bytes."""


class Form(StrEnum):
    """What the delivery is."""

    ZIP = "zip"
    FOLDER = "folder"


class DeliverCommand(ManyValuesCommand):
    many: ClassVar[frozenset[str]] = frozenset({"--episodes", "--statuses"})


def deliver(
    ctx: typer.Context,
    project: Annotated[str, typer.Option(help="Name or code of the project.")],
    output: Annotated[Path, typer.Option(help="The archive or folder to write.")],
    context: Annotated[str, typer.Option(help="Where it is uploaded: vendor_out, client_out, or a bucket.")],
    episodes: Annotated[
        list[str] | None, typer.Option(metavar="CODE...", help="Only these episodes; several may follow.")
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option(metavar="P", help="Keep the manifests as P.json and P.csv, too.")
    ] = None,
    preset: Annotated[str, typer.Option(help="What the client asks for: studio, netflix, or a file.")] = "studio",
    statuses: Annotated[
        list[str] | None, typer.Option(metavar="STATUS...", help="What counts as approved; by default the preset's.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Only Versions that were made, approved or edited since.")
    ] = None,
    naming: Annotated[
        str | None,
        typer.Option(metavar="TEMPLATE", help="Names in the delivery: `{show}_{shot}_v{version}.{frame}.{ext}`."),
    ] = None,
    renumber: Annotated[bool, typer.Option("--renumber", help="Frames start at the preset's first frame.")] = False,
    form: Annotated[Form, typer.Option("--format", help="One archive, or a folder.")] = Form.ZIP,
    require_hash: Annotated[
        bool, typer.Option("--require-hash", help="Refuse a Version whose publish recorded no hash.")
    ] = False,
    upstream_manifest: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Manifest that came with the media: its hashes must hold. Can be repeated."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every Version and byte; write nothing.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what was stopped; the same command does so by itself, too.")
    ] = False,
    profile: AwsProfile = None,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Pack approved Versions, prove every byte, upload, and record the Delivery in ShotGrid."""
    del resume  # what is packed, sent and registered is found again in any case
    from onepiece_core.deliver.model import DeliverRequest

    request = DeliverRequest(
        project=project,
        context=context,
        output=absolute(output),
        episodes=tuple(episodes or ()),
        manifest=None if manifest is None else absolute(manifest),
        preset=preset,
        statuses=tuple(statuses or ()),
        since=_time(since),
        naming=naming,
        renumber=renumber,
        format=form.value,
        require_hash=require_hash,
        upstream=tuple(absolute(path) for path in upstream_manifest or ()),
    )
    session = session_of(ctx)
    settings = session.settings(near=request.output.parent, overrides=aws_overrides(profile))
    if dry_run:
        _dry_run(session, request, settings, events=events is not None, as_json=as_json)
    else:
        _deliver(session, request, settings, events=events is not None, as_json=as_json)


def absolute(path: Path) -> Path:
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - links are kept as they were named


def _time(text: str | None) -> datetime | None:
    from onepiece_core.errors import UsageError

    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as cause:
        raise UsageError(f"{text!r} is no date", hint="Write it like 2026-03-01 or 2026-03-01T12:00.") from cause
    return at if at.tzinfo else at.astimezone().astimezone(UTC)


@contextmanager
def opened_site(settings: Settings) -> Iterator[tuple[Tracker, Places]]:
    from onepiece_core.config.sandbox_use import refuse_mixed
    from onepiece_core.deliver.media import Places
    from onepiece_core.system import this_system
    from onepiece_core.tracker.opening import get_tracker

    refuse_mixed(settings)
    tracker = get_tracker(settings.shotgrid, settings.tracker)
    places = Places(settings.aws, settings.contexts, settings.roots_for(this_system()), settings.publish.bucket)
    with closing(places):
        yield tracker, places


def asked_patiently(settings: Settings, reporter: Reporter, operation: str, ask: Callable[[], T]) -> T:
    """``ask()``, which is asked again while the site is busy."""
    from onepiece_core.tracker.bulk import BulkTiming
    from onepiece_core.tracker.patience import patiently
    from onepiece_core.tracker.retry import SystemClock

    timing = BulkTiming(SystemClock(), settings.tracker.settle_seconds, settings.tracker.timeout_seconds)
    return patiently(ask, timing, reporter, operation)


def _planned(
    request: DeliverRequest, settings: Settings, tracker: Tracker, places: Places, reporter: Reporter
) -> DeliveryPlan:
    from onepiece_core.deliver.plan import OPERATION, plan_delivery

    ask = partial(plan_delivery, request, tracker, places, reporter=reporter)
    return asked_patiently(settings, reporter, OPERATION, ask)


def _dry_run(session: Session, request: DeliverRequest, settings: Settings, *, events: bool, as_json: bool) -> None:
    from onepiece_core.deliver.plan import check_bytes

    with opened_site(settings) as (tracker, places), session.reporter(events=events) as reporter:
        plan = _planned(request, settings, tracker, places, reporter)
        plan = check_bytes(plan, places, reporter)
    if as_json:
        typer.echo(session.told({"schema": "onepiece.delivery_plan.1", "dry_run": True, **plan.told()}))
    else:
        for version in plan.ready:
            typer.echo(
                printable(f"deliver  {version.code}  {len(version.entries)} files, {version.size_bytes:,} bytes")
            )
        typer.echo(f"would deliver {len(plan.ready)} Versions, {plan.size_bytes:,} bytes, to {plan.place.uri}")
        show_problems(session, plan)
    exit_with(len(plan.refused) or (0 if plan.ready else 1), 0)


def _deliver(session: Session, request: DeliverRequest, settings: Settings, *, events: bool, as_json: bool) -> None:
    from onepiece_core.deliver.apply import apply_delivery
    from onepiece_core.notify.pending import send_waiting

    with opened_site(settings) as (tracker, places), session.reporter(events=events) as reporter:
        plan = _planned(request, settings, tracker, places, reporter)
        with _parts(session, settings, plan, tracker, places, reporter) as parts:
            report = apply_delivery(plan, parts, on_delivered=lambda done: _queue(settings, parts, done))
            warnings = send_waiting(parts.journal, settings)
    if as_json:
        told = [warning.model_dump() for warning in warnings]
        typer.echo(
            session.told(
                {
                    "schema": "onepiece.delivery_report.1",
                    **report.told(),
                    "receipt": str(report.receipt),
                    "warnings": told,
                }
            )
        )
    else:
        _show(session, report)
        show_warnings(warnings)
    exit_with(len(report.plan.refused), 0)


def _queue(settings: Settings, parts: DeliverParts, report: DeliveryReport) -> None:
    from onepiece_core.notify.outbox import Message, queue_by_rule, queue_messages

    plan = report.plan
    names = "\n".join(version.code for version in report.delivered)
    subject = f"{plan.project.get('name')}: {len(report.delivered)} Versions delivered to {plan.request.context}"
    # The same delivery again is the same message.
    key = f"{plan.show_code}-{report.delivery}-{report.xxh128 or report.operation}"
    text, rule = f"{plan.place.uri}\n{names}", settings.notify.rules.get("delivery_sent")
    if rule is None:
        queue_messages(parts.journal, settings.notify, key, subject, text)
    else:
        queue_by_rule(parts.journal, settings.notify, rule, Message(key, subject, text, "delivery_sent"))


@contextmanager
def _parts(
    session: Session, settings: Settings, plan: DeliveryPlan, tracker: Tracker, places: Places, reporter: Any
) -> Iterator[DeliverParts]:
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.deliver.apply import DeliverParts
    from onepiece_core.journal import Journal
    from onepiece_core.storage.engines.choose import open_engine

    folder = settings.state_dir or default_state_dir(session.environ)
    store = places.store(plan.place.bucket)
    with closing(Journal(folder)) as journal:
        yield DeliverParts(
            tracker,
            journal,
            store,
            open_engine("pool", store, state_dir=folder),
            places,
            reporter,
            settle_seconds=settings.tracker.settle_seconds,
            timeout_seconds=settings.tracker.timeout_seconds,
        )


def _show(session: Session, report: DeliveryReport) -> None:
    show_problems(session, report.plan)
    output = report.plan.request.output
    there = " (was there already)" if report.was_there else ""
    typer.echo(printable(f"{output}: {len(report.delivered)} Versions, {report.size_bytes:,} bytes{there}"))
    for sent in report.sent if len(report.sent) < 5 else ():
        typer.echo(printable(f"{sent.uri}{' (was there already)' if sent.was_there else ''}"))
    typer.echo(f"Delivery {report.delivery} in ShotGrid; receipt: {printable(str(report.receipt))}")


def show_problems(session: Session, plan: DeliveryPlan) -> None:
    for version in plan.versions:
        for problem in version.problems:
            word = "refused" if problem.severity == "error" else "warning"
            session.say(printable(f"{word}  {version.code}: {problem.message} ({problem.code})"))
