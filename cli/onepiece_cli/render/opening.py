"""Whose render jobs are meant: a server's, or those of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onepiece_cli.session import Session

if TYPE_CHECKING:
    from onepiece_core.config import Settings
    from onepiece_core.render.jobs import Jobs

Server = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", help="Ask this render service; `local` is this machine itself."),
]
JobIds = Annotated[list[str], typer.Argument(metavar="JOB...", help="Ids of jobs.")]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job.")]

_HERE = "local"


def server_of(settings: Settings, told: str | None) -> str | None:
    """The server's address; None: this machine renders. Raises UsageError for what is no address."""
    if told is None:
        return settings.render.server
    if told == _HERE:
        return None
    from urllib.parse import urlsplit

    from onepiece_core.errors import UsageError

    parts = urlsplit(told)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise UsageError("--server is an http:// or https:// address without a password, or `local`.")
    return told


@contextmanager
def open_jobs(session: Session, settings: Settings, server: str | None) -> Iterator[Jobs]:
    """The jobs of the server, or of this machine's own service."""
    url = server_of(settings, server)
    if url is not None:
        from onepiece_core.render.http_jobs import open_http_jobs

        yield open_http_jobs(settings, url)
        return
    from onepiece_core.render.opening import open_service

    with closing(open_service(settings, state_dir_of(session, settings), session.environ)) as service:
        yield service


def state_dir_of(session: Session, settings: Settings) -> Path:
    from onepiece_cli.settings import default_state_dir

    return settings.state_dir or default_state_dir(session.environ)
