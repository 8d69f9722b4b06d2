"""``onepiece info``: this machine, and whether what OnePiece needs answers."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import AwsProfile, Json, aws_overrides
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_cli.checks import Check
    from onepiece_core.config import Settings

app = typer.Typer()

EPILOG = """Examples:

onepiece info

onepiece --config-profile sandbox info --json"""


@app.command(epilog=EPILOG)
def info(ctx: typer.Context, profile: AwsProfile = None, as_json: Json = False) -> None:
    """Show this machine: Python, DCCs, ShotGrid, AWS; ask the servers, and say what to do where one fails."""
    told = _collect(session_of(ctx), profile)
    typer.echo(json.dumps(told)) if as_json else _show(told)


def _collect(session: Session, profile: str | None) -> dict[str, Any]:
    from onepiece_cli.checks import EXTRAS, check_extra, check_servers, check_state
    from onepiece_cli.settings import default_state_dir

    settings, checks = _settings(session, profile)
    state = default_state_dir(session.environ)
    if settings is not None:
        state = settings.state_dir or state
        checks += check_servers(settings)
    checks += [check_state(state), *(check_extra(name) for name in EXTRAS)]
    return {
        "schema": "onepiece.info.1",
        **_machine(),
        "settings": _told_settings(settings, state),
        "shotgrid": _told_shotgrid(settings),
        "aws": _told_aws(settings),
        "dccs": _dccs(session),
        "checks": [check.model_dump() for check in checks],
    }


def _settings(session: Session, profile: str | None) -> tuple[Settings | None, list[Check]]:
    """A broken file is one of the things to show: the rest is shown all the same."""
    from onepiece_cli.checks import Check, failed
    from onepiece_core.errors import ConfigError

    try:
        settings = session.settings(overrides=aws_overrides(profile))
    except ConfigError as error:
        return None, [failed("settings", error)]
    files = ", ".join(map(str, settings.files)) or "built-in values and the environment"
    return settings, [Check(name="settings", ok=True, message=files)]


def _machine() -> dict[str, Any]:
    from onepiece_core import __version__

    return {
        "onepiece": __version__,
        "python": {"version": platform.python_version(), "executable": sys.executable},
        "os": {"system": platform.system(), "release": platform.release(), "machine": platform.machine()},
    }


def _told_settings(settings: Settings | None, state: Path) -> dict[str, Any]:
    if settings is None:
        return {"profile": None, "profiles": [], "files": [], "state_dir": str(state)}
    files = [str(path) for path in settings.files]
    return {
        "profile": settings.profile,
        "profiles": list(settings.profiles),
        "files": files,
        "state_dir": str(state),
    }


def _told_shotgrid(settings: Settings | None) -> dict[str, Any]:
    site = settings.shotgrid if settings else None
    return {"url": site and site.url, "script": site and site.script, "has_key": bool(site and site.key)}


def _told_aws(settings: Settings | None) -> dict[str, Any]:
    aws = settings.aws if settings else None
    names = ("profile", "region", "endpoint_url", "access_key_id")
    return {name: getattr(aws, name, None) for name in names}


def _dccs(session: Session) -> list[dict[str, Any]]:
    from onepiece_core.dcc import DCCS, Machine, find_installed

    found = {each.dcc.name: each for each in find_installed(Machine(session.environ))}
    return [
        {
            "name": dcc.name,
            "label": dcc.label,
            "executable": str(found[dcc.name].executable) if dcc.name in found else None,
            "version": found[dcc.name].version if dcc.name in found else None,
            "found_by": found[dcc.name].found_by if dcc.name in found else None,
        }
        for dcc in DCCS
    ]


def _show(told: dict[str, Any]) -> None:
    aws, site = told["aws"], told["shotgrid"]
    rows = {
        "OnePiece": told["onepiece"],
        "Python": f"{told['python']['version']}  {told['python']['executable']}",
        "System": " ".join(told["os"].values()),
        "Profile": told["settings"]["profile"] or "none",
        "ShotGrid URL": site["url"] or "not set",
        "ShotGrid script": site["script"] or "not set",
        "AWS profile": aws["profile"] or "not set",
        "AWS region": aws["region"] or "not set",
        "S3 endpoint": aws["endpoint_url"] or "AWS",
    }
    for name, value in rows.items():
        typer.echo(printable(f"{name:16} {value}"))
    for dcc in told["dccs"]:
        version = f" ({dcc['version']})" if dcc["version"] else ""
        typer.echo(printable(f"{dcc['label']:16} {dcc['executable'] or 'not found'}{version}"))
    typer.echo("")
    for check in told["checks"]:
        _show_check(check)


_MARKS = {True: ("ok", "green"), False: ("FAILED", "red"), None: ("-", "yellow")}


def _show_check(check: dict[str, Any]) -> None:
    mark, colour = _MARKS[check["ok"]]
    typer.echo(typer.style(f"{mark:7}", fg=colour) + printable(f" {check['name']:16} {check['message']}"))
    if check["hint"] and not check["ok"]:
        typer.echo(printable(f"{'':24} hint: {check['hint']}"))
