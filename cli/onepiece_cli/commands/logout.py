"""``onepiece logout``: forget the personal session."""

from __future__ import annotations

import typer

from onepiece_cli.commands.login import Site, site_url
from onepiece_cli.errors import printable
from onepiece_cli.session import session_of

app = typer.Typer(add_completion=False)


@app.command(
    epilog="""Examples:

onepiece logout

onepiece logout --site https://studio.shotgrid.autodesk.com"""
)
def logout(ctx: typer.Context, site: Site = None) -> None:
    """Forget the personal ShotGrid session of this machine's keyring."""
    from onepiece_core.tracker.personal import forget_session

    url = site_url(site, session_of(ctx).settings().shotgrid.url)
    was_there = forget_session(url)
    typer.echo(printable(f"Signed out at {url}." if was_there else f"Nobody was signed in at {url}."))
