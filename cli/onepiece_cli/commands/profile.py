"""``onepiece profile``: the settings in force, and where each one came from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import Json
from onepiece_cli.session import session_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from onepiece_core.config import Settings

app = typer.Typer()

EPILOG = """Examples:

onepiece profile --show-sources

onepiece --config-profile sandbox profile"""


@app.command(epilog=EPILOG)
def profile(
    ctx: typer.Context,
    show_sources: Annotated[
        bool, typer.Option("--show-sources", help="Say where each value came from: file, variable, option.")
    ] = False,
    listing: Annotated[bool, typer.Option("--list", help="Name the profiles that exist, and nothing else.")] = False,
    as_json: Json = False,
) -> None:
    """Show the settings in force, with secrets masked."""
    settings = session_of(ctx).settings()
    if as_json:
        typer.echo(json.dumps(_told(settings, show_sources=show_sources)))
    elif listing:
        _show_names(settings)
    else:
        _show(settings, show_sources=show_sources)


def _told(settings: Settings, *, show_sources: bool) -> dict[str, Any]:
    told = {
        "schema": "onepiece.profile.1",
        "profile": settings.profile,
        "profiles": list(settings.profiles),
        "files": [str(path) for path in settings.files],
        "settings": settings.values(),
        "warnings": [warning.model_dump() for warning in settings.warnings],
    }
    return told | {"sources": settings.sources} if show_sources else told


def _show_names(settings: Settings) -> None:
    for name in settings.profiles:
        typer.echo(printable(f"{name}{' (in force)' if name == settings.profile else ''}"))
    if not settings.profiles:
        typer.echo("No file has a profile. `onepiece sandbox up` makes one that is called sandbox.", err=True)


def _show(settings: Settings, *, show_sources: bool) -> None:
    typer.echo(printable(f"# profile: {settings.profile or 'none'}"))
    for path in settings.files:
        typer.echo(printable(f"# file: {path}"))
    for key, value in _leaves(settings.values()):
        if value is None and not show_sources:
            continue
        line = f"{key} = {'(not set)' if value is None else json.dumps(value)}"
        typer.echo(printable(f"{line:58}  # {settings.sources.get(key, 'default')}" if show_sources else line))


def _leaves(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield above + name, value
