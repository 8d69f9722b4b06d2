"""``onepiece server credentials``: keys are made, listed, revoked and renewed; a secret is shown once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from onepiece_cli.commands.sandbox_folder import examples
from onepiece_cli.errors import printable
from onepiece_cli.options import Json
from onepiece_cli.render.opening import state_dir_of
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_server.auth.keys import Role
    from onepiece_server.auth.storage import MadeKey

ADD_EPILOG = examples(
    "onepiece server credentials add ann",
    "onepiece server credentials add wrangler --role render:read --role render:submit --role render:manage --days 90",
)
LIST_EPILOG = examples("onepiece server credentials list", "onepiece server credentials list --json")
REVOKE_EPILOG = examples("onepiece server credentials revoke ann")
ROTATE_EPILOG = examples("onepiece server credentials rotate ann --json")

Key = Annotated[str, typer.Argument(metavar="KEY", help="Name of the key: letters, digits, - and _.")]


class RoleName(StrEnum):
    """What a key may do."""

    READ = "render:read"
    SUBMIT = "render:submit"
    MANAGE = "render:manage"
    INGEST = "ingest:read"
    REVIEW = "review:read"
    DASHBOARD = "dashboard:read"
    ADMIN = "dashboard:manage"


def add(
    ctx: typer.Context,
    key: Key,
    role: Annotated[
        list[RoleName] | None,
        typer.Option("--role", help="What it may do; repeat it. Else render:read and render:submit."),
    ] = None,
    days: Annotated[
        float | None, typer.Option(min=0.001, max=36_500, help="How long it is valid; else for ever.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a key. Its secret is shown now and never again; a running server takes the key at once."""
    from pydantic import ValidationError

    from onepiece_core.errors import UsageError
    from onepiece_server.auth.storage import add_key

    session = session_of(ctx)
    roles = [str(each) for each in role or (RoleName.READ, RoleName.SUBMIT)]
    try:
        made = add_key(_file(session), key, cast("list[Role]", roles), days=days)
    except ValidationError as cause:
        raise UsageError("A key is 1 to 64 letters, digits, - and _.") from cause
    _show(made, session, as_json=as_json)


def list_keys(ctx: typer.Context, as_json: Json = False) -> None:
    """Name the keys, what each may do and when it ends. Secrets are not kept, so none is shown."""
    from onepiece_cli.render.shape import moment, table
    from onepiece_server.auth import storage

    session = session_of(ctx)
    found = storage.list_keys(_file(session))
    if as_json:
        told = [{"key": each.key, "roles": sorted(each.roles), "expires_at": each.expires_at} for each in found]
        typer.echo(session.told({"keys": told}))
    elif found:
        rows = [(each.key, ", ".join(sorted(each.roles)), moment(each.expires_at) or "never") for each in found]
        table(("key", "may", "ends"), rows)
    else:
        typer.echo("No keys: `onepiece server credentials add NAME`.")


def revoke(ctx: typer.Context, key: Key, as_json: Json = False) -> None:
    """Take a key away; a running server lets it in no more, and the browsers that signed in with it neither."""
    from onepiece_server.auth.storage import revoke_key

    session = session_of(ctx)
    revoke_key(_file(session), key)
    typer.echo(session.told({"revoked": key}) if as_json else f"{printable(key)} is revoked.")


def rotate(ctx: typer.Context, key: Key, as_json: Json = False) -> None:
    """Give a key a new secret; it keeps its roles, and the old secret ends at once."""
    from onepiece_server.auth.storage import rotate_key

    session = session_of(ctx)
    _show(rotate_key(_file(session), key), session, as_json=as_json)


def _file(session: Session) -> Path:
    from onepiece_server.run import credential_file

    settings = session.settings()
    return credential_file(settings, state_dir_of(session, settings))


def _show(made: MadeKey, session: Session, *, as_json: bool) -> None:
    told: dict[str, Any] = {"key": made.key, "secret": made.secret}
    if as_json:
        typer.echo(session.told(told))
        return
    typer.echo(f"TRAFALGAR_API_KEY={made.key}")
    typer.echo(f"TRAFALGAR_API_SECRET={made.secret}")
    session.say("Keep the secret: it is not shown again.")
