"""How the terminal shows an error, and with which status the command ends.

A script tells errors apart by ``code``; the exit status is the code's first part in :data:`EXIT`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onepiece_core.errors import ErrorReport
    from onepiece_core.progress import Warned

OK = 0

# The whole code first, then its first part. 0 is success.
EXIT = {
    "onepiece.internal": 1,
    "onepiece.usage": 2,
    "onepiece": 3,
    "config": 4,
    "manifest": 5,
    "publish": 6,
    "storage": 7,
    "tracker": 8,
    "dcc": 9,
    "verify": 10,
    "media": 11,
    "naming": 12,
    "paths": 12,
    "sequences": 12,
    "editorial": 12,
    "sandbox": 13,
    "journal": 14,
    "workfile": 15,
    "delivery.nothing": 2,
    "delivery": 16,
    "adapter": 17,
    "render": 18,
    "dashboard": 19,
    "server": 19,
    "auth": 20,
    "notify": 21,
    "operation": 130,
}

INTERNAL = "onepiece.internal"


def exit_status(code: str) -> int:
    """The exit status for an error's code; 3 for a first part that the table does not know."""
    return EXIT.get(code) or EXIT.get(code.split(".", maxsplit=1)[0]) or EXIT["onepiece"]


def show(report: ErrorReport, *, as_json: bool) -> int:
    """Write the error on stderr and give the exit status."""
    if as_json:
        sys.stderr.write(json.dumps({"error": report.model_dump(mode="json")}, ensure_ascii=False, default=str) + "\n")
        return exit_status(report.code)
    import typer

    typer.secho(f"error: {printable(report.message)}", fg="red", err=True)
    if report.hint:
        typer.echo(f"hint:  {printable(report.hint)}", err=True)
    typer.echo(f"code:  {report.code}", err=True)
    return exit_status(report.code)


def show_warnings(warnings: Iterable[Warned]) -> None:
    """Write warnings on stderr, each with what to do."""
    import typer

    for warning in warnings:
        typer.secho(printable(f"warning: {warning.message} ({warning.code})"), fg="yellow", err=True)
        if warning.hint:
            typer.echo(printable(f"hint:    {warning.hint}"), err=True)


def printable(text: str) -> str:
    """``text`` that can neither move the cursor nor forge a line of its own: later lines are indented."""
    kept = "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
    return kept.replace("\n", "\n       ")
