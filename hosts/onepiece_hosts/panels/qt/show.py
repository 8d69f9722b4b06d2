"""Brings the panels up: each is made once, belongs to the host's window, and comes to the front when asked again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from Qt import QtCompat

from onepiece_hosts.panels.qt.about import AboutPanel
from onepiece_hosts.panels.qt.open_panel import OpenPanel
from onepiece_hosts.panels.qt.publish_panel import PublishPanel
from onepiece_hosts.panels.qt.recover_panel import RecoverPanel
from onepiece_hosts.panels.qt.window import Window
from onepiece_hosts.session import HostSession

KINDS: dict[str, Callable[[HostSession, Any], Window]] = {
    "publish": PublishPanel,
    "open_shot": OpenPanel,
    "recover": RecoverPanel,
    "about": AboutPanel,
}


def install(session: HostSession) -> None:
    """Let the session show its panels; each function answers its panel."""
    session.show.update({name: _once(kind) for name, kind in KINDS.items()})


def _once(kind: Callable[[HostSession, Any], Window]) -> Callable[[HostSession], Any]:
    made: list[Window] = []

    def show(session: HostSession) -> Window:
        if not made or not QtCompat.isValid(made[0]):  # the host has closed the window that it belonged to
            made[:] = [kind(session, session.host.main_window())]
        made[0].appear()
        return made[0]

    return show
