"""``onepiece sandbox seed``: what is in a studio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.commands.sandbox_folder import Dir, examples, folder_of
from onepiece_cli.errors import printable
from onepiece_cli.options import Events, Json
from onepiece_cli.session import session_of

if TYPE_CHECKING:
    from onepiece_server.sandbox.shotgrid.seed_plan import SeedRequest

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
