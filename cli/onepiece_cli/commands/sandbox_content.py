"""``onepiece sandbox seed``, ``snapshot``, ``snapshots`` and ``restore``: what is in a studio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.commands.sandbox_folder import Dir, examples, folder_of
from onepiece_cli.errors import printable
from onepiece_cli.options import Events, Json
from onepiece_cli.session import session_of

if TYPE_CHECKING:
    from onepiece_server.sandbox.shotgrid.seed_plan import SeedRequest
    from onepiece_server.sandbox.snapshots import Snapshot

app = typer.Typer(add_completion=False)

_COUNTED = ("episodes", "sequences", "shots", "assets", "tasks", "versions", "playlists")


@app.command(
    epilog=examples(
        "onepiece sandbox seed --shots 1000 --versions 100000",
        'onepiece sandbox seed --shots 200 --versions 5000 --project "Night Train" --seed 7 --until 2026-06-30',
        "onepiece sandbox seed --shots 1000 --versions 100000 --dry-run --json",
    )
)
def seed(
    ctx: typer.Context,
    shots: Annotated[int, typer.Option("--shots", min=1, max=20_000, help="How many shots.")],
    versions: Annotated[int, typer.Option("--versions", min=0, max=1_000_000, help="How many Versions.")],
    number: Annotated[int, typer.Option("--seed", min=0, help="The same number makes the same show.")] = 1,
    project: Annotated[str, typer.Option("--project", metavar="NAME", help="The project, a new one.")] = "Long Winter",
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="Day of the newest Version; today by default.")
    ] = None,
    thumbnails: Annotated[
        bool, typer.Option("--thumbnails/--no-thumbnails", help="Give shots and Versions pictures.")
    ] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be made, change nothing.")] = False,
    folder: Dir = None,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Make a show of production size in the running studio: the same arguments go on with an interrupted one."""
    import json

    from onepiece_server.sandbox.seeding import apply_seed, plan_seed

    session = session_of(ctx)
    place = folder_of(session, folder)
    request = _request(shots=shots, versions=versions, seed=number, project=project, until=until, thumbnails=thumbnails)
    with session.reporter(events=events is not None) as reporter:
        told = plan_seed(place, request) if dry_run else apply_seed(place, request, reporter)
    if as_json:
        typer.echo(json.dumps(told))
        return
    _show(told, is_plan=dry_run)


def _request(*, until: str | None, **values: Any) -> SeedRequest:
    """Raises UsageError."""
    from datetime import date

    from pydantic import ValidationError

    from onepiece_core.errors import UsageError
    from onepiece_server.sandbox.shotgrid.seed_plan import SeedRequest

    try:
        return SeedRequest(until=date.fromisoformat(until) if until else None, **values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UsageError(f"--{first['loc'][0]}: {first['msg']}.") from error
    except ValueError as error:
        raise UsageError(f"--until: {until!r} is no day like 2026-06-30.") from error


def _show(told: dict[str, Any], *, is_plan: bool) -> None:
    counts = ", ".join(f"{told[name]:,} {name}" for name in _COUNTED)
    if is_plan:
        left = told["steps"] - told["steps_done"]
        typer.echo(printable(f"Would make {told['project']} ({told['code']}): {counts}."))
        if told["steps_done"]:
            typer.echo(f"{told['steps_done']} of {told['steps']} steps are done, {left} are left.")
        return
    typer.echo(printable(f"{told['project']} ({told['code']}) is project {told['project_id']}: {counts}."))


Name = Annotated[str, typer.Argument(metavar="NAME", help="The snapshot.")]


@app.command(epilog=examples("onepiece sandbox snapshot before-the-migration", "onepiece sandbox snapshot day1 --json"))
def snapshot(ctx: typer.Context, name: Name, folder: Dir = None, events: Events = None, as_json: Json = False) -> None:
    """Keep the studio's content under a name; its servers are stopped for a moment."""
    from onepiece_server.sandbox import snapshots as kept

    session = session_of(ctx)
    with session.reporter(events=events is not None) as reporter:
        made = kept.take(folder_of(session, folder), name, reporter)
    typer.echo(made.model_dump_json() if as_json else f"Kept as {_line(made)}.")


@app.command(epilog=examples("onepiece sandbox snapshots", "onepiece sandbox snapshots --delete day1"))
def snapshots(
    ctx: typer.Context,
    delete: Annotated[str | None, typer.Option("--delete", metavar="NAME", help="Remove this one.")] = None,
    folder: Dir = None,
    as_json: Json = False,
) -> None:
    """List the studio's snapshots, or remove one."""
    import json

    from onepiece_server.sandbox import snapshots as kept

    place = folder_of(session_of(ctx), folder)
    if delete is not None:
        kept.delete(place, delete)
    found = kept.list_snapshots(place)
    if as_json:
        rows = [one.model_dump(mode="json") for one in found]
        typer.echo(json.dumps({"schema": "onepiece.sandbox-snapshots.1", "deleted": delete, "snapshots": rows}))
        return
    if delete is not None:
        typer.echo(f"Removed {delete}.")
    for one in found:
        typer.echo(printable(_line(one)))
    if not found and delete is None:
        typer.echo("There are no snapshots.")


@app.command(epilog=examples("onepiece sandbox restore day1 --dry-run", "onepiece sandbox restore day1"))
def restore(
    ctx: typer.Context,
    name: Name,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the snapshot, change nothing.")] = False,
    folder: Dir = None,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Bring a snapshot back in the place of the studio's present content."""
    from onepiece_server.sandbox import snapshots as kept

    session = session_of(ctx)
    place = folder_of(session, folder)
    with session.reporter(events=events is not None) as reporter:
        found = kept.plan_restore(place, name) if dry_run else kept.restore(place, name, reporter)
    if as_json:
        typer.echo(found.model_dump_json())
        return
    typer.echo(printable(f"{'Would bring' if dry_run else 'Brought'} back {_line(found)}."))


def _line(one: Snapshot) -> str:
    options = "".join(f", {name} {value}" for name, value in one.options.unusual().items())
    when = one.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
    return f"{one.name}  {when}  {one.size_bytes / 1e6:,.1f} MB{options}"
