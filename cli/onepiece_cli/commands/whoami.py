"""``onepiece whoami``: as whom ShotGrid is used."""

from __future__ import annotations

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import Json
from onepiece_cli.session import session_of

app = typer.Typer(add_completion=False)


@app.command(
    epilog="""Examples:

onepiece whoami

onepiece whoami --json"""
)
def whoami(ctx: typer.Context, as_json: Json = False) -> None:
    """Show as whom ShotGrid is used here: a person who signed in, or the configured script. Asks the site."""
    from onepiece_core.errors import TrackerNotConfigured
    from onepiece_core.tracker.opening import find_personal, open_tracker

    session = session_of(ctx)
    settings = session.settings()
    tracker = open_tracker(settings.shotgrid, settings.tracker)
    if tracker is None:
        raise TrackerNotConfigured("No ShotGrid site is configured.", hint="`onepiece profile` shows the settings.")
    tracker.check_credentials()
    personal = find_personal(settings.shotgrid)
    told = {
        "schema": "onepiece.whoami.1",
        "site": tracker.url,
        "kind": "person" if personal else "script",
        "login": personal.login if personal else settings.shotgrid.script,
    }
    if as_json:
        typer.echo(session.told(told))
        return
    typer.echo(printable(f"{told['login']} ({told['kind']}) at {told['site']}"))
