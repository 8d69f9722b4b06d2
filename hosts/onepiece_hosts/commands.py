"""What the tools of the menu do, by the names in ``onepiece_shelves``' ``tools.json``."""

from __future__ import annotations

from onepiece_hosts.errors import HostError
from onepiece_hosts.panels.open_model import OpenModel
from onepiece_hosts.session import HostSession

PANELS = ("publish", "open_shot", "recover", "about")


def run(tool: str, session: HostSession) -> None:
    """Carry a tool out. Raises HostError."""
    if tool == "save_next":
        _save_next(session)
    elif tool in PANELS and tool in session.show:
        session.show[tool](session)
    else:
        raise HostError("host.no_tool", f"{session.host.label} has no tool {tool!r}.", tool=tool)


def _save_next(session: HostSession) -> None:
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
