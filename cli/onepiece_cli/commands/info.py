"""``onepiece info``: this machine, and whether everything answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import AwsProfile, Json, aws_overrides
from onepiece_cli.session import session_of

if TYPE_CHECKING:
    from onepiece_cli.info.report import Check, MachineInfo

app = typer.Typer(add_completion=False)

EPILOG = """Examples:

onepiece info

onepiece --config-profile sandbox info

onepiece info --profile studio-prod --json"""

_INDENT = 12


@app.command(epilog=EPILOG)
def info(ctx: typer.Context, profile: AwsProfile = None, as_json: Json = False) -> None:
    """Show Python, system, DCCs, ShotGrid, AWS, extras and settings; ask both servers and say what to do.

    Ends with status 0 also when a check fails: read "ok" under --json.
    """
    from onepiece_cli.info.gather import gather

    session = session_of(ctx)
    report = gather(session, aws_overrides(profile))
    if as_json:
        typer.echo(session.told(report.model_dump(mode="json")))
        return
    for line in _lines(report):
        typer.echo(printable(line))


def _lines(report: MachineInfo) -> Iterator[str]:
    python, system = report.python, report.system
    yield _row("OnePiece", report.onepiece)
    yield _row("Python", f"{python['version']} ({python['executable']})")
    yield _row("System", f"{system['name']} {system['release']} {system['machine']}")
    for dcc in report.dccs:
        version = f" {dcc.version}" if dcc.version else ""
        found = f"{dcc.executable}{version} (by {dcc.found_by})" if dcc.executable else "not found"
        yield _row(dcc.label, found)
    yield from _checked("ShotGrid", report.shotgrid.check)
    yield from _checked("AWS", report.aws.check)
    if told := ", ".join(f"{name} {value}" for name, value in report.aws.settings.items() if value):
        yield _row("", told)
    for extra in report.extras:
        if not extra.ok:
            yield _row(f"[{extra.name}]", f"missing {', '.join(extra.missing)}: {extra.costs}")
            yield _row("", f"hint: {extra.hint}")
    yield _row("State", report.state.path)
    yield from _checked("", report.state.check)
    yield from _checked("Settings", report.config.check)
    for path in report.config.files if len(report.config.files) > 1 else ():
        yield _row("", path)
    if report.config.profiles:
        yield _row("Profile", f"{report.config.profile or 'none'} of {', '.join(report.config.profiles)}")


def _checked(name: str, check: Check) -> Iterator[str]:
    word = {True: "ok: ", False: "FAILED: ", None: ""}[check.ok]
    yield _row(name, f"{word}{check.message}")
    if check.hint:
        yield _row("", f"hint: {check.hint}")


def _row(name: str, text: str) -> str:
    return f"{name:{_INDENT}}{text}".rstrip()
