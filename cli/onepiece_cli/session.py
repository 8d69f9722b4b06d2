"""What one run of the command line carries: its options, its settings, its way to report."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from onepiece_core.config import Settings
    from onepiece_core.progress import Reporter


@dataclass(slots=True)
class Session:
    """Built by ``run``, filled by the root command, found by commands with :func:`session_of`."""

    as_json: bool = False
    config_profile: str | None = None
    verbose: bool = False
    log_json: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    cwd: Path = field(default_factory=Path.cwd)
    is_introduced: bool = False

    def start_log(self) -> None:
        """Log warnings on stderr; under ``--json`` stderr is kept for the one error object."""
        import logging

        from onepiece_core import log

        if self.as_json and not (self.verbose or self.log_json):
            log.silence()
            return
        log.configure(as_json=self.log_json, level=logging.INFO if self.verbose else logging.WARNING)

    def settings(self, *, near: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
        """The settings in force. ``near`` is the input that the command works on."""
        from onepiece_cli.settings import load

        settings = load(self, near=near, overrides=overrides or {})
        self._introduce(settings)
        return settings

    def _introduce(self, settings: Settings) -> None:
        """Say once what nobody must overlook: these are no servers of the studio; a file was ignored."""
        from onepiece_cli.errors import printable
        from onepiece_cli.settings import loopback_servers

        if self.as_json or self.is_introduced:
            return
        self.is_introduced = True
        if servers := loopback_servers(settings):
            verb = "are" if len(servers) > 1 else "is"
            typer.secho(f"sandbox: {' and '.join(servers)} {verb} on this machine", dim=True, err=True)
        elif settings.profile == "sandbox":
            typer.secho("sandbox: the profile sandbox is in force", dim=True, err=True)
        for warning in settings.warnings:
            typer.secho(printable(f"warning: {warning.message} ({warning.code})"), fg="yellow", err=True)

    @contextmanager
    def reporter(self, *, events: bool = False) -> Iterator[Reporter]:
        """A Reporter: bars on a terminal, JSON lines with ``events``, else nothing."""
        from onepiece_cli import progress

        bars = not self.as_json and sys.stderr.isatty()
        with progress.reporter(bars=bars, events=events, quiet=self.as_json) as reporter:
            yield reporter

    def say(self, text: str) -> None:
        """A line for people, on stderr; nothing under ``--json``."""
        if not self.as_json:
            typer.echo(text, err=True)


def session_of(ctx: typer.Context) -> Session:
    """The session of the command that runs."""
    return ctx.ensure_object(Session)
