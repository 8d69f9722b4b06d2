"""The root command and its options."""

from __future__ import annotations

from typing import Annotated

import typer

from onepiece_cli.lazy import LazyGroup
from onepiece_cli.session import Session

HELP = "OnePiece: publish, ingest, deliver and render for VFX and animation without losing anything."


def build() -> typer.Typer:
    """The command line, with no command module imported yet."""
    app = typer.Typer(name="onepiece", cls=LazyGroup, help=HELP, pretty_exceptions_enable=False)
    app.callback()(root)
    return app


def _show_version(asked: bool) -> None:
    if asked:
        from onepiece_core import __version__

        typer.echo(f"onepiece {__version__}")
        raise typer.Exit


def root(
    ctx: typer.Context,
    config_profile: Annotated[
        str | None,
        typer.Option("--config-profile", metavar="NAME", help="Profile of onepiece.toml; beats the environment."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the log, and tracebacks of bugs.")] = False,
    log_json: Annotated[bool, typer.Option("--log-json", help="Write the log as JSON lines on stderr.")] = False,
    version: Annotated[  # noqa: ARG001 - answered by its callback, before a command is missed
        bool,
        typer.Option("--version", "-V", help="Print the version and exit.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    session = ctx.ensure_object(Session)
    session.config_profile = config_profile
    session.verbose = verbose
    session.log_json = log_json
    session.start_log()
