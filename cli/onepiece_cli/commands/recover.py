"""``onepiece recover``: go on with publishes and ingests whose process is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import AwsProfile, Events, Json, aws_overrides
from onepiece_cli.session import Session, session_of
from onepiece_cli.telling import telling

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onepiece_core.ingest.parts import RegisterParts
    from onepiece_core.publish.parts import PublishParts
    from onepiece_core.publish.recover import Recovered, Unfinished

app = typer.Typer(add_completion=False)

EPILOG = """Examples:

onepiece recover

onepiece recover --list

onepiece recover --list s3://studio-prod-data/vfx/FG

onepiece recover --adopt pub-0123456789abcdef0123 --at /projects/FG/publish"""


@app.command(epilog=EPILOG)
def recover(
    ctx: typer.Context,
    place: Annotated[
        str | None, typer.Argument(metavar="[PLACE]", help="With --list: a folder or s3:// URI instead of the journal.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="Show what is unfinished; change nothing.")] = False,
    adopt: Annotated[
        str | None, typer.Option("--adopt", metavar="ID", help="Go on with a publish of another machine.")
    ] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="PLACE", help="Where the record of --adopt lies.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="The same as --list.")] = False,
    profile: AwsProfile = None,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Complete every interrupted publish, discard those whose inputs are gone, register drops that wait for it."""
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.publish.build import build_parts

    _check(place, listing or dry_run, adopt, at)
    session = session_of(ctx)
    settings = session.settings(overrides=aws_overrides(profile))
    with session.reporter(events=events is not None) as reporter:
        parts = build_parts(settings, default_state_dir(session.environ), reporter)
        if listing or dry_run:
            _show_list(_list(place, parts), session, as_json=as_json)
        else:
            with telling(session, settings):
                _show_done(_run(adopt, at, parts), session, as_json=as_json)


def _check(place: str | None, listing: bool, adopt: str | None, at: str | None) -> None:
    from onepiece_core.errors import UsageError

    if place is not None and not listing:
        raise UsageError("A place is only for --list.", hint="`onepiece recover --adopt ID --at PLACE` goes on there.")
    if (adopt is None) != (at is None):
        raise UsageError("--adopt and --at go together.", hint="onepiece recover --adopt ID --at PLACE")


def _list(place: str | None, parts: PublishParts) -> Iterable[Unfinished]:
    from onepiece_core.ingest.recover import list_ingests
    from onepiece_core.publish.recover import list_journal, list_place

    if place is not None:
        return list_place(place, parts)
    return [*list_journal(parts), *list_ingests(parts.journal)]


def _run(adopted: str | None, at: str | None, parts: PublishParts) -> Iterable[Recovered]:
    from itertools import chain

    from onepiece_core.ingest.recover import recover_ingests
    from onepiece_core.publish.recover import adopt, recover_all

    if adopted is not None and at is not None:
        return [adopt(adopted, at, parts)]
    return chain(recover_all(parts), recover_ingests(register_parts(parts)))


def register_parts(parts: PublishParts) -> RegisterParts:
    """The same journal and tracker, for what ingests left."""
    from onepiece_core.ingest.parts import RegisterParts

    options = parts.options
    return RegisterParts(
        parts.journal,
        parts.tracker,
        parts.reporter,
        parts.clock,
        settle_seconds=options.settle_seconds,
        timeout_seconds=options.timeout_seconds,
    )


def _show_list(found: Iterable[Unfinished], session: Session, *, as_json: bool) -> None:
    rows = list(found)
    if as_json:
        told = {"schema": "onepiece.unfinished.1", "operations": [row.model_dump(mode="json") for row in rows]}
        typer.echo(session.told(told))
        return
    for row in rows:
        note = "can be adopted" if row.adoptable else "in use"
        typer.echo(printable(f"{row.scene_name}  {row.state}  {row.operation}  {row.user}@{row.host}  {note}"))
        typer.echo(printable(f"    {row.place}"))
    if not rows:
        typer.echo("Nothing is unfinished.")


def _show_done(recovered: Iterable[Recovered], session: Session, *, as_json: bool) -> None:
    """One line an operation as it ends. Raises the first failure when all are done."""
    from onepiece_core.errors import OnePieceError, PublishError

    rows: list[Recovered] = []
    for row in recovered:
        rows.append(row)
        if not as_json:
            typer.echo(printable(f"{row.scene_name}  {row.outcome}"))
            if row.error is not None:
                typer.echo(printable(f"    {row.error.message} ({row.error.code})"))
    if as_json:
        told = {"schema": "onepiece.recover.1", "operations": [row.model_dump(mode="json") for row in rows]}
        typer.echo(session.told(told))
    elif not rows:
        typer.echo("Nothing is unfinished.")
    failed = [row for row in rows if row.outcome == "failed"]
    if failed:
        first = failed[0].error
        error: OnePieceError = PublishError(
            f"{len(failed)} of {len(rows)} operations could not be completed.",
            hint=first.hint if first else None,
            operations=[row.operation for row in failed],
        )
        raise error
