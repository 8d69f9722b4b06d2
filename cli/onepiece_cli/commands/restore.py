"""``onepiece restore``: bring back a version that was unpublished."""

from __future__ import annotations

from typing import Annotated

import typer

from onepiece_cli.commands.validate_reconcile import build, show_results
from onepiece_cli.options import AwsProfile, Events, Json
from onepiece_cli.outcome import run_failures_are
from onepiece_cli.session import session_of

app = typer.Typer(add_completion=False)

EPILOG = """Examples:

onepiece restore FG_ep010_sc02_0010_comp_v004"""


@app.command(epilog=EPILOG)
def restore(
    ctx: typer.Context,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Its name or its id, or the operation's id.")],
    profile: AwsProfile = None,
    events: Events = None,
    as_json: Json = False,
) -> None:
    """Bring back what `onepiece unpublish` took away on this machine: rows, files with their times, objects."""
    from onepiece_core.unpublish import restore as bring_back

    session = session_of(ctx)
    with run_failures_are(), session.reporter(events=events is not None) as reporter:
        show_results(session, bring_back(version, build(session, profile, reporter, None)), as_json=as_json)
