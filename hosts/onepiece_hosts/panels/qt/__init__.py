"""The panels as Qt windows, over Qt.py: PySide6 and PySide2. Qt itself is loaded when the first panel is asked for."""

from __future__ import annotations

from typing import Any

from onepiece_hosts.session import HostSession


def show_publish(session: HostSession) -> Any:
    return _show("publish", session)


def show_open(session: HostSession) -> Any:
    return _show("open_shot", session)


def show_recover(session: HostSession) -> Any:
    return _show("recover", session)


def show_about(session: HostSession) -> Any:
    return _show("about", session)


def _show(panel: str, session: HostSession) -> Any:
    from onepiece_hosts.panels.qt.show import install

    install(session)  # from now on the session finds its panels itself
    return session.show[panel](session)
