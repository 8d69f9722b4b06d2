"""``onepiece login``: a personal session at ShotGrid, kept in the system's keyring."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from onepiece_cli.errors import printable
from onepiece_cli.session import session_of

app = typer.Typer(add_completion=False)

Site = Annotated[str | None, typer.Option("--site", metavar="URL", help="The site; by default the configured one.")]

EPILOG = """Examples:

onepiece login

onepiece login --site https://studio.shotgrid.autodesk.com --user elif

onepiece login --user elif --password-stdin < password.txt"""


@app.command(epilog=EPILOG)
def login(
    ctx: typer.Context,
    site: Site = None,
    user: Annotated[str | None, typer.Option("--user", metavar="LOGIN", help="Your login at the site.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
    ] = False,
) -> None:
    """Sign in at ShotGrid as yourself. The session is kept in the system's keyring, the password nowhere."""
    from pydantic import SecretStr

    from onepiece_core.tracker.personal import PersonalSession, keep_session

    settings = session_of(ctx).settings()
    url = site_url(site, settings.shotgrid.url)
    name = user or _ask_name()
    password = _read_password() if password_stdin else _ask_password(name, url)
    token = _sign_in(url, name, password, settings.tracker.timeout_seconds, may_ask=not password_stdin)
    keep_session(PersonalSession(site=url, login=name, token=SecretStr(token)))
    typer.echo(printable(f"Signed in at {url} as {name}."))
    if settings.shotgrid.script:
        typer.echo("The configured script is used as long as it is configured.", err=True)


def site_url(named: str | None, configured: str | None) -> str:
    """Raises UsageError."""
    from pydantic import ValidationError

    from onepiece_core.config.models import ShotgridSettings
    from onepiece_core.errors import UsageError

    if named is None and configured is None:
        raise UsageError("No ShotGrid site is configured.", hint="Name it: onepiece login --site URL")
    if named is None:
        return configured or ""
    try:
        return ShotgridSettings(url=named).url or ""
    except ValidationError as error:
        raise UsageError(f"--site {error.errors(include_url=False)[0]['msg']}.") from None


def _ask_name() -> str:
    import getpass

    from onepiece_core.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError("Name your login with --user.", hint="onepiece login --user LOGIN --password-stdin")
    return str(typer.prompt("Login", default=getpass.getuser(), err=True))


def _ask_password(name: str, url: str) -> str:
    from onepiece_core.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask for the password.", hint="Use --password-stdin.")
    return str(typer.prompt(f"Password of {name} at {url}", hide_input=True, err=True))


def _read_password() -> str:
    from onepiece_core.errors import UsageError

    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise UsageError("The first line of stdin holds no password.")
    return password


def _sign_in(url: str, name: str, password: str, seconds: float, *, may_ask: bool) -> str:
    from onepiece_core.errors import TrackerDenied
    from onepiece_core.tracker.personal import sign_in

    try:
        return sign_in(url, name, password, timeout_seconds=seconds)
    except TrackerDenied as error:
        if error.report.context.get("reason") != "one_time_code" or not (may_ask and sys.stdin.isatty()):
            raise
    code = str(typer.prompt("One-time code", hide_input=True, err=True))
    return sign_in(url, name, password, one_time_code=code, timeout_seconds=seconds)
