"""``onepiece sandbox open``: the page that looks into the sandbox's ShotGrid, in a browser."""

from __future__ import annotations

from typing import Annotated

import typer

from onepiece_cli.commands.sandbox_folder import Dir, examples, folder_of
from onepiece_cli.options import Json
from onepiece_cli.session import session_of

EPILOG = examples("onepiece sandbox open", "onepiece sandbox open --print --dir /tmp/studio")


def open_page(
    ctx: typer.Context,
    folder: Dir = None,
    print_only: Annotated[bool, typer.Option("--print", help="Print the address and open no browser.")] = False,
    as_json: Json = False,
) -> None:
    """Look into the running sandbox's ShotGrid with a browser: rows, media, fields, events, calls; read-only.

    The address holds a ticket that is good for one minute and one browser.
    """
    from onepiece_server.sandbox.opening import page_address

    session = session_of(ctx)
    place = folder_of(session, folder)
    address = page_address(place)
    if as_json:
        import json

        typer.echo(json.dumps({"schema": "onepiece.sandbox-open.1", "dir": str(place), "url": address}))
    elif print_only or not _opened(address):
        typer.echo(address)
    else:
        session.say("The page opens in your browser.")


def _opened(address: str) -> bool:
    """Whether there is a browser that takes the address."""
    import webbrowser

    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False
