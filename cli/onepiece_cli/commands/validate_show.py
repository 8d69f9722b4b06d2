"""How the checks of ``onepiece validate`` tell what they found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.errors import printable
from onepiece_cli.outcome import exit_with
from onepiece_cli.session import Session

if TYPE_CHECKING:
    from onepiece_core.validate.report import ValidationReport

Report = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="Write the report: .json, .csv or .html.")
]
ShowCode = Annotated[
    str | None, typer.Option("--show-code", metavar="CODE", help="The show: its naming, and the code to expect.")
]
_COLOURS = {"error": "red", "warning": "yellow", "skipped": None}


def write_check(report: Path | None) -> None:
    """Raise before the work when the report could not be written after it."""
    from onepiece_core.errors import UsageError
    from onepiece_core.validate.report import FORMATS

    if report is None:
        return
    if report.suffix.lower() not in FORMATS:
        raise UsageError(f"{report} is no report: its name must end with {', '.join(FORMATS)}.")
    if not report.absolute().parent.is_dir():
        raise UsageError(f"The folder of the report {report} is not there.")


def finish(session: Session, found: ValidationReport, report: Path | None, as_json: bool) -> None:
    """Show what was found, write the report, end with 2 when there are errors."""
    if report is not None:
        _write(found, report)
    if as_json:
        typer.echo(json.dumps(found.told()) if session.sandbox is None else session.told(found.told()))
    else:
        _show(found)
    exit_with(found.errors, 0)


def _write(found: ValidationReport, path: Path) -> None:
    from onepiece_core.filesystems import storage_error
    from onepiece_core.validate.report import render

    try:
        path.write_text(render(found, path), encoding="utf-8", newline="\n")
    except OSError as cause:
        raise storage_error(cause, path, need_bytes=0) from cause


def _show(found: ValidationReport) -> None:
    for finding in found.findings:
        where = f"{finding.path}:{finding.line}" if finding.line else finding.path
        word = typer.style(f"{finding.severity:8}", fg=_COLOURS[finding.severity])
        typer.echo(f"{word} {printable(where)}: {printable(finding.message)} ({finding.code})")
        if finding.hint and finding.severity == "error":
            typer.echo(printable(f"         {finding.hint}"))
    typer.echo(f"{found.checked} checked, {found.errors} errors, {found.warnings} warnings")
