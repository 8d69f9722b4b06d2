"""``onepiece dcc check``: what the publish panel checks, for a request that a panel has saved."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.errors import printable
from onepiece_cli.options import Json
from onepiece_cli.session import Session, session_of

if TYPE_CHECKING:
    from onepiece_core.publish.saved import SavedRequest
    from onepiece_core.rules.host_rule import HostFinding
    from onepiece_core.rules.host_rules import Ignored

app = typer.Typer()

EPILOG = """Examples:

onepiece dcc check --request saved.json

onepiece dcc check --request - --json < saved.json"""


@app.command(epilog=EPILOG)
def check(
    ctx: typer.Context,
    request: Annotated[
        Path, typer.Option("--request", help="What a publish panel saved, with the scene's facts; - is stdin.")
    ],
    as_json: Json = False,
) -> None:
    """Check an open scene by its saved facts, as the publish panel does. Fails when errors are not ignored."""
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.publish.build import build_parts
    from onepiece_core.publish.scene_check import check_saved
    from onepiece_core.rules.host_rules import judge

    session = session_of(ctx)
    saved = read_saved(request, session)
    settings = session.settings(near=saved.request.destination)
    with session.reporter() as reporter:
        parts = build_parts(settings, default_state_dir(session.environ), reporter, show_code=saved.request.show_code)
        findings = check_saved(saved, parts)
    ignored = saved.request.ignored
    if as_json:
        told = [finding.model_dump(mode="json") for finding in findings]
        reasons = [each.model_dump(mode="json") for each in ignored]
        answer = {"schema": "onepiece.scene-check.1", "findings": told, "ignored": reasons}
        typer.echo(session.told(answer))
    else:
        _show(findings, ignored)
    judge(findings, ignored)


def read_saved(path: Path, session: Session) -> SavedRequest:
    """A saved request with this machine's paths. Raises UsageError."""
    from onepiece_core.errors import UsageError
    from onepiece_core.publish.build import build_roots
    from onepiece_core.publish.saved import load_saved

    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise UsageError(f"The request {path} cannot be read: {error.strerror}.") from error
    saved = load_saved(data)
    return saved.here(build_roots(session.settings())) if saved.is_portable else saved


def _show(findings: tuple[HostFinding, ...], ignored: tuple[Ignored, ...]) -> None:
    for finding in findings:
        reason = next((each.reason for each in ignored if each.covers(finding)), None)
        word = "ignored" if reason else finding.severity
        typer.echo(printable(f"{word:8} {finding.message} ({finding.rule})"))
        note = f"because: {reason}" if reason else finding.hint
        if note:
            typer.echo(printable(f"         {note}"))
    if not findings:
        typer.echo("All checks passed.")
