"""``onepiece unpublish``: take a version back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.commands.validate_reconcile import build, show_results
from onepiece_cli.errors import printable
from onepiece_cli.options import AwsProfile, Events, Json
from onepiece_cli.outcome import run_failures_are
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_core.unpublish import Unpublishing

app = typer.Typer(add_completion=False)

EPILOG = """Examples:

onepiece unpublish FG_ep010_sc02_0010_comp_v004 --bucket studio-prod-data --dry-run

onepiece unpublish 4711 --json"""


@app.command(epilog=EPILOG)
def unpublish(
    ctx: typer.Context,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Its name or its id.")],
    project: Annotated[
        str | None, typer.Option("--project", metavar="NAME", help="Where the name is looked up.")
    ] = None,
    bucket: Annotated[
        list[str] | None,
        typer.Option("--bucket", metavar="B", help="Bucket or context that it was published to; repeat it."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell who uses it and what would go; change nothing.")
    ] = False,
    profile: AwsProfile = None,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Retire a version's rows and park its files, on disk and in S3; `onepiece restore` brings all of it back."""
    from onepiece_core.reconcile.apply import apply_plan
    from onepiece_core.unpublish import find_unfinished, plan_unpublish, told

    session = session_of(ctx)
    with run_failures_are(), session.reporter(events=events is not None) as reporter:
        parts = build(session, profile, reporter, None)
        left = None if dry_run else find_unfinished(version, parts)
        if left is None:
            plan = plan_unpublish(version, project, bucket or (), parts)
            _show(session, plan)
            if dry_run:
                if as_json:
                    typer.echo(session.told(told(plan)))
                return
            left = plan.plan
        show_results(session, apply_plan(left, parts), as_json=as_json, undo=f"onepiece restore {version}")


def _show(session: Session, plan: Unpublishing) -> None:
    for use in plan.uses:
        session.say(printable(f"{use.what} {use.how}"))
    actions = plan.plan.repairs[0].actions
    rows = sum(action.kind == "retire_row" for action in actions)
    session.say(
        printable(f"{plan.code}: {rows} rows to retire, {len(actions) - rows} files, folders and objects to park")
    )
