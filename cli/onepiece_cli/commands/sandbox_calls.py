"""``onepiece sandbox calls``: what the sandbox's ShotGrid was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.commands.sandbox_folder import Dir, examples, folder_of
from onepiece_cli.session import session_of

if TYPE_CHECKING:
    from onepiece_server.sandbox.report import SandboxReport

EPILOG = examples(
    "onepiece sandbox calls",
    "onepiece sandbox calls --method create --limit 5",
    "onepiece sandbox calls --follow --json",
)
_PAGE = 5000
_PAUSE_SECONDS = 0.5


def calls(
    ctx: typer.Context,
    folder: Dir = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with every new call, until Ctrl-C.")] = False,
    method: Annotated[
        list[str] | None,
        typer.Option("--method", metavar="NAME", help="Only this wire method, upload endpoint or verb; repeatable."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="NUMBER", min=1, help="The latest so many.")] = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one object on stdout; with --follow one object a call and line.")
    ] = False,
) -> None:
    """Show the latest calls of the running studio's ShotGrid: method, status, planned fault, time and size."""
    import json

    from onepiece_server.sandbox import studio

    report = studio.env(folder_of(session_of(ctx), folder))
    kept = _calls(report, 0)
    found = [call for call in kept if not method or call["method"] in method][-limit:]
    if as_json and not follow:
        typer.echo(json.dumps({"schema": "onepiece.sandbox-calls.1", "dir": report.dir, "calls": found}))
        return
    for call in found:
        _print(call, as_json=as_json)
    if follow:
        _follow(report, kept[-1]["seq"] if kept else 0, method, as_json=as_json)


def _follow(report: SandboxReport, last: int, methods: list[str] | None, *, as_json: bool) -> None:
    import time

    while True:
        time.sleep(_PAUSE_SECONDS)
        for call in _calls(report, last):
            last = call["seq"]
            if not methods or call["method"] in methods:
                _print(call, as_json=as_json)


def _calls(report: SandboxReport, since: int) -> list[dict[str, Any]]:
    """What is kept after number ``since``."""
    from onepiece_server.sandbox.faults.control import calls

    found: list[dict[str, Any]] = []
    while page := calls(report, found[-1]["seq"] if found else since, _PAGE)["calls"]:
        found += page
    return found


def _print(call: dict[str, Any], *, as_json: bool) -> None:
    import json
    import sys

    typer.echo(json.dumps(call) if as_json else _line(call))
    sys.stdout.flush()  # whoever follows through a pipe sees it now


def _line(call: dict[str, Any]) -> str:
    from datetime import datetime

    moment = datetime.fromisoformat(call["at"]).astimezone()
    ended = str(call["status"] or "cut")
    if call["error_code"]:
        ended += f" ({call['error_code']})"
    count = call["results"]
    results = "" if count is None else f"{count} result" + ("" if count == 1 else "s")
    return (
        f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}  {call['method']:22} {call['type'] or '':18} {ended:10}"
        f"{call['seconds'] * 1000:9.1f} ms {call['bytes_in']:9} in {call['bytes_out']:9} out  {results:13}"
        f"{call['user'] or '':14} {call['fault'] or ''}"
    ).rstrip()
