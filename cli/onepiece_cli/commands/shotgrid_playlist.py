"""``onepiece shotgrid package-playlist``: the media of a playlist, ready to be sent."""

from __future__ import annotations

from contextlib import closing
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from onepiece_cli.commands.shotgrid_deliver import absolute, asked_patiently, opened_site, show_problems
from onepiece_cli.errors import printable
from onepiece_cli.many_values import ManyValuesCommand
from onepiece_cli.options import AwsProfile, Events, Json, aws_overrides
from onepiece_cli.outcome import exit_with
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_core.config import Settings
    from onepiece_core.playlist.model import PlaylistPlan, PlaylistRequest

EPILOG = """Examples:

onepiece shotgrid package-playlist --project "Frost Giant" --playlist "Dailies 12" --destination /deliveries
--recipient client --dry-run

onepiece shotgrid package-playlist --project FG --playlist "Turnover 3" --destination /deliveries --recipient vendor
--zip

Media is numbered in the playlist's order. A client gets approved Versions, and the notes that are for clients; nothing
is written when a Version is missing or not approved."""


class Recipient(StrEnum):
    """Whom it is for."""

    CLIENT = "client"
    VENDOR = "vendor"


class Notes(StrEnum):
    """Which notes go along."""

    CLIENT = "client"
    ALL = "all"
    NONE = "none"


class PackageCommand(ManyValuesCommand):
    many: ClassVar[frozenset[str]] = frozenset({"--statuses"})


def package_playlist(
    ctx: typer.Context,
    project: Annotated[str, typer.Option(help="Name or code of the project.")],
    playlist: Annotated[str, typer.Option(help="Its name, or #ID.")],
    destination: Annotated[Path, typer.Option(help="The folder in which the package appears.")],
    recipient: Annotated[Recipient, typer.Option(help="A client gets approved Versions only.")],
    zipped: Annotated[bool, typer.Option("--zip", help="One archive instead of a folder.")] = False,
    name: Annotated[str | None, typer.Option(help="Of the package; else SHOW_PLAYLIST_RECIPIENT.")] = None,
    preset: Annotated[str, typer.Option(help="Which media and checksums: studio, netflix, or a file.")] = "studio",
    statuses: Annotated[
        list[str] | None, typer.Option(metavar="STATUS...", help="What counts as approved; several may follow.")
    ] = None,
    notes: Annotated[
        Notes | None, typer.Option(help="By default a client reads what is for clients, a vendor all.")
    ] = None,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Go on without the Versions that cannot be packaged.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Find and check all media; write nothing.")] = False,
    profile: AwsProfile = None,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Package a playlist's media in its order, ready to be sent: manifests, checksums, contact sheet, notes."""
    from onepiece_core.playlist.model import PlaylistRequest

    request = PlaylistRequest(
        project=project,
        playlist=playlist,
        destination=absolute(destination),
        recipient=recipient.value,
        name=name,
        zipped=zipped,
        preset=preset,
        statuses=tuple(statuses or ()),
        notes=None if notes is None else notes.value,
        leave_out=leave_out,
    )
    session = session_of(ctx)
    settings = session.settings(near=request.destination, overrides=aws_overrides(profile))
    _run(session, settings, request, dry_run=dry_run, events=events is not None, as_json=as_json)


def _run(
    session: Session, settings: Settings, request: PlaylistRequest, *, dry_run: bool, events: bool, as_json: bool
) -> None:
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.errors import NothingToDeliver
    from onepiece_core.journal import Journal
    from onepiece_core.playlist.package import package_playlist as make
    from onepiece_core.playlist.package import refuse
    from onepiece_core.playlist.plan import OPERATION, plan_playlist

    was_there: bool | None = None
    with opened_site(settings) as (tracker, places), session.reporter(events=events) as reporter:
        ask = partial(plan_playlist, request, tracker, places, reporter=reporter)
        plan = asked_patiently(settings, reporter, OPERATION, ask)
        try:
            refuse(plan, leave_out=request.leave_out)
        except NothingToDeliver:
            if not plan.versions:
                raise
        else:
            if not dry_run:
                with closing(Journal(settings.state_dir or default_state_dir(session.environ))) as journal:
                    report = make(plan, journal, places, reporter, leave_out=request.leave_out)
                plan, was_there = report.plan, report.was_there
    _tell(session, plan, was_there, dry_run=dry_run, as_json=as_json)
    exit_with(len(plan.refused), 0)


def _tell(session: Session, plan: PlaylistPlan, was_there: bool | None, *, dry_run: bool, as_json: bool) -> None:
    state = "planned" if dry_run else {None: "refused", True: "there", False: "packaged"}[was_there]
    if as_json:
        typer.echo(session.told({"schema": "onepiece.playlist_report.1", "state": state, **plan.told()}))
        return
    show_problems(session, plan)
    for version in plan.ready:
        typer.echo(printable(f"{version.entries[0].path.partition('/')[0]}  {len(version.entries)} files"))
    told = {
        "planned": "would package",
        "refused": "nothing was written, of",
        "there": "already there, with",
        "packaged": "packaged",
    }[state]
    typer.echo(printable(f"{plan.output}: {told} {len(plan.ready)} Versions, {plan.size_bytes:,} bytes"))
    if plan.notes_left_out:
        typer.echo(f"{plan.notes_left_out} notes are not for the client and are left out (--notes all)")
