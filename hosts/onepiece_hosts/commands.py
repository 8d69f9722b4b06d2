"""What the tools of the menu do. ``onepiece_shelves``' ``tools.json`` names these functions; each gets the session."""

from __future__ import annotations

import os
import sys
import traceback

from onepiece_hosts.errors import HostError
from onepiece_hosts.panels.open_model import OpenModel
from onepiece_hosts.session import HostSession
from onepiece_shelves.calls import find_command
from onepiece_shelves.load import files_of_session, load_tools
from onepiece_shelves.model import Tool


def find_tools(host: str) -> tuple[Tool, ...]:
    """The tools of a host: ours, with the studio's and the show's."""
    return load_tools(files_of_session(os.environ)).of(host)


def run(tool: str, session: HostSession) -> None:
    """Carry a tool out, by its id. Raises HostError."""
    found = next((one for one in find_tools(session.host.name) if one.id == tool), None)
    if found is None:
        raise HostError("host.no_tool", f"{session.host.label} has no tool {tool!r}.", tool=tool)
    try:
        find_command(found.command)(session)
    except HostError:
        raise
    except Exception as error:  # a studio's own tool may do anything
        traceback.print_exc(file=sys.stderr)
        raise HostError(
            "host.tool_failed", f"{found.label} failed: {error}", "Ask your TD.", tool=tool, file=found.file
        ) from error


def publish(session: HostSession) -> None:
    _show("publish", session)


def open_shot(session: HostSession) -> None:
    _show("open_shot", session)


def recover(session: HostSession) -> None:
    _show("recover", session)


def about(session: HostSession) -> None:
    _show("about", session)


def save_next(session: HostSession) -> None:
    """Save under the next free number, and say so."""
    before = session.host.scene_path()
    model = OpenModel(session.host, session.worker)

    def tell() -> None:
        path = session.host.scene_path()
        if model.error is not None:
            session.tell(model.error)
        elif path is not None and path != before:
            session.tell(f"Saved as {path.rpartition('/')[2]}")

    model.on_change = tell
    model.save_next_version()


def _show(panel: str, session: HostSession) -> None:
    if panel not in session.show:
        raise HostError("host.no_panel", f"{session.host.label} has no panel for this.", panel=panel)
    session.show[panel](session)
