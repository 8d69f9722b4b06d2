"""What the hosts whose panels are made with Qt have in common at their start."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from onepiece_hosts import commands
from onepiece_hosts.errors import HostError
from onepiece_hosts.host import Host
from onepiece_hosts.installation import find_installation
from onepiece_hosts.session import HostSession
from onepiece_shelves.load import files_of_session, load_tools
from onepiece_shelves.model import Tool

# Panels, and the functions of ``onepiece_hosts.panels.qt`` that bring them up.
PANELS = {"publish": "show_publish", "open_shot": "show_open", "recover": "show_recover", "about": "show_about"}


def make_session(host: Host, tell: Callable[[str | HostError], None]) -> HostSession:
    """A session for the installation that this module lies in. Raises HostError."""
    session = HostSession(host, find_installation())
    session.tell = tell
    session.show = {name: _shows(function) for name, function in PANELS.items()}
    return session


def find_tools(host: str) -> tuple[Tool, ...]:
    """The tools of a host; what is wrong in the studio's and the show's files is left out and told to its log."""
    shelves = load_tools(files_of_session(os.environ))
    for one in shelves.findings:
        place = f"{one.file}, {one.path}" if one.path else one.file
        sys.stderr.write(f"OnePiece: {one.severity} in {place}: {one.message}\n")
    return shelves.of(host)


def carry_out(tool: str, session: HostSession) -> None:
    """Carry a tool out; what goes wrong is told to the artist."""
    try:
        commands.run(tool, session)
    except HostError as error:
        session.tell(error)


def told(what: str | HostError) -> str:
    """One text for a host's own message box."""
    if isinstance(what, HostError):
        return f"{what.message}\n\n{what.hint}" if what.hint else what.message
    return what


def _shows(function: str) -> Callable[[HostSession], Any]:
    def show(session: HostSession) -> Any:
        # Qt is loaded when the first panel is asked for.
        return getattr(importlib.import_module("onepiece_hosts.panels.qt"), function)(session)

    return show
