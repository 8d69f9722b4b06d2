"""Start-up in Houdini: the session. Its menu and shelf are files that Houdini reads itself."""

from __future__ import annotations

import hou

from onepiece_hosts import starting
from onepiece_hosts.errors import HostError
from onepiece_hosts.houdini.adapter import HoudiniHost
from onepiece_hosts.session import HostSession

# A button of a shelf is a line of text: it finds the session here.
_running: list[HostSession] = []


def start() -> None:
    """Bring OnePiece up, once. Without a window there is nobody to show a menu to."""
    if _running or not hou.isUIAvailable():
        return
    session = starting.make_session(HoudiniHost(), tell)
    _running.append(session)
    # Its menu was made when OnePiece was installed: only what is wrong now is told.
    starting.find_tools("houdini")
    session.answer_launch()


def run(tool: str) -> None:
    """Carry out the tool with this id."""
    try:
        start()
    except HostError as error:
        tell(error)
    for session in _running:
        starting.carry_out(tool, session)


def tell(what: str | HostError) -> None:
    """An error in a window of its own, anything else in the status line."""
    if isinstance(what, HostError):
        hou.ui.displayMessage(starting.told(what), title="OnePiece", severity=hou.severityType.Error)
    else:
        hou.ui.setStatusMessage(f"OnePiece: {what}")
