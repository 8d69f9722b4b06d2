"""Runs one command line and turns every way to end into an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import typer

from onepiece_cli import errors
from onepiece_cli.app import build
from onepiece_cli.session import Session

# ClickException: typer carries its own click since 0.20, so it is reached through the one class that typer exports.
_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[2]


def run(arguments: list[str], make: Callable[[], typer.Typer] = build, name: str = "onepiece") -> int:
    """Run ``NAME ARGUMENTS``; never raises, prints tracebacks only for bugs and only with ``--verbose``."""
    command = typer.main.get_command(make())
    if f"_{name.upper()}_COMPLETE" in os.environ:  # the shell asks for completions; typer answers and exits
        command.main(arguments, prog_name=name)
    session = Session(as_json=_wants_json(arguments))
    try:
        with command.make_context(name, arguments or ["--help"], obj=session) as ctx:
            command.invoke(ctx)
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_is_gone()
    except (Exception, KeyboardInterrupt) as error:
        return _ended_by(error, session)
    return errors.OK


def _wants_json(arguments: list[str]) -> bool:
    """Known before parsing, so that errors of parsing are JSON too."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def _reader_is_gone() -> int:
    # `onepiece ... | head`: leave quietly, and keep Python from complaining when it closes stdout.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return errors.OK


def _ended_by(error: BaseException, session: Session) -> int:
    if isinstance(error, typer.Exit):  # help and completion end here: the errors and pydantic are not worth loading
        return error.exit_code
    from onepiece_cli.outcome import RunEnded
    from onepiece_core.errors import ErrorReport, OnePieceError, OperationCancelled

    status = error.status if isinstance(error, RunEnded) else None
    if isinstance(error, RunEnded):
        error = error.error
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        error = OperationCancelled("Interrupted.")
    if isinstance(error, OnePieceError):
        report = error.report
        if session.sandbox:
            report = report.model_copy(update={"context": {**report.context, "sandbox": True}})
        shown = errors.show(report, as_json=session.as_json)
        return shown if status is None else status
    if isinstance(error, _USAGE_ERROR):
        return _usage(error, session)
    from onepiece_cli.crash import report_crash

    crash: ErrorReport = report_crash(error, session)
    return errors.show(crash, as_json=session.as_json)


def _usage(error: Any, session: Session) -> int:
    from onepiece_core.errors import ErrorReport

    message = error.format_message()
    if not message.strip():  # a group without a command: its help is printed already
        return errors.EXIT["onepiece.usage"]
    path = error.ctx.command_path if getattr(error, "ctx", None) else "onepiece"
    report = ErrorReport(code="onepiece.usage", message=message, hint=f"`{path} --help` lists the options.")
    return errors.show(report, as_json=session.as_json)
