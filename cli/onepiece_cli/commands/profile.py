"""``onepiece profile``: the settings in force."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import Json
from onepiece_cli.session import session_of

if TYPE_CHECKING:
    from onepiece_core.config import Settings

app = typer.Typer(add_completion=False)

EPILOG = """Examples:

onepiece profile

onepiece profile --show-sources

onepiece --config-profile sandbox profile --json

onepiece profile --list"""


@app.command(epilog=EPILOG)
def profile(
    ctx: typer.Context,
    show_sources: Annotated[
        bool, typer.Option("--show-sources", help="Say for each value which file or variable it came from.")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="Name the profiles that the files hold.")] = False,
    as_json: Json = False,
) -> None:
    """Show the settings in force, with every secret masked."""
    session = session_of(ctx)
    settings = session.settings()
    if as_json:
        typer.echo(session.told(_told(settings, show_sources=show_sources)))
    elif list_:
        _show_names(settings)
    else:
        _show(settings, show_sources=show_sources)


def _values(settings: Settings) -> dict[str, Any]:
    """Masked, also where somebody put a password into an address."""
    from onepiece_cli.info.services import without_password

    values = settings.values()
    for table, key in (("shotgrid", "url"), ("aws", "endpoint_url")):
        values[table][key] = without_password(values[table][key])
    return values


def _told(settings: Settings, *, show_sources: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "schema": "onepiece.profile.1",
        "profile": settings.profile,
        "profiles": list(settings.profiles),
        "files": [str(path) for path in settings.files],
        "settings": _values(settings),
        "warnings": [warning.model_dump() for warning in settings.warnings],
    }
    return told | {"sources": settings.sources} if show_sources else told


def _show_names(settings: Settings) -> None:
    for name in settings.profiles:
        typer.echo(printable(f"{'*' if name == settings.profile else ' '} {name}"))
    if not settings.profiles:
        typer.echo("No onepiece.toml holds a profile.")


def _show(settings: Settings, *, show_sources: bool) -> None:
    typer.echo(printable(f"profile   {settings.profile or 'none'}"))
    for path in settings.files:
        typer.echo(printable(f"file      {path}"))
    typer.echo("")
    rows = [(key, value) for key, value in _leaves(_values(settings)) if value not in (None, {}, [])]
    width = max(len(key) for key, _ in rows)
    for key, value in rows:
        source = f"   # {_source(settings, key)}" if show_sources else ""
        typer.echo(printable(f"{key:{width}} = {json.dumps(value, ensure_ascii=False)}{source}"))


def _source(settings: Settings, key: str) -> str:
    """A list or an empty table carries its source at the nearest key above."""
    while key not in settings.sources and "." in key:
        key = key.rpartition(".")[0]
    return settings.sources.get(key, "default")


def _leaves(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
