"""``onepiece aws ingest --watch``: a service that takes in one drop after the other."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from onepiece_cli.commands.aws_ingest_run import Asked, show_ran
from onepiece_cli.errors import printable
from onepiece_cli.session import Session

if TYPE_CHECKING:
    from onepiece_core.config import Settings
    from onepiece_core.ingest.request import IngestRequest
    from onepiece_core.ingest.run import Outputs
    from onepiece_core.journal import Journal
    from onepiece_core.progress import Reporter


@dataclass(frozen=True, slots=True)
class _Watch:
    session: Session
    settings: Settings
    state_dir: Path
    reporter: Reporter
    outputs: Outputs
    journal: Journal
    as_json: bool


def run_watch(session: Session, asked: Asked, request: IngestRequest, outputs: Outputs, settings: Settings) -> None:
    """Until SIGTERM or Ctrl-C, which end it with 0 once the drop at hand can be gone on with later."""
    from onepiece_cli.settings import default_state_dir
    from onepiece_core.errors import OperationCancelled
    from onepiece_core.ingest.watch import Watcher
    from onepiece_core.ingest.watched import is_taken_in, request_of_drop
    from onepiece_core.journal import Journal

    state_dir = settings.state_dir or default_state_dir(session.environ)
    with session.reporter(events=asked.has_events) as reporter, closing(Journal(state_dir)) as journal:
        watcher = Watcher(
            request.folder,
            asked.quiet_seconds,
            is_done=lambda drop, signature: is_taken_in(request_of_drop(request, drop), signature, journal),
            is_stopped=lambda: reporter.is_cancelled,
        )
        watch = _Watch(session, settings, state_dir, reporter, outputs, journal, asked.as_json)
        session.say(printable(f"watching {request.folder}: a folder is taken in when it is quiet"))
        try:
            for drop, signature in watcher.ready():
                _one(watch, request_of_drop(request, drop), signature)
        except OperationCancelled:
            session.say("stopped; the same command goes on")


def _one(watch: _Watch, request: IngestRequest, signature: str) -> None:
    """One drop's trouble never ends the service."""
    from onepiece_core.errors import OnePieceError, OperationCancelled
    from onepiece_core.ingest.watched import take_in
    from onepiece_core.shown import unicode_json

    session = watch.session
    try:
        ran = take_in(request, signature, watch.settings, watch.state_dir, watch.reporter, watch.outputs, watch.journal)
    except OperationCancelled:
        raise
    except OnePieceError as error:
        told = {"drop": request.folder.name, "error": error.report.model_dump(mode="json")}
        if watch.as_json:
            typer.echo(session.told(unicode_json(told)))
        typer.echo(printable(f"{request.folder.name}: {error.report.message} ({error.report.code})"), err=True)
        return
    if watch.as_json:
        typer.echo(session.told({**ran.report.summary, "report": str(ran.report_path)}))
    else:
        typer.echo(printable(f"== {request.folder.name}"))
        show_ran(session, ran)
