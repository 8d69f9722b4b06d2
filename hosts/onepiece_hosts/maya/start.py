"""Start-up in Maya: the session and the menu. ``userSetup.py`` calls this when Maya is idle for the first time."""

from __future__ import annotations

from maya import cmds

from onepiece_hosts import starting
from onepiece_hosts.errors import HostError
from onepiece_hosts.maya import menu
from onepiece_hosts.maya.adapter import MayaHost
from onepiece_hosts.session import HostSession

# A button of a shelf is a line of text: it finds the session here.
_running: list[HostSession] = []


def start() -> None:
    """Bring OnePiece up, once. Without a window there is nobody to show a menu to."""
    if _running or cmds.about(batch=True):
        return
    session = starting.make_session(MayaHost(), tell)
    _running.append(session)
    menu.build(starting.find_tools("maya"), run)
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
    """An error in a window of its own, anything else in the viewport for some seconds."""
    if isinstance(what, HostError):
        cmds.confirmDialog(title="OnePiece", message=starting.told(what), button=["OK"], icon="warning")
    else:
        cmds.inViewMessage(statusMessage=what, position="topCenter", fade=True)
