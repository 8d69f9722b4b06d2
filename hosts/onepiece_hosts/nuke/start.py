"""Start-up in Nuke: the session, the menu, the toolbar. ``menu.py`` calls it, which Nuke runs with a window only."""

from __future__ import annotations

import nuke

from onepiece_hosts import starting
from onepiece_hosts.errors import HostError
from onepiece_hosts.nuke import menu
from onepiece_hosts.nuke.adapter import NukeHost
from onepiece_hosts.session import HostSession

# An entry of a menu is a line of text: it finds the session here.
_running: list[HostSession] = []


def start() -> None:
    """Bring OnePiece up, once."""
    if _running:
        return
    session = starting.make_session(NukeHost(), tell)
    _running.append(session)
    menu.build(starting.find_tools("nuke"))
    # The script that Nuke was started with is opened after its menus are made.
    session.host.call_later(session.answer_launch)


def run(tool: str) -> None:
    """Carry out the tool with this id."""
    try:
        start()
    except HostError as error:
        tell(error)
    for session in _running:
        starting.carry_out(tool, session)


def tell(what: str | HostError) -> None:
    """An error in a window of its own, anything else in the script editor."""
    if isinstance(what, HostError):
        nuke.message(starting.told(what))
    else:
        nuke.tprint(f"OnePiece: {what}")
