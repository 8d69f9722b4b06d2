"""What the tools of the menu do, by the names in ``onepiece_shelves``' ``tools.json``."""

from __future__ import annotations

from onepiece_hosts.errors import HostError
from onepiece_hosts.panels.open_model import OpenModel
from onepiece_hosts.session import HostSession

PANELS = ("publish", "open_shot", "recover", "about")


def run(tool: str, session: HostSession) -> None:
    """Carry a tool out. Raises HostError."""
    if tool == "save_next":
        OpenModel(session.host, session.worker).save_next_version()
    elif tool in PANELS and tool in session.show:
        session.show[tool](session)
    else:
        raise HostError("host.no_tool", f"{session.host.label} has no tool {tool!r}.", tool=tool)
