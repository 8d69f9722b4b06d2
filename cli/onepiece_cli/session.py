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
    from onepiece_core.config.sandbox_use import SandboxUse
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
    sandbox: SandboxUse | None = None

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

    def told(self, answer: dict[str, Any]) -> str:
        """The one object that a command prints under ``--json``; it says so when a sandbox is behind it."""
        import json

        return json.dumps({**answer, "sandbox": True} if self.sandbox else answer)

    def _introduce(self, settings: Settings) -> None:
        """Say once what nobody must overlook: these are no servers of the studio; a file was ignored."""
        from onepiece_cli.errors import printable
        from onepiece_core.config.sandbox_use import find_sandbox_use

        self.sandbox = find_sandbox_use(settings)
        if self.as_json or self.is_introduced:
            return
        self.is_introduced = True
        if self.sandbox:
            _raise_flag(self.sandbox)
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
            typer.echo(text, file=sys.stderr)  # named, so that it comes out above the bars of a reporter


def _raise_flag(use: SandboxUse) -> None:
    """One line that nobody overlooks; red where only a half of the settings is a sandbox's."""
    from onepiece_cli.errors import printable

    told = [f"{name} {url}" for name, url in use.servers.items()]
    told += [f"folder {use.studio}"] if use.studio else []
    text = ", ".join(told) or "its profile is in force"
    if use.mixed:
        text += f"; BUT {'; '.join(use.mixed)}"
    flag = typer.style(" SANDBOX ", fg="black", bg="red" if use.mixed else "yellow", bold=True)
    typer.echo(f"{flag} {printable(text)}", err=True)


def session_of(ctx: typer.Context) -> Session:
    """The session of the command that runs."""
    return ctx.ensure_object(Session)
